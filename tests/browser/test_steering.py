"""Steering: other answers, other wordings, forks, and a way back from deleting."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.person import ESCAPE_OF_AN_INPUT_METHOD

IS_ON_TOP = """button => {
  const { x, y, width, height } = button.getBoundingClientRect();
  const parts = [0.1, 0.3, 0.5, 0.7, 0.9];
  const points = parts.flatMap(along => parts.map(down => [x + along * width, y + down * height]));
  return points.every(point => button.contains(document.elementFromPoint(...point)));
}"""
FADES_FROM = """() => {
  const dock = document.querySelector('.composer-dock');
  return dock.getBoundingClientRect().top - parseFloat(getComputedStyle(dock, '::before').height);
}"""


async def right_of(element):
    box = await element.bounding_box()
    return box["x"] + box["width"]


async def is_second_of_two(question):
    """Look for that at the question's edge: it stays there while nothing else can be done about it."""
    versions = question.get_by_role("group", name="Versions")
    await expect(versions).to_contain_text("2 / 2")
    assert await right_of(versions) == pytest.approx(await right_of(question), abs=8)


async def reply(gateway, text, reason="stop"):
    request = await gateway.next_request()
    await request.say(text)
    await request.finish(reason)
    return request


async def answered(person, gateway, question, answer):
    await person.say(question)
    request = await reply(gateway, answer)
    await expect(person.answers.last).to_contain_text(answer)
    await person.ended(person.answers.last)
    return request


def on(article, name):
    return article.get_by_role("button", name=name, exact=True)


async def test_what_ends_an_edit_comes_into_sight_with_it(site, visit, gateway):
    person = await visit(site, viewport={"width": 360, "height": 640})
    await answered(person, gateway, "Tea?", "It is hot, and so it goes on. " * 20 + "End.")
    await answered(person, gateway, "And then?", "Sweet.")
    await person.log.evaluate("log => log.scrollTo(0, 0)")
    await person.answers.first.get_by_role("button", name="Edit").click()
    await expect(person.page.get_by_role("textbox", name="New wording")).to_be_focused()
    save = await person.button("Save edit").bounding_box()
    # Above where the thread fades out, too.
    assert save["y"] + save["height"] <= await person.page.evaluate(FADES_FROM)
    for name in ("Cancel", "Save edit"):
        assert await person.button(name).evaluate(IS_ON_TOP), name
    await person.button("Cancel").click()
    await expect(person.button("Jump to the latest")).to_be_visible()


async def test_answers_are_regenerated_switched_and_shown_in_every_tab(site, visit, gateway):
    person = await visit(site)
    await answered(person, gateway, "Tea?", "Hot.")
    await answered(person, gateway, "And then?", "Sweet.")
    other = await visit(site, person.page.url.removeprefix(site.url))
    asked = len(gateway.requests)

    await on(person.answers.first, "Regenerate").dblclick()
    request = await reply(gateway, "Cold.")
    assert request.asked == [("user", "Tea?")]
    for tab in (person, other):
        await expect(tab.articles).to_have_count(2)
        await expect(tab.answers.first).to_contain_text("Cold.")
        await expect(tab.answers.first.get_by_role("group", name="Versions")).to_contain_text("2 / 2")
    await expect(person.message_box).to_be_focused()

    await on(person.answers.first, "Ask another model").click()
    await person.page.get_by_role("menuitem", name="model-b").click()
    request = await reply(gateway, "Iced.")
    assert request.body["model"] == "model-b"
    await expect(person.answers.first.get_by_role("group", name="Versions")).to_contain_text("3 / 3")
    await expect(person.answers.first).to_contain_text("Iced.")
    assert len(gateway.requests) == asked + 2

    await on(person.answers.first, "Previous version").click()
    await expect(person.answers.first).to_contain_text("Cold.")
    await expect(on(person.answers.first, "Previous version")).to_be_focused()
    await person.page.keyboard.press("Enter")
    for tab in (person, other):
        await expect(tab.articles).to_have_count(4)
        await expect(tab.answers.last).to_contain_text("Sweet.")
    await expect(on(person.answers.first, "Next version")).to_be_focused()
    await person.page.reload()
    await expect(person.answers.first.get_by_role("group", name="Versions")).to_contain_text("1 / 3")
    await expect(person.answers.last).to_contain_text("Sweet.")

    # A question goes with all its answers; what comes after stays.
    for article, name in ((person.articles.first, "answer"), (person.answers.first, "question")):
        await on(article, "More").click()
        await person.page.get_by_role("menuitem", name=f"Delete with its {name}").click()
        await expect(person.page.get_by_role("region", name="Undo")).to_contain_text("4 messages deleted")
        for tab in (person, other):
            await expect(tab.articles).to_have_count(2)
            await expect(tab.articles.first).to_contain_text("And then?")
        await person.button("Undo").click()
        for tab in (person, other):
            await expect(tab.articles).to_have_count(4)
            await expect(tab.articles.first).to_contain_text("Tea?")


