"""Answers that were cut, refused or are waited for, and what a person can do about them."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.person import becomes, has_copied
from tests.gateway.wire import ScriptedServer
from tests.gateways.x_router import TESTNET_V1, XRouter

WALLET_KEY = "4c" * 32
LENGTH = 180

# Where an answer was cut off, and what is seen of it.
CUT = [
    ("Tea:\n- ", ["P Tea:"]),
    ("Tea:\n\n- green\n  - [ ]", ["P Tea:", "LI green"]),
    ("> - green\n> -", ["LI green"]),
    ("1. green\n2.", ["LI green"]),
    ("3 apples and:\n\n42.", ["P 3 apples and:", "LI "]),
    ("It is **very gr", ["P It is very gr"]),
    ("- It is **", ["LI It is"]),
    ("So:\n\n```py", ["P So:"]),
]
SAID = """answer => [...answer.querySelectorAll('.prose :is(p, li, h3, h4, h5, h6, figure)')]
  .filter(it => !it.parentElement.closest('li'))
  .map(it => `${it.tagName} ${it.textContent.trim()}`)"""

# The seconds that a wait has shown, one after the other.
COUNT = """() => {
  window.counted = [];
  const look = () => {
    const found = /Trying again in (\\d+) s/.exec(document.body.textContent);
    if (found && window.counted.at(-1) !== Number(found[1])) window.counted.push(Number(found[1]));
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


async def test_a_stopped_answer_is_continued_to_its_end(demo_site, visit):
    person = await visit(demo_site)
    await person.say(f"A long answer of {LENGTH} tokens, please")
    answer = person.answers.last
    await person.seen_at_least(answer, 10)
    await expect(answer.get_by_text(re.compile(r"^About \d+ tokens$"))).to_be_visible()
    await person.button("Stop").click()
    await expect(answer).to_have_attribute("data-status", "stopped")

    await person.button("Continue").dblclick()

    await expect(answer).to_have_attribute("data-status", "complete")
    words = [int(word) for word in re.findall(r"\bw(\d+)\b", await answer.inner_text())]
    assert words == list(range(1, LENGTH + 1))
    await expect(person.articles).to_have_count(2)
    await expect(person.button("Continue")).to_have_count(0)
    await person.page.reload()
    await person.seen_at_least(person.answers.last, LENGTH)


async def test_an_answer_that_was_stopped_shows_no_mark_that_stands_for_nothing(site, visit, gateway):
    person = await visit(site, permissions=["clipboard-read", "clipboard-write"])
    await person.say("Tea?")
    request = await gateway.next_request()
    await request.say("Tea:\n\n- green")
    answer = person.answers.first
    await expect(answer.get_by_role("listitem")).to_have_text(["green"])
    await request.say("\n- ")

    async def has_come() -> bool:
        return any('"\\n- "' in frame for frame in person.received)

    await becomes(has_come)
    await person.button("Stop").click()
    await expect(answer).to_have_attribute("data-status", "stopped")
    assert await answer.evaluate(SAID) == ["P Tea:", "LI green"]
    await answer.get_by_role("button", name="Copy", exact=True).click()
    await has_copied(person.page, "Tea:\n\n- green\n- ")

    for number, (text, _) in enumerate(CUT):
        await person.say("More?")
        request = await gateway.next_request()
        await expect(person.answers).to_have_count(number + 2)
        await request.say(text)
        await request.finish("length")
        await person.ended(person.answers.last)
        await expect(person.answers.last.get_by_role("button", name="Continue", exact=True)).to_be_visible()
    shown = [said for _, said in CUT]
    assert [await each.evaluate(SAID) for each in (await person.answers.all())[1:]] == shown
    await person.page.reload()
    await expect(person.answers).to_have_count(1 + len(CUT))
    await expect(person.answers.last).to_contain_text("So:")
    assert [await each.evaluate(SAID) for each in (await person.answers.all())[1:]] == shown


async def test_an_answer_that_reached_its_length_can_be_continued(site, visit, gateway):
    person = await visit(site)
    await person.say("Tea?")
    request = await gateway.next_request()
    await request.say("Tea is made of")
    await request.finish("length")
    await expect(person.page.get_by_text("reached the longest length that was allowed")).to_be_visible()

    await person.button("Continue").click()
    request = await gateway.next_request()
    await request.say(" leaves.")
    await request.finish()

    await expect(person.answers.last).to_contain_text("Tea is made of leaves.")
    await expect(person.articles).to_have_count(2)


async def test_a_failed_answer_is_asked_for_again(site, visit, gateway):
    person = await visit(site)
    await person.say("Tea?")
    await (await gateway.next_request()).refuse(500, "The kettle is cold.")
    await expect(person.answers.last).to_contain_text("The kettle is cold.")
    # There are no words of its own to copy or to reword.
    await expect(person.answers.last.get_by_role("button", name="More")).to_be_visible()
    for name in ("Copy", "Edit"):
        await expect(person.answers.last.get_by_role("button", name=name)).to_have_count(0)
        await expect(person.articles.first.get_by_role("button", name=name)).to_have_count(1)
    # Beside the button with words there is none with a mark alone; what asks another model bears that mark.
    marks = person.button("Ask another model").locator("svg:visible")
    await expect(marks).to_have_count(2)

    await person.button("Regenerate").click()
    request = await gateway.next_request()
    assert request.asked == [("user", "Tea?")]
    await request.say("With milk.")
    await request.finish()

    await expect(person.answers.last).to_contain_text("With milk.")
    await expect(person.page.get_by_text("The kettle is cold.")).to_have_count(0)
    await expect(marks).to_have_count(1)


async def test_a_wait_is_counted_down_in_sight(site, visit, gateway):
    person = await visit(site)
    await person.page.evaluate(COUNT)
    await person.say("Tea?")
    await (await gateway.next_request()).refuse(429, "Too many", retry_after=4)
    seconds = person.answers.last.get_by_text(re.compile(r"Trying again in \d+ s"))
    await expect(seconds).to_be_visible()
    request = await gateway.next_request()
    counted = await person.page.evaluate("window.counted")
    assert len(counted) > 1
    assert counted == sorted(counted, reverse=True)
    await request.say("Now.")
    await request.finish()
    await expect(person.answers.last).to_contain_text("Now.")
    await expect(seconds).to_have_count(0)


async def test_a_call_of_a_tool_is_seen_as_it_grows(site, visit, gateway):
    person = await visit(site)
    await person.say("Weather?")
    request = await gateway.next_request()

    async def call(**function):
        part = {"index": 0, "id": "call_1", "type": "function", "function": function}
        await request.send({"choices": [{"index": 0, "delta": {"tool_calls": [part]}}]})

    await call(name="get_weather", arguments="")
    await call(arguments='{"city":')
    answer = person.answers.last
    await expect(answer).to_contain_text("get_weather")
    await expect(answer).to_contain_text('{"city":')
    await call(arguments='"Lund"}')
    await request.finish("tool_calls")
    await expect(answer).to_contain_text('"city": "Lund"')
    await expect(answer).to_contain_text("this site has none to give")
    await person.page.reload()
    await expect(person.answers.last).to_contain_text('"city": "Lund"')


@pytest.fixture(scope="module")
def router():
    return XRouter()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def paid_site(start_site, router, tmp_path_factory):
    server = ScriptedServer(router)
    await server.start()
    file = tmp_path_factory.mktemp("settings") / "gateways.toml"
    file.write_text(f'[[gateways]]\nname = "x-router"\nbase_url = "{server.base_url}"\n')
    yield start_site(
        CHAT_UI_CONFIG=str(file), X402_PRIVATE_KEY=WALLET_KEY, CHAT_UI_X402_PER_CONVERSATION="0.15"
    )
    await server.stop()


async def test_a_paid_answer_has_a_price_before_and_a_receipt_after(paid_site, visit, router):
    person = await visit(paid_site)
    await person.message_box.fill("Hello?")
    await person.button("Price").click()
    await expect(person.page.get_by_text("costs at most $0.06. What is left is $0.15")).to_be_visible()
    assert router.payments == []

    await person.message_box.press("Enter")

    answer = person.answers.last
    await person.ended(answer)
    await expect(answer).to_contain_text("$0.06")
    await answer.get_by_role("button", name="Details").click()
    await expect(person.page.get_by_text("transaction 0xabab")).to_be_visible()
    await person.page.keyboard.press("Escape")
    assert len(router.payments) == 1
    assert WALLET_KEY not in "".join(person.received) + await person.page.content() + paid_site.log

    await person.ask("And?")
    await person.message_box.fill("Once more?")
    await person.button("Price").click()
    await expect(person.page.get_by_text("not paid: what is left is $0.03 for this conver")).to_be_visible()
    await person.message_box.press("Enter")
    refused = person.answers.last
    await expect(refused).to_have_attribute("data-status", "failed")
    await expect(refused).to_contain_text("The limit per conversation is $0.15, of which $0.12 is spent.")
    assert len(router.payments) == 2


async def test_a_new_payee_is_paid_after_a_click(paid_site, visit, router):
    person = await visit(paid_site)
    await person.ask("Hello?")
    router.offer = TESTNET_V1 | {"payTo": "0x" + "12" * 20}
    await person.ask("And now?")
    await expect(person.answers.last).to_contain_text("wants to be paid at another address")

    await person.button("Pay the new address and try again").click()

    await expect(person.answers.last).to_have_attribute("data-status", "complete")
    assert router.payments[-1]["payload"]["authorization"]["to"].lower() == "0x" + "12" * 20
