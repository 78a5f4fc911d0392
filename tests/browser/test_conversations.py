"""The list of conversations: open, rename, delete."""

import asyncio
import re
import sqlite3
from contextlib import closing

import pytest
from playwright.async_api import expect

from chat_ui.chat.service import DATABASE
from tests.browser.person import ESCAPE_OF_AN_INPUT_METHOD, becomes

# How far to the right a row's words are seen, and where its button begins.
EDGES = """row => {
  const link = row.querySelector('a');
  const words = new Range();
  words.selectNodeContents(link);
  const { paddingRight } = getComputedStyle(link);
  const seen = link.getBoundingClientRect().right - parseFloat(paddingRight);
  const button = row.querySelector('button').getBoundingClientRect();
  return [Math.min(words.getBoundingClientRect().right, seen), button.left];
}"""
NOBODYS = "01a1f8a0-44c0-7c24-b3ad-24ddb4d5d31e"


async def delete(person, title):
    await person.button(f"Actions for {title}").click()
    await person.page.get_by_role("menuitem", name="Delete").click()
    await expect(person.sidebar.get_by_role("link", name=title)).to_have_count(0)


async def test_it_lists_the_newest_first_under_its_day(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("The first in 5 words")
    await person.new_chat()
    await person.ask("The second in 5 words")

    links = person.sidebar.get_by_role("link")
    await expect(links.first).to_have_text("The second in 5 words")
    await expect(links.nth(1)).to_have_text("The first in 5 words")
    await expect(person.sidebar.get_by_role("heading", name="Today")).to_have_count(1)
    await expect(links.first).to_have_attribute("aria-current", "page")
    await person.page.get_by_role("link", name="Settings").click()
    await expect(person.page.get_by_role("textbox", name="Temperature")).to_be_visible()
    await expect(links.first).to_have_attribute("aria-current", "false")
    await person.page.go_back()
    await expect(links.first).to_have_attribute("aria-current", "page")


async def test_new_chat_leaves_the_old_one_alone(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("Hello in 5 words")
    await person.new_chat()

    await expect(person.page.get_by_text("What would you like to know?")).to_be_visible()
    await person.sidebar.get_by_role("link", name="Hello in 5 words").first.click()
    await expect(person.articles).to_have_count(2)
    await expect(person.answers.last).to_contain_text("w5")


async def test_a_rename_shows_in_every_tab_and_after_a_reload(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("An old name of 3 words")
    other = await visit(demo_site)
    await person.page.get_by_role("button", name="Actions for An old name of 3 words").click()
    await person.page.get_by_role("menuitem", name="Rename").click()
    await person.page.get_by_role("textbox", name="Title").fill("A new name")
    await person.page.evaluate(ESCAPE_OF_AN_INPUT_METHOD)
    await person.page.keyboard.press("Enter")

    for tab in (person, other):
        await expect(tab.sidebar.get_by_role("link").first).to_have_text("A new name")
    await expect(person.page).to_have_title("A new name · Chat UI")
    await expect(person.page.get_by_role("heading", level=1)).to_have_text("A new name")
    await other.page.reload()
    await expect(other.sidebar.get_by_role("link").first).to_have_text("A new name")


@pytest.mark.parametrize("title", ["A long name of 3 words", "שם ארוך של 3 מילים"])
async def test_no_name_lies_under_what_can_be_done_with_it(demo_site, visit, title):
    title += f" {title}" * 3
    person = await visit(demo_site)
    await person.ask(title)
    row = person.sidebar.get_by_role("listitem").first
    await expect(row).to_contain_text(title[:20])
    [words, actions] = await row.evaluate(EDGES)
    assert words <= actions


async def test_a_long_name_is_typed_anew_from_its_first_words(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("Long name of 3 words, most of which is out of sight beside it")
    await person.sidebar.get_by_role("button", name="Actions for Long name of 3 words").first.click()
    await person.page.get_by_role("menuitem", name="Rename").click()
    field = person.page.get_by_role("textbox", name="Title")
    await expect(field).to_be_focused()
    shown = "e => [e.scrollWidth > e.clientWidth, e.scrollLeft, e.selectionEnd - e.selectionStart]"
    assert await field.evaluate(shown) == [True, 0, len(await field.input_value())]


async def test_enter_that_is_held_down_on_rename_opens_the_field_and_leaves_it_open(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("Held name of 3 words")
    await person.page.get_by_role("button", name="Actions for Held name of 3 words").first.click()
    await person.page.get_by_role("menuitem", name="Rename").focus()
    field = person.page.get_by_role("textbox", name="Title")
    await person.page.keyboard.down("Enter")
    await expect(field).to_be_focused()
    for _ in range(3):
        # Pressed again without having been let go, as a key repeats itself.
        await person.page.keyboard.down("Enter")
    await person.page.keyboard.up("Enter")
    await field.fill("Another name")
    await person.page.keyboard.press("Enter")
    await expect(person.sidebar.get_by_role("link").first).to_have_text("Another name")


async def test_escape_leaves_the_name_as_it_was(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("Steady name of 3 words")
    await person.page.get_by_role("button", name="Actions for Steady name of 3 words").first.click()
    await person.page.get_by_role("menuitem", name="Rename").click()
    await person.page.get_by_role("textbox", name="Title").fill("Something else")
    await person.page.keyboard.press("Escape")

    await expect(person.sidebar.get_by_role("link").first).to_have_text("Steady name of 3 words")


async def test_what_was_deleted_comes_back_one_after_the_other_the_last_first(demo_site, visit):
    person = await visit(demo_site)
    titles = ("Deleted first in 3 words", "Deleted last in 3 words")
    for title in titles:
        await person.ask(title)
        await person.new_chat()
    rows = [person.sidebar.get_by_role("link", name=title) for title in titles]
    for title in titles:
        await delete(person, title)

    bar = person.page.get_by_role("region", name="Undo")
    for title, row in reversed([*zip(titles, rows, strict=True)]):
        await expect(bar).to_contain_text(f"Conversation deleted: “{title}”")
        await expect(person.button("Undo")).to_be_focused()
        await person.page.keyboard.press("Enter")
        await expect(row).to_have_count(1)
    await expect(bar).to_have_count(0)


async def test_undo_clicked_twice_brings_back_one(demo_site, visit):
    person = await visit(demo_site)
    titles = ("Stays away in 3 words", "Back at once in 3 words")
    for title in titles:
        await person.ask(title)
        await person.new_chat()
    for title in titles:
        await delete(person, title)

    bar, undo = person.page.get_by_role("region", name="Undo"), person.button("Undo")
    for click in (1, 2):
        await undo.hover()
        await person.page.mouse.down(click_count=click)
        await person.page.mouse.up(click_count=click)
        await expect(bar).to_contain_text(titles[0])
    # The site does one thing after the other, so it is done with the second click after these.
    await delete(person, titles[1])
    await undo.click()
    await expect(bar).to_contain_text(titles[0])
    await expect(person.sidebar.get_by_role("link", name=titles[0])).to_have_count(0)


async def test_a_key_held_down_on_undo_brings_back_one(demo_site, visit):
    person = await visit(demo_site)
    titles = ("Held back in 3 words", "Let go in 3 words")
    for title in titles:
        await person.ask(title)
        await person.new_chat()
    for title in titles:
        await delete(person, title)

    bar, keyboard = person.page.get_by_role("region", name="Undo"), person.page.keyboard
    await expect(person.button("Undo")).to_be_focused()
    await keyboard.down("Enter")
    await expect(bar).to_contain_text(titles[0])
    await expect(person.button("Undo")).to_be_focused()
    await keyboard.down("Enter")
    await keyboard.up("Enter")
    # The site does one thing after the other, so it is done with the key after these.
    await delete(person, titles[1])
    await keyboard.press("Enter")
    await expect(bar).to_contain_text(titles[0])
    await expect(person.sidebar.get_by_role("link", name=titles[0])).to_have_count(0)


async def test_a_title_that_is_refused_stays_in_its_field(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("Away and back in 3 words")
    id = person.page.url.rpartition("/")[2]

    def tell_the_database(statement: str) -> None:
        with closing(sqlite3.connect(demo_site.data_dir / DATABASE)) as database, database:
            database.execute(statement)

    async def is_refused(times: int) -> None:
        # The words of the second time are those of the first.
        async def has_come() -> bool:
            return sum("There is no such conversation" in frame for frame in person.received) >= times

        await becomes(has_come)
        await expect(person.sidebar.get_by_role("alert")).to_contain_text("There is no such conversation")
        await expect(field).to_have_value("A better name")
        await expect(field).to_be_focused()

    await person.page.get_by_role("button", name="Actions for Away and back in 3 words").click()
    await person.page.get_by_role("menuitem", name="Rename").click()
    field = person.page.get_by_role("textbox", name="Title")
    await field.fill("A better name")
    # Its title alone is out of reach: one that is deleted leaves the list, as soon as that is read again.
    tell_the_database(
        f"CREATE TRIGGER unnamed BEFORE UPDATE OF title ON conversation WHEN old.id = '{id}'"
        " BEGIN SELECT RAISE(IGNORE); END"
    )
    for times in (1, 2):
        await field.press("Enter")
        await is_refused(times)
    tell_the_database("DROP TRIGGER unnamed")
    await field.press("Enter")
    await expect(person.sidebar.get_by_role("link").first).to_have_text("A better name")
    await expect(person.sidebar.get_by_role("link").first).to_be_focused()


async def test_a_deleted_conversation_is_gone_from_every_tab(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("Soon to go in 5 words")
    path = person.page.url.removeprefix(demo_site.url)
    other = await visit(demo_site, path)
    await person.page.get_by_role("button", name="Actions for Soon to go in 5 words").click()
    await person.page.get_by_role("menuitem", name="Delete").click()

    await expect(person.page).to_have_url(re.compile(r"/$"))
    await expect(person.sidebar.get_by_role("link", name="Soon to go in 5 words")).to_have_count(0)
    await expect(other.page.get_by_text("This conversation was deleted.")).to_be_visible()
    await other.page.reload()
    await expect(other.page.get_by_text("There is no such conversation.")).to_be_visible()


async def test_a_conversation_that_is_not_there_says_so(demo_site, visit):
    person = await visit(demo_site)
    for path in (f"/c/{NOBODYS}", "/c/nonsense", "/c/..%2f..%2fetc", "/c/" + "x" * 3000):
        await person.page.goto(demo_site.url + path)
        await expect(person.page.get_by_text("There is no such conversation.")).to_be_visible()
        await person.page.get_by_role("button", name="Start a new chat").click()
        await expect(person.page.get_by_text("What would you like to know?")).to_be_visible()


async def test_a_draft_survives_a_reload_and_belongs_to_its_conversation(demo_site, visit):
    person = await visit(demo_site)
    await person.ask("Hello in 5 words")
    await person.message_box.fill("half a thought")
    await person.page.reload()
    await expect(person.message_box).to_have_value("half a thought")

    await person.new_chat()
    await expect(person.message_box).to_have_value("")
    await person.page.evaluate("history.back()")
    await expect(person.message_box).to_have_value("half a thought")


async def test_what_is_typed_before_the_page_has_its_scripts_is_kept(demo_site, visit):
    person = await visit(demo_site)
    await person.message_box.fill("A draft")
    come = asyncio.Event()

    async def hold(route):
        await come.wait()
        await route.continue_()

    await person.page.route("**/*.js", hold)
    await person.page.reload(wait_until="commit")
    await person.message_box.fill("Typed early")
    come.set()

    await person.arrived()
    await expect(person.message_box).to_have_value("A draft\nTyped early")
    await person.page.reload()
    await expect(person.message_box).to_have_value("A draft\nTyped early")
