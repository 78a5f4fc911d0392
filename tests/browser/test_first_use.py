"""What a stranger meets who has just started the site."""

import asyncio
import re

from playwright.async_api import expect

from tests.browser.person import ANSWER_WITHIN_MS, becomes

MOST_AT_FIRST = 450 * 1024
# What came over the network for the page, its own document included: bytes by name.
LOADED = """() => Object.fromEntries(
  performance.getEntries()
    .filter(entry => "transferSize" in entry)
    .map(entry => [entry.name, entry.transferSize]))"""

# How often something of a name came over the network, or was said to be the same.
FETCHED = """name => performance.getEntriesByType("resource")
  .filter(entry => entry.name.endsWith(name) && entry.transferSize > 0).length"""

# One storage is forbidden, the other one is full.
KEEPS_NOTHING = """
Object.defineProperty(window, "localStorage", {
  configurable: true,
  get() { throw new DOMException("", "SecurityError"); },
});
Storage.prototype.setItem = () => { throw new DOMException("", "QuotaExceededError"); };
"""


async def test_the_demo_model_answers_and_says_that_it_is_one(demo_site, visit):
    person = await visit(demo_site)
    await expect(person.page.get_by_text("You are talking to a demo.")).to_be_visible()

    answer = await person.ask("Hello")

    await expect(answer).to_have_attribute("data-status", "complete")
    await expect(answer).to_contain_text("demo")
    await expect(person.articles).to_have_count(2)
    await expect(person.page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}$"))


async def test_a_browser_that_may_keep_nothing_shows_everything(demo_site, visit):
    person = await visit(demo_site, ready=False)
    await person.page.add_init_script(KEEPS_NOTHING)
    await person.open()
    await expect(await person.ask("Hello in 5 words")).to_have_attribute("data-status", "complete")
    await person.message_box.fill("Half a")
    await person.page.get_by_role("link", name="Settings").click()
    await expect(person.message_box).to_have_count(0)
    await person.page.go_back()
    await expect(person.message_box).to_have_value("Half a")


async def test_files_are_kept_by_the_browser_as_long_as_their_names_are_true(demo_site, visit):
    page = (await visit(demo_site)).page
    await page.wait_for_load_state("networkidle")
    names = await page.evaluate(
        "performance.getEntriesByType('resource').map(each => new URL(each.name).pathname)"
    )
    scripts = [name for name in names if name.startswith("/assets/")]
    [rewritten] = [name for name in scripts if "/reflex-env-" in name]

    async def kept(path, **options):
        answer = await page.request.get(demo_site.url + path, **options)
        return answer.status, answer.headers.get("cache-control")

    for name in set(scripts) - {rewritten}:
        assert await kept(name) == (200, "max-age=31536000, immutable"), name
    assert await kept("/icon.svg") == await kept("/fonts/inter.woff2") == (200, "max-age=86400")
    assert await kept("/") == await kept("/c/x") == (200, "no-cache")
    answer = await page.request.get(demo_site.url + rewritten)
    again = {"If-None-Match": answer.headers["etag"]}
    assert answer.headers["cache-control"] == "no-cache"
    assert await kept(rewritten, headers=again) == (304, "no-cache")
    # One of the build before, or of the one to come.
    assert await kept("/assets/gone-12345678.js") == (404, None)
    assert await kept("/session") == await kept("/made/tomorrow") == (404, None)

    # From page to page, the logo isn't asked for again.
    before = await page.evaluate(FETCHED, "icon.svg")
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("textbox", name="Temperature").wait_for()
    await page.get_by_role("button", name="New chat").first.click()
    await page.get_by_role("textbox", name="Message").wait_for()
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate(FETCHED, "icon.svg") == before


async def test_an_example_is_sent_with_one_click(demo_site, visit):
    person = await visit(demo_site)

    await person.button("Compare three options in a table").click()

    await expect(person.answers).to_have_count(1)
    await person.ended(person.answers.last)
    await expect(person.answers.last.get_by_role("table")).to_be_visible()


async def test_a_first_visit_loads_little_and_what_draws_an_answer_comes_with_it(demo_site, visit):
    person = await visit(demo_site, new=True)

    async def loaded(part=""):
        sizes = await person.page.evaluate(LOADED)
        return {name: size for name, size in sizes.items() if part in name}

    await person.page.wait_for_load_state("networkidle")
    at_first = await loaded()
    assert 100 * 1024 < sum(at_first.values()) < MOST_AT_FIRST
    assert not re.search("katex|mermaid|python", " ".join(at_first))

    markdown = await person.ask("Show me what markdown can do")
    await expect(markdown.get_by_role("heading", name="Lists")).to_be_visible()
    code = await person.ask("Write a short code example")
    await expect(code.get_by_role("figure")).to_have_count(2)
    await expect(code.get_by_role("button", name="Copy code")).to_have_count(2)
    await becomes(lambda: loaded("python"))
    math = await person.ask("Explain an integral with math")
    await expect(math.locator(".katex-display").first).to_be_visible()
    assert await loaded("katex")
    assert not await loaded("mermaid")


