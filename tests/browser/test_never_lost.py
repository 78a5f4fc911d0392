"""What was on the screen is there again: after a reload, in a second tab, after the site was killed."""

import asyncio
import json
import re

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.person import Person, becomes, highest_word

LONG = "A long answer of {} tokens, please"
SHORT = "Hello in 5 words"
# What the demo says at 50 tokens a second while one batch is gathered for the journal (250 ms), and as much
# again that may be on its way to the disk.
ONE_BATCH = 25

# What is out of sight isn't laid out, and `innerText` leaves it out.
ALL_TEXT = """(root) => {
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (nodes.nextNode()) texts.push(nodes.currentNode.data);
  return texts.join(" ");
}"""


async def test_an_answer_goes_on_while_nobody_looks(demo_site, visit):
    person = await visit(demo_site)
    await person.say(LONG.format(120))
    await person.seen_at_least(person.answers.last, 30)

    await person.page.reload()

    answer = person.answers.last
    await person.ended(answer)
    await expect(answer).to_have_attribute("data-status", "complete")
    await person.seen_at_least(answer, 120)
    assert every_word_once(await answer.inner_text()) == 120


async def test_two_tabs_show_the_same_conversation(demo_site, visit):
    first = await visit(demo_site)
    await first.say(LONG.format(200))
    await first.seen_at_least(first.answers.last, 20)
    second = await visit(demo_site, first.page.url.removeprefix(demo_site.url))
    await second.seen_at_least(second.answers.last, 40)

    await first.ended(first.answers.last)
    await second.ended(second.answers.last)
    await first.ask(SHORT)

    await expect(second.articles).to_have_count(4)

    async def there() -> str | None:
        """What the second tab shows, once it is what the first one does; code is colored a moment later."""
        texts = {await each.answers.first.evaluate(ALL_TEXT) for each in (first, second)}
        return texts.pop() if len(texts) == 1 else None

    await becomes(there)
    assert every_word_once(await there()) == 200


async def test_stop_in_one_tab_keeps_what_was_said_in_both(demo_site, visit):
    first = await visit(demo_site)
    await first.say(LONG.format(2000))
    await first.seen_at_least(first.answers.last, 20)
    second = await visit(demo_site, first.page.url.removeprefix(demo_site.url))

    await second.button("Stop").click()

    for person in (first, second):
        await expect(person.answers.last).to_have_attribute("data-status", "stopped")
        await expect(person.button("Send")).to_be_visible()
    kept = await first.words_on_screen(first.answers.last)
    assert 20 <= kept < 2000
    await second.seen_at_least(second.answers.last, kept)
    assert await second.words_on_screen(second.answers.last) == kept
    await first.page.reload()
    await expect(first.answers.last).to_have_attribute("data-status", "stopped")
    await first.seen_at_least(first.answers.last, kept)
    assert every_word_once(await first.answers.last.inner_text()) == kept


@pytest.fixture(scope="module")
def mortal_site(start_site):
    """A site that is killed and started again."""
    return start_site()


async def test_kill_9_in_mid_answer_keeps_what_was_on_the_screen(mortal_site, visit):
    site = mortal_site
    person = await visit(site)
    await person.say(LONG.format(2000))
    await person.seen_at_least(person.answers.last, 100)

    site.kill()
    # By then, all that had been sent is on the screen.
    await expect(person.page.get_by_text("Offline")).to_be_visible()
    on_screen = await person.words_on_screen(person.answers.last)
    site.start()
    await person.page.reload()

    answer = person.answers.last
    await expect(answer).to_have_attribute("data-status", "interrupted")
    await person.seen_at_least(answer, 1)
    kept = every_word_once(await answer.inner_text())
    assert on_screen - ONE_BATCH <= kept <= on_screen + ONE_BATCH
    await expect(answer).to_contain_text(re.compile("restarted|interrupted"))
    await expect(await person.ask(SHORT)).to_have_attribute("data-status", "complete")


async def test_a_page_left_open_finds_a_restarted_site_and_takes_a_newer_page(mortal_site, visit, tmp_path):
    site = mortal_site
    person = await visit(site)
    await person.say(LONG.format(2000))
    await person.seen_at_least(person.answers.last, 50)
    await person.message_box.fill("Not sent yet")
    await person.page.evaluate("window.loadedBefore = true")

    async def restart() -> None:
        site.kill()
        await expect(person.page.get_by_text("Offline")).to_be_visible()
        # The page asks for itself, to see whether it is the same.
        async with person.page.expect_response(person.page.url):
            site.start()
        await expect(person.page.get_by_text("Offline")).to_be_hidden()

    await restart()
    await expect(person.answers.last).to_have_attribute("data-status", "interrupted")

    question = person.articles.first
    await question.hover()
    await question.get_by_role("button", name="Edit").click()
    wording = question.get_by_role("textbox")
    await wording.fill("Half of another wording")
    site.update(tmp_path / "newer")
    await restart()
    await expect(person.page.get_by_text("The site was updated")).to_be_visible()
    await expect(wording).to_have_value("Half of another wording")
    assert await person.page.evaluate("window.loadedBefore")

    async with person.page.expect_event("load"):
        await question.get_by_role("button", name="Cancel").click()
    await person.arrived()
    await expect(person.message_box).to_have_value("Not sent yet")
    assert await person.page.evaluate("window.__reactRouterManifest.url.includes('newer')")
    assert not await person.page.evaluate("window.loadedBefore")


