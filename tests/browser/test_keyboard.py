"""The page by keyboard alone: its shortcuts, and where the focus is after each action."""

import re

from playwright.async_api import expect

from tests.browser.person import becomes, has_copied

LONG = "A long answer of 2000 tokens, please"
FOCUS = """() => {
  const it = document.activeElement;
  if (it === document.body) return 'nothing';
  return it.getAttribute('aria-label') || it.textContent.trim() || it.tagName;
}"""
# Each control that is seen, by a number: those within a closed menu or dialog aren't there.
NUMBER = """() => {
  const all = 'a[href], button:not(:disabled), input, textarea, summary, [tabindex="0"]';
  let count = 0;
  for (const it of document.querySelectorAll(all)) if (it.checkVisibility()) it.dataset.number = ++count;
  return count;
}"""
PREVENTED = """keys => {
  const stolen = keys.filter(([key, held]) => {
    const event = new KeyboardEvent('keydown', { key, [held]: true, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(event);
    return event.defaultPrevented;
  });
  return stolen.map(([key, held]) => `${held} ${key}`);
}"""


# A script that asks for a size makes it lose the focus at once, in place of in the next frame.
DISABLE_FOR_A_MOMENT = """async button => {
  button.disabled = true;
  button.getBoundingClientRect();
  await new Promise(resolve => setTimeout(resolve));
  const lost = document.activeElement === document.body;
  button.disabled = false;
  await new Promise(requestAnimationFrame);
  return lost;
}"""


async def focus(person) -> str:
    return await person.page.evaluate(FOCUS)


async def has_focus(person) -> bool:
    return await focus(person) not in ("nothing", "BODY")


async def test_the_list_of_shortcuts_opens_holds_the_focus_and_gives_it_back(demo_site, visit):
    person = await visit(demo_site)
    page = person.page
    await person.message_box.fill("Why")
    await person.message_box.press("?")
    await expect(person.message_box).to_have_value("Why?")
    await person.message_box.fill("")
    await person.button("New chat").focus()

    await page.keyboard.press("?")

    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    for words in ("Latest answer", "Ctrl+Enter", "Up arrow"):
        await expect(dialog.get_by_text(words)).to_be_visible()
    for _ in range(12):
        await page.keyboard.press("Tab")
        # The browser's own bar is the only other stop; a page without one is "nothing".
        held = "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        assert await page.evaluate(held)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(person.button("New chat")).to_be_focused()

    await person.button("Shortcuts").click()
    await dialog.get_by_role("checkbox").uncheck()
    await dialog.get_by_role("button", name="Close").click()
    await page.keyboard.press("?")
    await expect(dialog).to_have_count(0)


async def test_letters_are_keys_outside_of_fields_and_none_is_the_browsers(demo_site, visit):
    person = await visit(demo_site, permissions=["clipboard-read", "clipboard-write"])
    page = person.page
    await person.ask("Hello in 5 words")
    await person.ask("Hello again, in 5 words")
    await page.keyboard.press("Escape")
    await expect(person.log).to_be_focused()

    await page.keyboard.press("l")
    await expect(person.answers.last).to_be_focused()
    await page.keyboard.press("k")
    await expect(person.articles.nth(2)).to_be_focused()
    await page.keyboard.press("c")
    await has_copied(page, "Hello again, in 5 words")
    # Without the newer way there is an older one, and where that is refused, too, it is said.
    await page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    copy = person.articles.first.get_by_role("button", name="Copy", exact=True)
    await copy.press("Enter")
    await has_copied(page, "Hello in 5 words")
    await expect(copy).to_be_focused()
    await page.evaluate("() => { document.execCommand = () => false }")
    await copy.press("Enter")
    await expect(copy.get_by_text("didn't let this be copied")).to_be_attached()
    await person.articles.nth(2).focus()
    await page.keyboard.press("j")
    await expect(person.answers.last).to_be_focused()
    await page.keyboard.press("s")
    await expect(person.sidebar).to_be_hidden()
    await page.keyboard.press("s")
    await expect(person.sidebar).to_be_visible()
    for key in "FKLNRSTW.?":
        assert await page.evaluate(PREVENTED, [[key, "ctrlKey"], [key, "metaKey"], [key, "altKey"]]) == []
    await page.keyboard.press("m")
    await expect(person.message_box).to_be_focused()
    await expect(person.message_box).to_have_value("")

    await person.say(LONG)
    await expect(person.answers).to_have_count(3)
    await person.seen_at_least(person.answers.last, 3)
    await page.keyboard.press("Escape")
    # Neither the answer that grows nor the one before it is asked for anew.
    await page.keyboard.press("r")
    await page.keyboard.press(".")
    await expect(person.answers.last).to_have_attribute("data-status", "stopped")
    await expect(person.answers).to_have_count(3)
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await expect(page).to_have_url(re.compile(r"/$"))


