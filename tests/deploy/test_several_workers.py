"""A site that is served by several processes looks like one, whichever of them a page has come to."""

import asyncio
import os
import signal

from playwright.async_api import expect

WORKERS = "SELECT id FROM worker WHERE beats > 0 ORDER BY id"
LONG = "A long answer of {} tokens, please"


async def test_pages_of_all_workers_show_the_same_though_one_dies(start_site, visit, postgres, redis):
    database = postgres.make_database()
    site = start_site(
        workers=2,
        CHAT_UI_DATABASE_URL=postgres.url(database),
        CHAT_UI_REDIS_URL=redis.url(3),
        CHAT_UI_GRACE_SECONDS="0.5",
    )
    first = await visit(site)
    await first.ask("Hello in 5 words")
    path = first.page.url.removeprefix(site.url)
    # Which worker a page comes to is the system's choice: of four, hardly ever all to one.
    people = [first, await visit(site, path), await visit(site, path)]
    await first.say(LONG.format(2000))
    await expect(first.answers).to_have_count(2)
    await first.seen_at_least(first.answers.last, 10)
    people.append(await visit(site, path))
    for person in people:
        await expect(person.answers).to_have_count(2)
        await person.seen_at_least(person.answers.last, 20)

    await people[-1].button("Stop").click()
    for person in people:
        await expect(person.answers.last).to_have_attribute("data-status", "stopped")
    assert len({await person.words_on_screen(person.answers.last) for person in people}) == 1

    await people[1].say(LONG.format(200))
    for person in people:
        await expect(person.answers).to_have_count(3)
        await person.seen_at_least(person.answers.last, 10)
    before, first_two = site.worker_ids(), postgres.ask(WORKERS, database)
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    async with asyncio.timeout(60):
        # One is held for dead, and another that takes its place says that it lives.
        while (now := postgres.ask(WORKERS, database)) == first_two or now.count("\n") != 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    # The worker that wrote the answer is dead, or it is the other one; all pages agree on which.
    for person in people:
        await expect(person.page.get_by_text("Offline")).to_be_hidden()
        await expect(person.answers.last).not_to_have_attribute("data-status", "streaming")
    ends = {await person.answers.last.get_attribute("data-status") for person in people}
    assert len(ends) == 1
    assert ends <= {"interrupted", "complete"}

    await people[2].say(LONG.format(2000))
    await expect(people[2].answers).to_have_count(4)
    await people[2].seen_at_least(people[2].answers.last, 10)
    assert site.stop() == 0
    site.start()
    late = await visit(site, path)
    await expect(late.answers.last).to_have_attribute("data-status", "interrupted")
    await expect(late.answers).to_have_count(4)


async def test_a_page_that_comes_while_redis_is_away_is_shown_everything_once_it_is_back(
    start_site, visit, redis
):
    site = start_site(CHAT_UI_REDIS_URL=redis.url(4))
    first = await visit(site)
    await first.ask("Hello in 5 words")
    path = first.page.url.removeprefix(site.url)
    await asyncio.to_thread(redis.stop)
    person = await visit(site, path, ready=False, new=True)
    away = person.page.get_by_role("alert").filter(has_text="is away")
    await expect(away).to_be_visible()
    await expect(person.answers).to_have_count(0)

    await asyncio.to_thread(redis.start)

    await expect(person.answers).to_have_count(1)
    await expect(away).to_have_count(0)
    await person.ask("And in 6 words")
    await expect(first.answers).to_have_count(2)