async def test_what_begins_a_chat_stays_in_sight_until_its_page_is_there(demo_site, visit):
    person, asked, arrive = await visit(demo_site), asyncio.Event(), asyncio.Event()

    async def on_the_way(route):
        asked.set()
        await arrive.wait()
        await route.continue_()

    await person.page.route(re.compile(r"/assets/_c_"), on_the_way)
    await person.message_box.fill("In sight all the time")
    # Whoever writes will need it, so it is fetched meanwhile.
    await asyncio.wait_for(asked.wait(), ANSWER_WITHIN_MS / 1000)
    await person.message_box.press("Enter")
    begun = person.sidebar.get_by_role("link", name="In sight all the time")
    await expect(begun).to_be_visible()
    await expect(person.message_box).to_have_value("In sight all the time")
    await expect(person.message_box).not_to_be_editable()
    # It is stored by now, and not sent once more.
    await person.message_box.press("Enter")
    arrive.set()
    await expect(person.articles).to_have_count(2)
    await expect(person.message_box).to_have_value("")
    await person.ended(person.answers.last)
    await person.ask("Hello in 5 words")
    await expect(begun).to_have_count(1)


async def test_what_can_not_be_fetched_while_one_writes_is_fetched_when_it_is_sent(demo_site, visit):
    person = await visit(demo_site, new=True)
    await person.page.evaluate("window.loadedBefore = true")
    scripts = re.compile(r"/assets/_c_")
    await person.page.route(scripts, lambda route: route.abort())
    async with person.page.expect_event("requestfailed"):
        await person.message_box.fill("Hello in 5 words")
    await person.page.unroute(scripts)
    await person.message_box.press("Enter")
    await expect(person.articles).to_have_count(2)
    assert await person.page.evaluate("window.loadedBefore")


async def test_a_conversation_is_found_again_by_its_address(demo_site, visit):
    first = await visit(demo_site)
    await first.ask("Hello in 5 words")
    path = first.page.url.removeprefix(demo_site.url)

    second = await visit(demo_site, path)

    await expect(second.articles).to_have_count(2)
    await expect(second.articles.first).to_contain_text("Hello")
    await expect(second.answers.last).to_have_attribute("data-status", "complete")


async def test_enter_sends_and_shift_enter_breaks_the_line(demo_site, visit):
    person = await visit(demo_site)
    await person.message_box.fill("one")
    single = await person.message_box.bounding_box()
    await person.message_box.press("Shift+Enter")
    await person.message_box.press_sequentially("two")
    await expect(person.message_box).to_have_value("one\ntwo")
    double = await person.message_box.bounding_box()
    assert double["height"] > single["height"]

    await person.message_box.press("Enter")

    await expect(person.articles.first).to_contain_text("one\ntwo")
    await expect(person.message_box).to_have_value("")


async def test_nothing_but_blanks_cannot_be_sent(demo_site, visit):
    person = await visit(demo_site)
    await person.message_box.fill("  \n ")
    await expect(person.button("Send")).to_be_disabled()
    await person.message_box.press("Enter")
    await expect(person.message_box).to_have_value("  \n ")


async def test_the_page_fits_a_phone(demo_site, visit):
    person = await visit(demo_site, viewport={"width": 360, "height": 740}, has_touch=True)
    await expect(person.sidebar).to_be_hidden()

    # On a phone, Enter breaks the line: there is no Shift+Enter there.
    await person.message_box.fill("Compare three options")
    await person.message_box.press("Enter")
    await person.message_box.press_sequentially("in a table")
    await person.button("Send").click()
    await expect(person.answers.first).to_have_attribute("data-status", "complete")
    await expect(person.articles.first).to_contain_text("options\nin a table")

    overflow = await person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    await person.button("Toggle sidebar").first.click()
    await expect(person.sidebar).to_be_visible()
    await person.page.mouse.click(340, 400)
    await expect(person.sidebar).to_be_hidden()

    # What the drawer lies over is out of reach, but for the way back from what was done there.
    await person.button("Toggle sidebar").first.press("Enter")
    for name, key in (("Toggle sidebar", "Shift+Tab"), ("Shortcuts", "Tab")):
        await person.sidebar.get_by_role("button", name=name).focus()
        for _ in range(3):
            await person.page.keyboard.press(key)
            where = "() => document.activeElement.closest('main, .skip')?.outerHTML.slice(0, 80) ?? null"
            assert await person.page.evaluate(where) is None
    await person.page.get_by_role("button", name="Actions for Compare three options").first.press("Enter")
    await person.page.get_by_role("menuitem", name="Delete").press("Enter")
    await expect(person.button("Undo")).to_be_focused()
    await person.button("Undo").click()
    await expect(person.articles.first).to_be_visible()
    await expect(person.message_box).to_be_visible()
