"""Choosing a model: several gateways at once, one of them down, remembered, found by typing."""

import pytest
import pytest_asyncio
from playwright.async_api import WebSocketRoute, expect

from tests.browser.person import becomes
from tests.browser.test_accessibility import SMALL_LETTERS
from tests.scripted import ScriptedGateway

TABLES = """
[[gateways]]
name = "first"
label = "First house"
base_url = "{first}"

[[gateways]]
name = "asleep"
base_url = "{asleep}"

[[gateways]]
name = "second"
label = "Second house"
base_url = "{second}"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def houses():
    many = [f"lab/model-{number}" for number in range(1, 15)]
    told = {
        "id": "model-c",
        "name": "The third",
        "context_window": 131072,
        "capabilities": ["vision", "tool_calling", "reasoning"],
    }
    told |= {"input_per_1m": "0.15", "output_per_1m": "0.6", "currency": "usd"}
    async with (
        ScriptedGateway("model-a", "model-b", told) as first,
        ScriptedGateway() as asleep,
        ScriptedGateway(*many) as second,
    ):
        first.greeting, second.greeting = "The first answers", "The second answers"
        asleep.down = True
        yield first, asleep, second


@pytest.fixture(scope="module")
def site(houses, start_site, tmp_path_factory):
    first, asleep, second = houses
    file = tmp_path_factory.mktemp("settings") / "gateways.toml"
    file.write_text(
        TABLES.format(first=first.base_url, asleep=asleep.base_url, second=second.base_url), encoding="utf-8"
    )
    return start_site(CHAT_UI_CONFIG=str(file))


async def open_menu(person):
    await person.model.click()
    return person.page.get_by_role("menu", name="Model")


async def test_models_are_grouped_by_gateway_and_one_that_is_down_says_so(site, visit):
    person = await visit(site)
    menu = await open_menu(person)

    first = menu.get_by_role("group", name="First house")
    about = "The third · 131k context · vision, tools, reasoning · $0.15 / $0.60 per 1M"
    await expect(first.get_by_role("menuitemradio")).to_have_text(["model-a", "model-b", f"model-c{about}"])
    await expect(first.get_by_role("menuitemradio", name="model-a")).to_be_checked()
    second = menu.get_by_role("group", name="Second house")
    await expect(second.get_by_role("menuitemradio")).to_have_count(14)
    asleep = menu.get_by_role("group", name="asleep")
    await expect(asleep.get_by_role("menuitemradio")).to_have_count(0)
    await expect(asleep).to_contain_text("problem of its own")


async def test_a_choice_answers_and_is_remembered_here_and_for_the_next_chat(site, visit, houses):
    first, _, second = houses
    person = await visit(site)
    button = person.model
    menu = await open_menu(person)
    await menu.get_by_role("menuitemradio", name="lab/model-7").click()
    await expect(button).to_have_text("lab/model-7")
    await person.page.reload()
    await expect(button).to_have_text("lab/model-7")

    await expect(await person.ask("Who is there?")).to_contain_text("The second answers")
    assert second.requests[-1].body["model"] == "lab/model-7"
    conversation = person.page.url.removeprefix(site.url)
    await person.new_chat()
    await expect(button).to_have_text("lab/model-7")
    await (await open_menu(person)).get_by_role("menuitemradio", name="model-b").click()
    await expect(await person.ask("And now?")).to_contain_text("The first answers")
    assert first.requests[-1].body["model"] == "model-b"

    await person.open(conversation)
    await expect(button).to_have_text("lab/model-7")
    await (await open_menu(person)).get_by_role("menuitemradio", name="lab/model-9").click()
    elsewhere = await visit(site, conversation)
    await expect(elsewhere.model).to_have_text("lab/model-9")


async def test_what_is_sent_at_once_goes_to_the_model_that_was_chosen(site, visit, houses):
    first, _, second = houses
    person = await visit(site)
    held: list[str | bytes] = []
    heard: list[str | bytes] = []
    is_held = False
    renamed = ("", "")
    sockets: list[WebSocketRoute] = []

    def pass_on(frame: str | bytes) -> None:
        heard.append(frame)
        if is_held:
            held.append(frame)
        else:
            sockets[-1].send(frame)

    def listen(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        server = socket.connect_to_server()
        server.on_message(pass_on)
        socket.on_message(lambda frame: server.send(str(frame).replace(*renamed) if renamed[0] else frame))

    await person.page.route_web_socket("**/_event/**", listen)
    await person.open()
    named = await person.model.inner_text()
    other, house, words = (
        ("model-b", first, "first") if named != "model-b" else ("lab/model-2", second, "second")
    )
    menu = await open_menu(person)
    choice = menu.get_by_role("menuitemradio", name=other, exact=True)
    await expect(choice).to_be_visible()
    # What the server says of the choice comes when the message is on its way.
    is_held = True
    await choice.click()
    await person.say("Who is there?")
    is_held = False
    for frame in held:
        sockets[-1].send(frame)
    await expect(person.answers.first).to_contain_text(f"The {words} answers")
    assert house.requests[-1].body["model"] == other
    await person.ended(person.answers.first)

    # The server knows no such model: the page goes back to the one that it has.
    renamed = ("lab/model-5", "lab/model-x")
    menu = await open_menu(person)
    heard.clear()
    await menu.get_by_role("menuitemradio", name="lab/model-5", exact=True).click()
    await becomes(lambda: has_heard(heard))
    renamed = ("", "")
    await expect(person.model).to_have_text(other)
    await expect(await person.ask("And now?")).to_contain_text(f"The {words} answers")
    assert house.requests[-1].body["model"] == other


async def has_heard(frames):
    return any('"heard' in str(frame) for frame in frames)


async def test_a_model_for_new_chats_is_a_persons_own_in_every_browser(site, visit):
    here = await visit(site, "/settings", ready=False)
    field = here.page.get_by_role("combobox", name="Model of a new chat")
    there = await visit(site)

    async def begins_with(model):
        await there.open()
        return await there.model.inner_text() == model

    await field.select_option("lab/model-3")
    await becomes(lambda: begins_with("lab/model-3"))
    await (await open_menu(there)).get_by_role("menuitemradio", name="model-b").click()
    await expect(there.model).to_have_text("model-b")
    await there.page.reload()
    await expect(there.model).to_have_text("lab/model-3")

    await here.page.reload()
    await expect(field).to_have_value("second/lab/model-3")
    await field.select_option("The one that was chosen last")
    await becomes(lambda: begins_with("model-b"))


async def test_a_long_list_can_be_searched_by_keyboard_alone(site, visit):
    person = await visit(site)
    keyboard = person.page.keyboard
    await person.model.focus()
    await keyboard.press("Enter")
    menu = person.page.get_by_role("menu", name="Model")
    field = person.page.get_by_role("searchbox", name="Find a model")
    await expect(field).to_be_focused()
    await expect(menu.get_by_role("menuitemradio")).to_have_count(17)

    await keyboard.type("the third")
    await expect(menu.get_by_role("menuitemradio")).to_have_count(1)
    await field.fill("second 1")
    await expect(menu.get_by_role("menuitemradio")).to_have_count(6)
    await expect(menu.get_by_role("group", name="First house")).to_be_hidden()
    await keyboard.press("ArrowDown")
    await keyboard.press("ArrowDown")
    await expect(menu.get_by_role("menuitemradio", name="lab/model-10")).to_be_focused()
    await keyboard.type("2")
    await expect(field).to_have_value("second 12")
    await keyboard.press("Enter")
    await expect(person.model).to_have_text("lab/model-12")

    await person.page.set_viewport_size({"width": 360, "height": 740})
    await open_menu(person)
    assert await person.page.evaluate(SMALL_LETTERS) == []
    await field.fill("nothing like it")
    await expect(person.page.get_by_text("Nothing by that name")).to_be_visible()
    await keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(person.model).to_be_focused()


async def test_a_long_list_lies_within_the_thread_above_its_button_and_beneath(site, visit):
    person = await visit(site)
    # There is room for all of them neither above a button nor beneath it.
    await person.page.set_viewport_size({"width": 1280, "height": 720})
    for question in ("One", "Two", "Three"):
        await person.ask(question)
    thread = await person.log.bounding_box()
    for answer in (person.answers.first, person.answers.last):
        await answer.get_by_role("button", name="Ask another model").click()
        panel = person.page.locator(".menu-panel")
        await expect(panel.get_by_role("menuitem")).to_have_count(17)
        box = await panel.bounding_box()
        assert thread["y"] < box["y"]
        assert box["y"] + box["height"] < thread["y"] + thread["height"]
        await person.page.keyboard.press("Escape")
        await expect(panel).to_have_count(0)
