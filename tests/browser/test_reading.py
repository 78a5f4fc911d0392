"""How an answer is read: aloud, with its thoughts and details, to an end that is told, and smoothly."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.person import becomes, telling_of_texts

LISTEN = """() => {
  window.heard = [];
  new MutationObserver(changes => {
    for (const { addedNodes } of changes) for (const node of addedNodes) window.heard.push(node.textContent);
  }).observe(document.querySelector('[data-announcements]'), { childList: true });
}"""
PIECES = 400
LUMP = " ".join(f"w{number}" for number in range(1, 301))
# How long the answer was each time that it grew.
GROWTH = """() => {
  window.lengths = new Set();
  const answer = [...document.querySelectorAll("[data-role=assistant]")].at(-1);
  const note = () => window.lengths.add(answer.querySelector(".prose")?.textContent.length ?? 0);
  new MutationObserver(note).observe(answer, { childList: true, subtree: true, characterData: true });
}"""


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

    await person.new_chat()
    await person.say("At once")
    await (await gateway.next_request()).refuse(401, "The key is bent.")
    await hears(person, "The key is bent.")
    await person.ended(person.answers.last)

    await person.say("Once more")
    await (await gateway.next_request()).refuse(500, "The kettle is cold.")
    await hears(person, "The answer failed.")
    await hears(person, "The kettle is cold.")
    await expect(person.answers).to_have_count(2)
    await person.ended(person.answers.last)

    await person.say("And again")
    request = await gateway.next_request()
    await request.say("Only half")
    request.cut()
    await hears(person, "The answer was cut off.")
    assert "Only half" in " ".join(await heard(person))


async def test_one_can_choose_to_hear_less_and_the_browser_remembers(listener, gateway):
    person, request = await listener()
    await request.finish()
    await hears(person, "Answer finished.")
    await person.button("Shortcuts").click()
    await person.page.get_by_role("radio", name="Only that an answer begins and ends").check()
    await person.page.keyboard.press("Escape")
    await person.page.reload()
    await person.arrived()
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


async def test_a_text_that_was_read_a_while_ago_takes_nothing_back(site, visit, gateway):
    person = await visit(site)
    tell = await telling_of_texts(person)
    await person.say("How hot is tea?")
    request = await gateway.next_request()
    answer = person.answers.last
    thoughts = answer.get_by_role("group").filter(has_text=re.compile("Thinking|Thought for"))
    await request.think("A kettle boils.")
    await expect(thoughts).to_contain_text("A kettle boils.")
    tell({"id": await answer.get_attribute("data-message-id"), "text": "", "reasoning": "A", "grows": True})
    await request.say("Hot.")
    await request.finish()
    await person.ended(answer)
    await answer.get_by_text("Thought for").click()
    await expect(thoughts).to_contain_text("A kettle boils.")


async def test_an_answer_that_was_stopped_while_it_thought_tells_after_a_reload_for_how_long(asked):
    person, request = await asked()
    answer = person.answers.last
    await request.think("A kettle boils.")
    await expect(answer).to_contain_text("A kettle boils.")
    await person.button("Stop").click()
    time = answer.get_by_text(re.compile(r"^Thought for \d+ s$"))
    await expect(time).to_be_visible()
    await person.page.reload()
    await expect(time).to_be_visible()


async def test_thoughts_are_live_then_one_line_with_their_time_and_details_tell_the_rest(
    site, visit, gateway
):
    person = await visit(site)
    await person.say("How hot is tea?")
    request = await gateway.next_request()
    answer = person.answers.last
    thoughts = answer.get_by_role("group").filter(has_text=re.compile("Thinking|Thought for"))
    await request.think("A kettle boils. Tea is")
    await expect(thoughts).to_have_text(re.compile("^Thinking.*A kettle boils. Tea is$"))
    await request.think(" a little colder.")
    await expect(thoughts).to_contain_text("a little colder.")
    await request.send({"model": "model-a-2026", "choices": []})
    await request.say("Hot.")
    await expect(thoughts).to_have_text(re.compile(r"^Thought for \d+ s$"))
    await request.finish(prompt_tokens=1200, completion_tokens=34)
    await person.ended(answer)

    await answer.get_by_text("Thought for").click()
    await expect(thoughts).to_contain_text("A kettle boils. Tea is a little colder.")
    await person.page.reload()
    await expect(thoughts).to_contain_text("A kettle boils. Tea is a little colder.")
    await expect(thoughts).to_contain_text(re.compile(r"Thought for \d+ s"))
    await answer.get_by_role("button", name=re.compile(r"^Details: 34 tokens · \d+\.\d s$")).click()
    details = person.page.get_by_role("group", name="Details")
    for name, value in {
        "Model": "model-a-2026",
        "Asked for": "model-a",
        "Gateway": r"127\.0\.0\.1:\d+",
        "Ended": "The model had said all",
        "Tokens read": "1,200",
        "Tokens written": "34",
        "First token after": r"\d+\.\d\d s",
        "Finished after": r"\d+\.\d s",
    }.items():
        line = details.locator("dl > div").filter(has=person.page.get_by_text(name, exact=True))
        await expect(line).to_have_text(re.compile(f"^{name}{value}$"))


async def test_a_filter_and_a_refusal_are_told_in_words(site, visit, gateway):
    person = await visit(site)
    await person.say("Something odd")
    request = await gateway.next_request()
    await request.say("It begins")
    await request.finish("content_filter")
    await expect(person.answers.last.get_by_role("note")).to_contain_text("content filter ended this answer")
    await expect(person.answers.last).to_contain_text("It begins")

    await person.say("Something odder")
    request = await gateway.next_request()
    await request.send({"choices": [{"index": 0, "delta": {"refusal": "I would rather not."}}]})
    await request.finish()
    await expect(person.answers.last).to_contain_text("I would rather not.")

    await person.say("Nothing")
    await (await gateway.next_request()).finish()
    await expect(person.answers.last.get_by_role("note")).to_contain_text("without saying anything")
    await expect(person.answers.last.get_by_role("button", name="Regenerate").first).to_be_visible()


async def test_one_chooses_how_answers_are_read(site, visit, gateway):
    async def grown(person):
        before = await person.answers.count()
        await person.say("Go on")
        await expect(person.answers).to_have_count(before + 1)
        request = await gateway.next_request()
        await request.say("It begins.\n\n")
        await expect(person.answers.last).to_contain_text("It begins.")
        await person.page.evaluate(GROWTH)
        await request.say(LUMP)
        await request.say("\n\n```python\nprint()\n```\n")
        await request.finish()
        await expect(person.answers.last).to_contain_text("w300")
        await person.ended(person.answers.last)
        await expect(person.answers.last.get_by_role("button", name="Wrap lines")).to_be_visible()
        return len(await person.page.evaluate("[...window.lengths]"))

    person = await visit(site)
    at_once = await grown(person)
    for name in ("Smooth text", "Wrap code"):
        await person.button("Reading").click()
        await person.page.get_by_role("menuitemcheckbox", name=name).click()
    wrapped = person.answers.last.get_by_role("button", name="Wrap lines", pressed=True)
    await expect(wrapped).to_be_visible()
    await person.page.reload()
    await person.button("Reading").click()
    for name, chosen in {"Smooth text": True, "Wrap code": True, "Open thoughts": False}.items():
        choice = person.page.get_by_role("menuitemcheckbox", name=name)
        await expect(choice).to_be_checked(checked=chosen)
    await person.page.keyboard.press("Escape")
    await expect(person.answers.last).to_contain_text("w300")

    assert await grown(person) > at_once + 5
    await expect(person.answers.last.get_by_role("button", name="Wrap lines")).to_have_attribute(
        "aria-pressed", "true"
    )
    # Nobody who asked for less motion is given more.
    await person.page.emulate_media(reduced_motion="reduce")
    assert await grown(person) < at_once + 5