async def test_a_title_that_is_typed_while_the_site_is_away_is_kept_once_it_is_there(mortal_site, visit):
    site = mortal_site
    person = await visit(site)
    await person.ask(SHORT)
    mine = person.sidebar.get_by_role("link").first
    await person.sidebar.get_by_role("button", name="Actions for").first.click()
    await person.page.get_by_role("menuitem", name="Rename").click()
    field = person.page.get_by_role("textbox", name="Title")
    site.kill()
    await expect(person.page.get_by_text("Offline")).to_be_visible()
    await field.fill("Typed meanwhile")
    await field.press("Enter")
    await expect(field).to_have_value("Typed meanwhile")
    site.start()
    await expect(mine).to_have_text("Typed meanwhile")


async def test_a_title_that_is_half_typed_stays_in_its_field_and_in_focus_over_a_restart(mortal_site, visit):
    site = mortal_site
    person = await visit(site)
    await person.ask("Half a title in 5 words")
    await person.button("Actions for Half a title in 5 words").click()
    await person.page.get_by_role("menuitem", name="Rename").click()
    field = person.page.get_by_role("textbox", name="Title")
    await field.fill("A tie")
    await field.press("ArrowLeft")

    async def restart() -> None:
        site.kill()
        await expect(person.page.get_by_text("Offline")).to_be_visible()
        person.received.clear()
        site.start()
        # The list comes anew.
        await becomes(lambda: asyncio.sleep(0, any("Half a title" in frame for frame in person.received)))

    await restart()
    await expect(field).to_be_focused()
    await expect(field).to_have_value("A tie")
    await person.page.keyboard.type("tl")
    site.kill()
    await expect(person.page.get_by_text("Offline")).to_be_visible()
    await person.page.keyboard.press("Enter")
    site.start()
    mine = person.sidebar.get_by_role("link", name="A title")
    await expect(mine).to_be_focused()


