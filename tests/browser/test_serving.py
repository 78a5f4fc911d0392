"""Starting and ending a site in production."""

import pytest
from playwright.async_api import expect
from uvicorn.config import STARTUP_FAILURE

from tests.scripted import happens


async def test_told_to_end_it_finishes_an_answer_in_the_time_given_or_keeps_what_was_said(start_site, visit):
    site = start_site(CHAT_UI_GRACE_SECONDS="14")
    assert site.log == f"Chat UI listens on {site.url}\n"
    person = await visit(site)
    await person.say("A long answer of 80 tokens, please")
    await person.seen_at_least(person.answers.last, 5)

    assert site.stop() == 0

    # Whoever reads along is left last.
    await person.seen_at_least(person.answers.last, 80)
    await expect(person.answers.last).to_have_attribute("data-status", "complete")
    site.env["CHAT_UI_GRACE_SECONDS"] = "0.5"
    site.start()
    again = await visit(site, person.page.url.removeprefix(site.url))
    await expect(again.answers.last).to_have_attribute("data-status", "complete")
    await again.seen_at_least(again.answers.last, 80)

    await again.say("A long answer of 2000 tokens, please")
    await expect(again.answers).to_have_count(2)
    await again.seen_at_least(again.answers.last, 20)
    seen = await again.words_on_screen(again.answers.last)

    assert site.stop() == 0

    site.start()
    await again.page.reload()
    answer = again.answers.last
    await expect(answer).to_have_attribute("data-status", "interrupted")
    await expect(answer).to_contain_text("The site was restarted before the answer was finished")
    await again.seen_at_least(answer, seen)
    assert await again.words_on_screen(answer) < 2000


@pytest.mark.parametrize("workers", [1, 2])
async def test_where_it_can_not_start_it_says_why(start_site, tmp_path, workers):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        AssertionError, match=r"Chat UI can't start\. The database .* can't be opened or made"
    ) as failed:
        start_site(workers=workers, CHAT_UI_DATA_DIR=str(tmp_path / "file" / "data"))
    assert "Traceback" not in str(failed.value)
    assert "listens on" not in str(failed.value)
    assert start_site.sites[-1].stop() == STARTUP_FAILURE


async def test_workers_that_can_not_start_say_once_why(start_site):
    with pytest.raises(AssertionError) as failed:
        start_site(
            workers=2,
            CHAT_UI_DATABASE_URL="postgresql:///chat?nonsense=1",
            CHAT_UI_REDIS_URL="redis://localhost:9",
        )
    assert str(failed.value).count("the site doesn't know. Take that out of CHAT_UI_DATABASE_URL") == 1
    assert start_site.sites[-1].stop() == STARTUP_FAILURE


async def test_several_workers_say_once_where_they_are(start_site, postgres, redis):
    shared = {
        "CHAT_UI_DATABASE_URL": postgres.url(postgres.make_database()),
        "CHAT_UI_REDIS_URL": redis.url(),
    }
    site = start_site(workers=2, **shared)
    said = f"Chat UI listens on {site.url}\n"
    await happens(lambda: said in site.log)
    assert site.stop() == 0
    assert site.log.count(said) == 1