async def test_tab_comes_to_every_control_and_first_to_the_latest_answer(demo_site, visit):
    person = await visit(demo_site)
    page = person.page
    await person.ask("Write a short code example")
    await page.reload()
    await person.arrived()
    await expect(person.sidebar.get_by_role("link", name="Write a short code example").first).to_be_visible()
    await expect(person.answers.last.get_by_role("figure")).to_have_count(2)
    await page.evaluate("document.activeElement.blur()")
    count = await page.evaluate(NUMBER)
    seen = set()
    for _ in range(count + 2):
        await page.keyboard.press("Tab")
        seen.add(await page.evaluate("document.activeElement.dataset.number"))
    unseen = [number for number in range(1, count + 1) if str(number) not in seen]
    assert [await page.locator(f'[data-number="{number}"]').aria_snapshot() for number in unseen] == []

    await page.reload()
    await expect(person.answers.last.get_by_role("figure")).to_have_count(2)
    await person.button("Skip to the latest answer").focus()
    await page.keyboard.press("Enter")
    await expect(person.answers.last).to_be_focused()


async def test_the_focus_is_never_lost_after_an_action(demo_site, visit):
    person = await visit(demo_site)
    page = person.page
    await page.get_by_role("button", name="Connect a gateway").last.click()
    await expect(page.get_by_role("textbox", name="Base URL")).to_be_focused()
    await person.button("Cancel").press("Enter")
    await expect(page.get_by_role("textbox", name="Base URL")).to_have_count(0)
    assert await focus(person) != "nothing"

    await person.button("Compare three options in a table").press("Enter")
    await person.ended(person.answers.last)
    await expect(person.message_box).to_be_focused()
    await person.say(LONG)
    await person.seen_at_least(person.answers.last, 3)
    await person.button("Stop").press("Enter")
    await expect(person.answers.last).to_have_attribute("data-status", "stopped")
    await expect(person.message_box).to_be_focused()
    await person.button("Continue").press("Enter")
    await expect(person.answers.last).to_have_attribute("data-status", "streaming")
    assert await focus(person) not in ("nothing", "BODY")
    await person.button("Stop").press("Enter")

    await person.model.press("Enter")
    await page.get_by_role("menuitemradio").first.press("Enter")
    await expect(person.model).to_be_focused()
    await person.model.press("Enter")
    await page.keyboard.press("Escape")
    await expect(person.model).to_be_focused()

    await person.button("New chat").press("Enter")
    await expect(person.message_box).to_be_focused()
    await expect(person.articles).to_have_count(0)
    await person.ask("Hello in 5 words")
    actions = page.get_by_role("button", name="Actions for Compare three options in a table").first
    await actions.press("Enter")
    await page.get_by_role("menuitem", name="Rename").press("Enter")
    await expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    await page.keyboard.press("Enter")
    rows = person.sidebar.get_by_role("link", name="Compare three options in a table")
    await expect(rows.first).to_be_focused()
    before = await rows.count()
    await actions.press("Enter")
    await page.get_by_role("menuitem", name="Delete").press("Enter")
    await expect(rows).to_have_count(before - 1)
    await becomes(lambda: has_focus(person))
    await page.get_by_role("button", name="Actions for Hello in 5 words").first.press("Enter")
    await page.get_by_role("menuitem", name="Delete").press("Enter")
    await expect(person.message_box).to_be_focused()
    await expect(page).to_have_url(re.compile(r"/$"))


async def test_a_button_that_is_disabled_for_a_moment_keeps_the_focus(demo_site, visit):
    person = await visit(demo_site)
    await person.button("New chat").focus()
    assert await person.button("New chat").evaluate(DISABLE_FOR_A_MOMENT)
    await expect(person.button("New chat")).to_be_focused()


async def test_arrows_go_round_a_menu_and_into_it_from_either_end(demo_site, visit):
    person = await visit(demo_site)
    page = person.page
    await person.ask("Hello in 5 words")
    await page.get_by_role("button", name="Actions for Hello in 5 words").first.press("Enter")
    first, last = (page.get_by_role("menuitem", name=name) for name in ("Rename", "Delete"))
    await expect(first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(last).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(first).to_be_focused()
    # As by a click beside the items.
    await page.locator(".menu-panel").focus()
    await page.keyboard.press("ArrowUp")
    await expect(last).to_be_focused()
    await page.locator(".menu-panel").focus()
    await page.keyboard.press("ArrowDown")
    await expect(first).to_be_focused()
