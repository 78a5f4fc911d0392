"""Settings of a chat, a person's defaults, the gauge, and what no longer fits."""

import asyncio
import re

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.test_steering import answered, reply
from tests.scripted import KEY, ScriptedGateway

MARK_AS_HURRIED = """() => {
  const key = Object.keys(localStorage).find((each) => each.startsWith('chat-ui:queue:'));
  localStorage[key] = JSON.stringify(JSON.parse(localStorage[key]).map((item) => ({ ...item, now: true })));
}"""
CLICK_AS_IT_ENDS = """() => {
  const stop = document.querySelector('.composer button[aria-label="Stop"]');
  const ends = new MutationObserver(() => {
    ends.disconnect();
    stop.dispatchEvent(new MouseEvent('click', { detail: 1, bubbles: true, cancelable: true }));
  });
  ends.observe(stop, { attributeFilter: ['aria-label'] });
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway():
    async with ScriptedGateway({"id": "model-a", "context_length": 120}, "model-b") as scripted:
        yield scripted


@pytest.fixture(scope="module")
def site(start_site, gateway):
    return start_site(
        CHAT_UI_GATEWAY_URL=gateway.base_url, CHAT_UI_GATEWAY_KEY=KEY, CHAT_UI_GATEWAY_MODEL="model-a"
    )


async def enter(text, field):
    await field.fill(text)
    await field.press("Enter")


async def choose_in_two_tabs(page, other):
    """Nothing that one tab chooses is put over what is being typed in the other; in the end both have 1.5."""
    here, there = (tab.get_by_role("textbox", name="Temperature") for tab in (page, other))
    await here.fill("1.5")
    await other.get_by_role("button", name="Settings for this chat").click()
    await enter("0.7", there)
    await expect(page.get_by_text("Your default: 0.2")).to_be_visible()
    await expect(here).to_have_value("1.5")
    await here.press("Enter")
    await expect(there).to_have_value("1.5")
    await expect(other.get_by_role("button", name="Settings for this chat")).to_contain_text("3")
    # What is typed just as the other tab has chosen the same is no longer being typed.
    await here.fill("0.7")
    await enter("0.7", there)
    await other.get_by_role("button", name="Reset Reasoning effort").click()
    await expect(page.get_by_role("button", name="Settings for this chat")).to_contain_text("2")
    await here.press("Enter")
    await enter("1.5", there)
    await expect(here).to_have_value("1.5")


async def test_no_keyboard_of_a_phone_comes_up_over_the_settings_that_it_shows(site, visit):
    person = await visit(site, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    await person.page.get_by_role("button", name="Settings for this chat").tap()
    await expect(person.page.get_by_role("dialog", name="Settings for this chat")).to_be_focused()
    await person.page.keyboard.press("Tab")
    await expect(person.page.get_by_role("textbox", name="System prompt")).to_be_focused()


async def test_requests_carry_what_was_chosen_and_what_differs_can_be_reset(site, visit, gateway):
    person = await visit(site, "/settings", ready=False)
    page = person.page
    await enter("0.2", page.get_by_role("textbox", name="Temperature"))
    await page.get_by_role("textbox", name="Top-p").fill("lots")
    await page.get_by_role("textbox", name="Top-p").press("Tab")
    await expect(page.get_by_role("alert")).to_have_text(
        "Top-p is a number above 0 and up to 1, such as 0.9."
    )
    await page.reload()
    await expect(page.get_by_role("textbox", name="Temperature")).to_have_value("0.2")
    await expect(page.get_by_role("textbox", name="Top-p")).to_have_value("")

    await person.open("/")
    panel = page.get_by_role("dialog", name="Settings for this chat")
    button = page.get_by_role("button", name="Settings for this chat")
    await button.click()
    await expect(panel.get_by_role("textbox", name="Temperature")).to_have_attribute("placeholder", "0.2")
    await panel.get_by_role("textbox", name="System prompt").fill("Be brief.")
    await page.keyboard.press("Tab")
    await panel.get_by_role("combobox", name="Reasoning effort").select_option("low")
    await expect(panel.get_by_role("button", name="Reset System prompt")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    await expect(button).to_be_focused()
    await expect(button).to_contain_text("2")

    request = await answered(person, gateway, "Tea?", "Hot.")
    assert request.asked == [("system", "Be brief."), ("user", "Tea?")]
    assert (request.body["temperature"], request.body["reasoning_effort"]) == (0.2, "low")
    await expect(button).to_contain_text("2")
    other = await visit(site, page.url.removeprefix(site.url))
    await button.click()
    await choose_in_two_tabs(page, other.page)
    await page.keyboard.press("Escape")
    request = await answered(person, gateway, "And?", "Sweet.")
    assert request.body["temperature"] == 1.5
    assert "reasoning_effort" not in request.body
    await button.click()
    await panel.get_by_role("button", name="Reset all").click()
    await expect(panel.get_by_role("textbox", name="System prompt")).to_have_value("")
    await page.keyboard.press("Escape")
    request = await answered(person, gateway, "Or?", "Green.")
    assert request.body["temperature"] == 0.2
    assert request.asked[0] == ("user", "Tea?")


async def test_a_setting_that_the_site_has_not_heard_of_is_neither_lost_nor_given_to_the_next_chat(
    site, visit, gateway
):
    person = await visit(site, "/settings", ready=False)
    page, hold = person.page, asyncio.Event()
    panel = page.get_by_role("dialog", name="Settings for this chat")
    effort = panel.get_by_role("combobox", name="Reasoning effort")
    button = page.get_by_role("button", name="Settings for this chat")

    def between(socket):
        server = socket.connect_to_server()
        socket.on_message(lambda said: None if hold.is_set() else server.send(said))

    async def choose_unheard(level):
        await button.click()
        await expect(effort).to_be_visible()
        hold.set()
        await effort.select_option(level)
        hold.clear()
        await page.reload()
        await person.arrived()
        await button.click()
        await expect(effort).to_have_value(level)
        await expect(button).to_contain_text("1")
        await page.keyboard.press("Escape")

    await page.route_web_socket(re.compile("_event"), between)
    await person.open("/")
    # More than a megabyte would cut the websocket, again and again.
    await button.click()
    system = panel.get_by_role("textbox", name="System prompt")
    await system.fill("S" * 100_001)
    await system.press("Tab")
    await expect(panel.get_by_role("alert")).to_contain_text("your text stays in this field")
    await system.fill("")
    await system.press("Tab")
    await expect(panel.get_by_role("alert")).to_have_count(0)
    await page.keyboard.press("Escape")
    await choose_unheard("low")
    request = await answered(person, gateway, "Tea?", "Hot.")
    assert request.body["reasoning_effort"] == "low"
    await choose_unheard("high")
    request = await answered(person, gateway, "And?", "Sweet.")
    assert request.body["reasoning_effort"] == "high"
    await person.new_chat()
    await expect(button).not_to_contain_text("1")
    request = await answered(person, gateway, "Coffee?", "Hotter.")
    assert "reasoning_effort" not in request.body


@pytest.mark.parametrize("damaged", ["{", "null"])
async def test_settings_of_which_a_browser_kept_nonsense_can_be_chosen(site, visit, damaged):
    person = await visit(site)
    page = person.page
    await page.evaluate("damaged => localStorage.setItem('chat-ui:settings:', damaged)", damaged)
    await page.reload()
    await person.arrived()
    button = page.get_by_role("button", name="Settings for this chat")
    await button.click()
    effort = page.get_by_role("combobox", name="Reasoning effort")
    await expect(effort).to_have_value("")
    await effort.select_option("low")
    await expect(button).to_contain_text("1")


async def test_what_no_longer_fits_is_said_where_it_is(site, visit, gateway):
    person = await visit(site)
    await answered(person, gateway, "T" * 200, "H" * 200)
    gauge = person.page.get_by_role("button", name=re.compile("^Context: 9"))
    await expect(gauge).to_be_visible()
    await expect(person.page.get_by_role("note")).to_have_count(0)
    request = await answered(person, gateway, "And?", "Sweet.")
    assert request.asked == [("user", "And?")]
    limit = person.page.get_by_role("note")
    await expect(limit).to_contain_text("Messages above this line are not sent")
    article = person.page.locator("article", has=limit)
    await expect(article).to_contain_text("And?")
    await person.page.get_by_role("button", name=re.compile("^Context:")).click()
    await expect(person.page.get_by_text("2 messages are left out by now")).to_be_visible()


async def test_messages_wait_for_the_end_of_an_answer_or_interrupt_it(site, visit, gateway):
    person = await visit(site)
    await person.say("Tea?")
    first = await gateway.next_request()
    await first.say("It is")
    asked = len(gateway.requests)
    await expect(person.answers.last).to_contain_text("It is")
    queued = person.page.get_by_role("list", name="Queued").get_by_role("listitem")
    for text in ("And milk?", "And sugar?", "And lemon?"):
        await person.say(text)
    await expect(queued).to_have_count(3)
    await expect(person.message_box).to_have_value("")
    await person.page.reload()
    await expect(queued).to_have_count(3)
    await queued.nth(2).get_by_role("button", name="Remove").click()
    await queued.nth(0).get_by_role("button", name="Take back").click()
    await expect(person.message_box).to_have_value("And milk?")
    await person.message_box.fill("And cream?")
    await person.button("Queue").click()
    await expect(queued).to_have_text([re.compile("And sugar"), re.compile("And cream")])
    assert len(gateway.requests) == asked

    await first.say(" hot.")
    await first.finish()
    second = await gateway.next_request()
    assert second.asked == [("user", "Tea?"), ("assistant", "It is hot."), ("user", "And sugar?")]
    await expect(queued).to_have_count(1)
    await second.say("Some")
    await expect(person.answers.last).to_contain_text("Some")

    await queued.get_by_role("button", name="Send now").click()
    await second.until_client_leaves()
    third = await reply(gateway, "Cream it is.")
    assert third.asked[-2:] == [("assistant", "Some"), ("user", "And cream?")]
    await expect(queued).to_have_count(0)
    await expect(person.answers.last).to_contain_text("Cream it is.")
    assert len(gateway.requests) == asked + 2

    await person.say("And?")
    fourth = await gateway.next_request()
    await fourth.say("Well")
    await expect(person.answers.last).to_contain_text("Well")
    await person.say("Held?")
    await person.button("Stop").click()
    await expect(person.page.get_by_text("Held back until you send it")).to_be_visible()
    await person.answers.last.get_by_role("button", name="More").click()
    await person.page.get_by_role("menuitem", name="Delete from here on").click()
    await expect(person.articles.last).to_have_attribute("data-role", "user")
    await person.button("Undo").click()
    await expect(person.answers.last).to_contain_text("Well")
    # A page that is opened later sends nothing by itself, not even what once was to be sent at once.
    await person.page.evaluate(MARK_AS_HURRIED)
    await person.page.reload()
    await expect(person.page.get_by_text("Held back until you send it")).to_be_visible()
    assert len(gateway.requests) == asked + 3
    await queued.get_by_role("button", name="Remove").click()


async def test_ctrl_enter_stops_an_answer_and_sends_at_once(site, visit, gateway):
    person = await visit(site)
    await person.message_box.fill("Some?")
    await person.button("Send").hover()
    mouse = person.page.mouse
    await mouse.down()
    await mouse.up()
    some = await gateway.next_request()
    await person.button("Stop").hover()
    # The second click of a double one, and one for Stop as the answer ends, are for what the button was.
    await mouse.down(click_count=2)
    await mouse.up(click_count=2)
    await person.message_box.fill("Half a")
    await person.page.evaluate(CLICK_AS_IT_ENDS)
    await some.say("Some.")
    await some.finish()
    await expect(person.answers.last).to_have_attribute("data-status", "complete")
    await expect(person.button("Send")).to_be_visible()
    await person.say("Half a thought, more?")
    more = await gateway.next_request()
    assert more.asked[1:] == [("assistant", "Some."), ("user", "Half a thought, more?")]
    await more.say("Mo")
    await expect(person.answers.last).to_contain_text("Mo")
    await person.message_box.fill("At once")
    await person.message_box.press("Control+Enter")
    await more.until_client_leaves()
    at_once = await reply(gateway, "Here.")
    assert at_once.asked[-2:] == [("assistant", "Mo"), ("user", "At once")]
    await expect(person.answers.last).to_contain_text("Here.")


async def test_what_is_taken_back_while_the_site_is_out_of_reach_is_never_sent(site, visit, gateway):
    person = await visit(site, "/settings", ready=False)
    page, sockets, said = person.page, [], []
    is_cut = False

    def between(socket):
        sockets.append(socket)
        server = socket.connect_to_server()
        if is_cut:
            # The handshake comes through: the page would wait 20 seconds for it, however soon it is cut.
            server.on_message(lambda frame: socket.send(frame) if frame.startswith("0") else None)
            socket.on_message(lambda frame: None)
        else:
            socket.on_message(lambda frame: (said.append(frame), server.send(frame)))

    await page.route_web_socket(re.compile("_event"), between)
    await person.open("/")
    await person.say("Tea?")
    first = await gateway.next_request()
    await first.say("Hot")
    await expect(person.answers.last).to_contain_text("Hot")
    await person.say("And milk?")
    await person.button("Stop").click()
    await expect(page.get_by_text("Held back until you send it")).to_be_visible()
    question, asked = person.articles.first, len(gateway.requests)
    await question.get_by_role("button", name="Edit").click()
    wording = page.get_by_role("textbox", name="New wording")
    await wording.fill("T" * 200_001)
    await wording.press("Enter")
    await expect(question.get_by_role("alert")).to_contain_text("your text is kept here")

    is_cut = True
    await sockets[-1].close()
    await wording.fill("Coffee?")
    await wording.press("Enter")
    await expect(person.button("Send edit")).to_be_disabled()
    await person.button("Cancel").click()
    await person.button("Send now").click()
    await person.button("Remove").click()
    await person.say("And sugar?")
    await expect(person.button("Send")).to_be_disabled()
    said.clear()
    is_cut = False
    await sockets[-1].close()

    request = await reply(gateway, "Sweet.")
    assert request.asked[-1] == ("user", "And sugar?")
    await expect(person.answers.last).to_contain_text("Sweet.")
    await expect(person.articles).to_have_count(4)

    # Told again, it may be; nothing else is.
    assert all("And sugar?" in frame for frame in said if '.send"' in frame)
    assert len(gateway.requests) == asked + 1


async def test_who_leaves_while_what_waited_is_sent_finds_it_answered_and_waiting_no_more(
    site, visit, gateway
):
    person = await visit(site, "/settings", ready=False)
    page, lost, is_slow = person.page, [], False

    def between(socket):
        server = socket.connect_to_server()
        socket.on_message(
            lambda frame: (lost.append if is_slow and '.send"' in frame else server.send)(frame)
        )

    await page.route_web_socket(re.compile("_event"), between)
    await person.open("/")
    await person.say("Lemon?")
    lemon = await gateway.next_request()
    await lemon.say("Sour")
    await expect(person.answers.last).to_contain_text("Sour")
    await person.say("And ice?")
    is_slow = True
    await lemon.finish()
    async with asyncio.timeout(30):
        while not lost:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await person.button("New chat").click()
    is_slow = False
    await reply(gateway, "Cold.")
    await page.get_by_role("link", name="Lemon?").first.click()
    await expect(person.answers.last).to_contain_text("Cold.")
    await expect(page.get_by_role("list", name="Queued")).to_be_hidden()