async def test_a_tab_that_missed_what_was_said_elsewhere_makes_a_branch_and_loses_nothing(
    site, visit, gateway
):
    person = await visit(site)
    await answered(person, gateway, "Tea?", "Hot.")
    path = person.page.url.removeprefix(site.url)
    stale = await visit(site, "/settings", ready=False)
    missed, hold = [], asyncio.Event()

    def between(socket):
        server = socket.connect_to_server()
        server.on_message(lambda said: missed.append((socket, said)) if hold.is_set() else socket.send(said))

    await stale.page.route_web_socket(re.compile("_event"), between)
    await stale.open(path)
    await expect(stale.articles).to_have_count(2)
    hold.set()

    await answered(person, gateway, "With milk?", "Yes.")
    await expect(stale.articles).to_have_count(2)
    await stale.say("With sugar?")
    request = await gateway.next_request()
    assert request.asked == [("user", "Tea?"), ("assistant", "Hot."), ("user", "With sugar?")]
    await request.say("No.")
    await request.finish()
    hold.clear()
    for socket, said in missed:
        socket.send(said)

    for tab in (person, stale):
        await expect(tab.articles).to_have_count(4)
        await expect(tab.answers.last).to_contain_text("No.")
        await expect(tab.articles.nth(2)).to_contain_text("2 / 2")
    await on(person.articles.nth(2), "Previous version").click()
    await expect(person.answers.last).to_contain_text("Yes.")