async def test_a_page_that_can_not_be_fetched_with_the_site_away_comes_once_it_is_there(mortal_site, visit):
    site = mortal_site
    # A browser that knows nothing of the site yet.
    person = await visit(site, new=True)
    site.kill()
    await expect(person.page.get_by_text("Offline")).to_be_visible()
    await person.message_box.fill("Not sent yet")
    async with person.page.expect_console_message(lambda message: "loading route module" in message.text):
        await person.page.get_by_role("link", name="Settings").click()
    await expect(person.page.get_by_text("Offline")).to_be_visible()
    await expect(person.message_box).to_have_value("Not sent yet")
    site.start()
    await expect(person.page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    await person.page.go_back()
    await expect(person.message_box).to_have_value("Not sent yet")


async def test_offline_is_said_and_what_was_written_is_sent_once_when_it_is_over(demo_site, visit):
    person = await visit(demo_site)
    await person.page.set_viewport_size({"width": 360, "height": 740})
    await person.ask(SHORT)
    offline = person.page.get_by_role("status").get_by_text("Offline")
    stand = (person.model, person.articles.first, person.answers.last, person.message_box)
    before = [await each.bounding_box() for each in stand]
    await person.page.context.set_offline(True)
    await expect(offline).to_be_visible()
    # It lies between the header's buttons and the first message, which all stay where they are.
    button, question, *_ = after = [await each.bounding_box() for each in stand]
    assert after == before
    bar = await offline.bounding_box()
    assert button["y"] + button["height"] <= bar["y"]
    assert bar["y"] + bar["height"] <= question["y"]
    # A message that is gone to begins beneath it, wherever it stands.
    await expect(person.log).to_have_css("scroll-padding-top", "16px")
    await person.message_box.fill("Written without a network")
    await person.page.context.set_offline(False)
    await expect(offline).to_have_count(0)
    await expect(person.message_box).to_have_value("Written without a network")
    await expect(await person.ask(SHORT)).to_have_attribute("data-status", "complete")


async def test_a_message_that_is_stored_after_it_was_refused_is_one_message(demo_site, visit):
    """Two copies of it were on their way: the first met a full disk, the second did not."""
    person = await visit(demo_site, ready=False)
    sockets: list[WebSocketRoute] = []
    ids: list[str] = []
    held: list[str | bytes] = []
    is_held = False

    def listen(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        server = socket.connect_to_server()

        def from_site(frame: str | bytes) -> None:
            if is_held and '"ref_composer"' in str(frame):
                held.append(frame)
            else:
                socket.send(frame)

        def from_page(frame: str | bytes) -> None:
            if is_held and '.send"' in str(frame):
                ids.append(re.search(r'"id":"(\w+)"', str(frame))[1])
            server.send(frame)

        server.on_message(from_site)
        socket.on_message(from_page)

    async def refuse() -> None:
        await becomes(lambda: asyncio.sleep(0, bool(held)))
        refusal = {"ref": "ref_composer", "value": {"id": ids[-1], "refused": "The disk is full."}}
        said = {"delta": {}, "events": [{"name": "_set_value", "payload": refusal}], "final": None}
        sockets[-1].send(f"42/_event,{json.dumps(['event', said])}")
        await expect(person.page.get_by_role("alert")).to_contain_text("The disk is full.")

    await person.page.route_web_socket("**/_event/**", listen)
    await person.open()
    is_held = True
    await person.message_box.fill(SHORT)
    await (await another_tab(person)).message_box.fill("Written later in another tab")
    await person.message_box.press("Enter")
    await refuse()
    await expect(person.message_box).to_have_value("Hello in 5 words")
    # Sent once more, it is the same message.
    held.clear()
    await person.message_box.press("Enter")
    await refuse()
    assert len(set(ids)) == 1

    is_held = False
    sockets[-1].send(held[0])
    await expect(person.answers).to_have_count(1)
    await person.ended(person.answers.first)
    await expect(person.message_box).to_have_value("")
    await expect(person.page.get_by_role("alert")).to_have_count(0)
    await expect(person.articles).to_have_count(2)


async def test_an_answer_has_its_name_before_the_first_of_its_pieces(site, visit, gateway):
    person = await visit(site, ready=False)
    told = []

    def listen(socket):
        server = socket.connect_to_server()

        def from_site(frame):
            if frame.startswith('42/_event,["p",'):
                told.append(frame)
            socket.send(frame)

        server.on_message(from_site)

    await person.page.route_web_socket("**/_event/**", listen)
    await person.open()
    await person.say("Some text, please")
    request = await gateway.next_request()
    await becomes(lambda: asyncio.sleep(0, any('"keys":' in frame for frame in told)))
    await request.say("All that is said")
    await expect(person.answers.last).to_contain_text("All that is said")
    [piece] = [frame for frame in told if "All that is said" in frame]
    [key] = re.findall(r'^42/_event,\["p",(\d+),0,', piece)
    assert any(f'{{"keys":{{"{key}":' in frame for frame in told[: told.index(piece)])


async def test_each_tab_keeps_its_own_draft_and_one_that_is_opened_begins_with_what_was_left(
    demo_site, visit
):
    person = await visit(demo_site)
    await person.message_box.fill("Mine")
    other = await another_tab(person)
    await expect(other.message_box).to_have_value("Mine")
    await other.message_box.fill("Written beside it")
    await person.page.reload()
    await expect(person.message_box).to_have_value("Mine")
    await other.ask(SHORT)
    await other.new_chat()
    await other.page.reload()
    await other.arrived()
    await expect(other.message_box).to_have_value("")

    third = await another_tab(person)
    await expect(third.message_box).to_have_value("Mine")
    await third.message_box.fill("Left behind")
    await third.page.close()
    await person.page.get_by_role("link", name="Settings").click()
    await expect(person.message_box).to_have_count(0)
    await person.page.go_back()
    await expect(person.message_box).to_have_value("Mine")
    await person.ask(SHORT)
    await expect((await another_tab(person)).message_box).to_have_value("Left behind")


async def test_a_duplicated_tab_keeps_a_draft_of_its_own(demo_site, visit):
    person = await visit(demo_site)
    await person.message_box.fill("Before")
    async with person.page.expect_popup() as opening:
        # Takes along what this tab alone knows, as a browser's "Duplicate tab" does.
        await person.page.evaluate("void open(location.href)")
    twin = Person(await opening.value, person.url)
    await twin.arrived()
    await expect(twin.message_box).to_have_value("Before")
    await twin.message_box.fill("The twin's")
    await person.message_box.fill("Mine")
    await twin.page.close()
    await expect((await another_tab(person)).message_box).to_have_value("Mine")
    await person.ask(SHORT)
    await expect((await another_tab(person)).message_box).to_have_value("The twin's")


async def another_tab(person: Person) -> Person:
    """One of the same browser, at a new chat."""
    another = Person(await person.page.context.new_page(), person.url)
    await another.open()
    return another


def every_word_once(text: str) -> int:
    """The highest numbered word of a text, in which every one before it stands once and in order."""
    words = [int(number) for number in re.findall(r"\bw(\d+)\b", text)]
    assert words == list(range(1, len(words) + 1))
    assert highest_word(text) == len(words)
    return len(words)
