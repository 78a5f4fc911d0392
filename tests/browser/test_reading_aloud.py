"""What a screen reader is told of an answer: read from the live region, as one would."""

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.person import becomes
from tests.scripted import ScriptedGateway

LISTEN = """() => {
  window.heard = [];
  new MutationObserver(changes => {
    for (const { addedNodes } of changes) for (const node of addedNodes) window.heard.push(node.textContent);
  }).observe(document.querySelector('[data-announcements]'), { childList: true });
}"""
PIECES = 400


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway():
    async with ScriptedGateway() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def site(start_site, gateway):
    return start_site(CHAT_UI_GATEWAY_URL=gateway.base_url, CHAT_UI_GATEWAY_MODEL="model-a")


@pytest.fixture
def listener(site, visit, gateway):
    async def begin(question="Tell me"):
        person = await visit(site)
        await person.page.evaluate(LISTEN)
        await person.say(question)
        return person, await gateway.next_request()

    return begin


async def heard(person) -> list[str]:
    return await person.page.evaluate("window.heard")


async def hears(person, words: str) -> None:
    """Wait until something has been announced."""
    await becomes(lambda: person.page.evaluate("words => window.heard.join(' ').includes(words)", words))


async def test_sentences_are_announced_whole_and_in_chunks_with_start_and_end(listener):
    person, request = await listener()
    await hears(person, "Answer started.")
    await request.say("This one is **whole**. And this")
    await hears(person, "This one is whole.")
    assert "And this" not in " ".join(await heard(person))
    for number in range(PIECES):
        await request.say(f" w{number}" if number % 10 else f" w{number}.")
    await request.finish()
    await hears(person, "Answer finished.")

    said = await heard(person)
    words = " ".join(f"w{number}" if number % 10 else f"w{number}." for number in range(PIECES))
    assert " ".join(said) == f"Answer started. This one is whole. And this {words} Answer finished."
    assert len(said) < PIECES / 10
    await expect(person.log).to_have_attribute("aria-live", "off")


async def test_a_stop_a_failure_and_a_cut_are_announced_with_their_reason(listener, gateway):
    person, request = await listener()
    await request.say("Begun. ")
    await hears(person, "Begun.")
    await person.button("Stop").click()
    await hears(person, "Answer stopped.")

    await person.say("Once more")
    await (await gateway.next_request()).refuse(500, "The kettle is cold.")
    await hears(person, "The answer failed.")
    await hears(person, "The kettle is cold.")

    await person.say("And again")
    request = await gateway.next_request()
    await request.say("Only half")
    request.cut()
    await hears(person, "The answer was cut off.")
    assert "Only half" in " ".join(await heard(person))


async def test_one_can_choose_to_hear_less_and_the_browser_remembers(listener, gateway):
    person, request = await listener()
    await request.finish()
    await person.button("Shortcuts").click()
    await person.page.get_by_role("radio", name="Only that an answer begins and ends").check()
    await person.page.keyboard.press("Escape")
    await person.page.reload()
    await expect(person.message_box).to_be_visible()
    await person.page.evaluate(LISTEN)
    await person.say("Quietly")
    request = await gateway.next_request()
    await request.say("A sentence. Another. ")
    await request.finish()
    await hears(person, "Answer finished.")
    assert " ".join(await heard(person)) == "Answer started. Answer finished."

    await person.button("Shortcuts").click()
    await person.page.get_by_role("radio", name="Nothing").check()
    await person.page.keyboard.press("Escape")
    before = len(await heard(person))
    await person.say("Silently")
    await (await gateway.next_request()).finish()
    await expect(person.answers).to_have_count(3)
    await person.ended(person.answers.last)
    assert len(await heard(person)) == before