async def test_what_is_reworded_shows_in_every_tab_and_each_message_is_one_request(site, visit, gateway):
    person, before = await visit(site), len(gateway.requests)
    await answered(person, gateway, "Tea?", "Hot.")
    other = await visit(site, person.page.url.removeprefix(site.url))
    questions = person.page.locator('article[data-role="user"]')

    await person.message_box.press("ArrowUp")
    field = person.page.get_by_role("textbox", name="New wording")
    await expect(field).to_have_value("Tea?")
    await field.fill("Coffee?")
    await person.page.reload()
    await on(questions.first, "Edit").click()
    await expect(field).to_have_value("Coffee?")
    await person.page.evaluate(ESCAPE_OF_AN_INPUT_METHOD)
    await field.press("Escape")
    await expect(on(questions.first, "Edit")).to_be_focused()
    await person.page.keyboard.press("Enter")
    await expect(field).to_have_value("Tea?")
    await field.fill("Coffee?")
    await field.press("Enter")
    request = await reply(gateway, "Hotter.")
    assert request.asked == [("user", "Coffee?")]
    await expect(questions.first).to_contain_text("Coffee?")
    await is_second_of_two(questions.first)
    await expect(person.answers.last).to_contain_text("Hotter.")
    await expect(other.articles.first).to_contain_text("Coffee?")
    await expect(other.answers.last).to_contain_text("Hotter.")

    await on(person.answers.last, "Edit").click()
    await field.fill("**Hottest.**")
    await person.button("Save edit").click()
    await expect(person.answers.last.get_by_text("Hottest.")).to_be_visible()
    await expect(person.answers.last).to_contain_text("Edited")
    for tab in (person, other):
        await expect(tab.answers.last).to_contain_text("Hottest.")
        await expect(tab.answers.last.get_by_role("group", name="Versions")).to_contain_text("2 / 2")

    old = person.page.url
    await on(person.answers.last, "More").click()
    await person.page.get_by_role("menuitem", name="Fork into a new chat").click()
    await expect(person.page).not_to_have_url(old)
    await expect(person.page.get_by_role("heading", level=1)).to_have_text("Fork: Tea?")
    await expect(person.answers.last.get_by_text("Hottest.")).to_be_visible()
    await expect(person.articles).to_have_count(2)
    request = await answered(person, gateway, "Sure?", "Quite.")
    assert [text for _, text in request.asked] == ["Coffee?", "**Hottest.**", "Sure?"]

    await on(person.answers.last, "Regenerate").click()
    await reply(gateway, "Not", "length")
    await on(person.answers.last, "Continue").click()
    await reply(gateway, " at all.")
    await expect(person.answers.last).to_contain_text("Not at all.")
    await person.ended(person.answers.last)
    await person.page.reload()
    await expect(person.answers.last).to_contain_text("Not at all.")
    # Tea, its edit, the question in the fork, another answer to that, and its rest: no title, nothing else.
    assert len(gateway.requests) == before + 5


async def test_what_is_deleted_comes_back_from_every_tab_over_a_reload(site, visit, gateway):
    person = await visit(site)
    await answered(person, gateway, "Tea?", "Hot.")
    await answered(person, gateway, "And then?", "Sweet.")
    path = person.page.url.removeprefix(site.url)
    other = await visit(site, path)
    undo = person.button("Undo")

    async def delete(article):
        await on(article, "More").click()
        await person.page.get_by_role("menuitem", name="Delete from here on").click()

    await person.message_box.fill("A draft\n" * 20)
    await delete(person.page.locator('article[data-role="user"]').last)
    await expect(person.page.locator("section").get_by_text("2 messages deleted")).to_be_visible()
    await expect(person.page.locator("[data-announcements]")).to_contain_text("2 messages deleted")
    bar, draft = [await it.bounding_box() for it in (undo, person.message_box)]
    assert bar["y"] + bar["height"] <= draft["y"]
    await expect(undo).to_be_focused()
    for tab in (person, other):
        await expect(tab.articles).to_have_count(2)
    await expect(other.button("Undo")).to_have_count(0)
    await person.page.reload()
    await expect(person.articles).to_have_count(2)
    await expect(undo).to_be_visible()
    await expect(undo).not_to_be_focused()
    await undo.click()
    for tab in (person, other):
        await expect(tab.articles).to_have_count(4)
        await expect(tab.answers.last).to_contain_text("Sweet.")

    await person.say("And now?")
    request = await gateway.next_request()
    await request.say("So far")
    await expect(person.answers.last).to_contain_text("So far")
    await delete(person.page.locator('article[data-role="user"]').last)
    await request.until_client_leaves()
    await expect(person.articles).to_have_count(4)
    await undo.click()
    await expect(person.answers.last).to_have_attribute("data-status", "stopped")
    await expect(person.answers.last).to_contain_text("So far")

    await person.page.get_by_role("button", name="Actions for Tea?").first.click()
    await person.page.get_by_role("menuitem", name="Delete").click()
    await expect(person.page).to_have_url(re.compile(r"/$"))
    await expect(other.page.get_by_text("This conversation was deleted.")).to_be_visible()
    await undo.click()
    await expect(person.page).to_have_url(re.compile(re.escape(path)))
    for tab in (person, other):
        await expect(tab.articles).to_have_count(6)
    await expect(undo).to_have_count(0)
