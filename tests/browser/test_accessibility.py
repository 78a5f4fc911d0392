"""Every screen, light and dark, wide and narrow: what axe finds, what is cut off, what is too small."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.axe import found_by_axe
from tests.browser.every_kind import ENDINGS, write_every_kind

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
# No color depends on the size of a window, but for what lies over the page there.
PHONE_ALONE = ("drawer", "row menu")
LEAST_TARGET_PX = 24
MOST_SHIFT = 0.05

# A link within a sentence is as high as its line; a box that repeats its label's click may be any size.
TOO_SMALL = """least => [...document.querySelectorAll(
    'a[href], button, input:not([disabled]), textarea, summary, [role^="menuitem"]')]
  .filter(it => it.checkVisibility() && !it.closest('p a, li a, td a, label, .skip:not(:focus)'))
  .map(it => [it.ariaLabel || it.textContent, it.getBoundingClientRect()])
  .filter(([, box]) => box.width < least || box.height < least)
  .map(([name, box]) => [name, box.width, box.height].join(' '))"""
# An icon alone says too little to whoever has never pressed it.
UNTOLD = """() => [...document.querySelectorAll('a[href], button, summary')]
  .filter(it => {
    const shown = it.cloneNode(true);
    shown.querySelectorAll('.visually-hidden').forEach(hidden => hidden.remove());
    return it.checkVisibility() && !shown.textContent.trim() && !it.title;
  })
  .map(it => it.outerHTML.slice(0, 120))"""
# Safari draws a page nearer for a field with smaller letters, and leaves it there.
SMALL_LETTERS = """() => [...document.querySelectorAll('input, select, textarea')]
  .filter(it => it.checkVisibility() && !['checkbox', 'radio'].includes(it.type))
  .filter(it => parseFloat(getComputedStyle(it).fontSize) < 16)
  .map(it => it.ariaLabel || it.outerHTML.slice(0, 120))"""
# What reaches over the edge of the window, and over that of nothing smaller that scrolls.
CUT_OFF = """() => {
  const scrolls = it => ['auto', 'scroll'].includes(getComputedStyle(it).overflowX);
  const hidden = it => it.closest(".visually-hidden, .katex-mathml, .skip, .sidebar");
  const isWithin = it => it && ((scrolls(it) && it.clientWidth < innerWidth) || isWithin(it.parentElement));
  const reachesOver = ({ width, left, right }) => width > 0 && (right > innerWidth + 1 || left < -1);
  const isShort = it => it.scrollWidth > it.clientWidth;
  return [...document.querySelectorAll('main *, dialog *')]
    .filter(it => it.checkVisibility() && !hidden(it) && !isWithin(it.parentElement))
    .filter(it => reachesOver(it.getBoundingClientRect()))
    .concat([...document.querySelectorAll('.facts-button span')].filter(isShort))
    .map(it => it.outerHTML.slice(0, 120))
    .concat(document.documentElement.scrollWidth > innerWidth ? ['the page scrolls sideways'] : []);
}"""
# What goes on below its own edge, or isn't drawn where it is out of sight.
LEFT_OUT_OF_PRINT = """() => [...document.querySelectorAll('body, body *')]
  .filter(it => it.checkVisibility() && !it.closest('.visually-hidden, .katex'))
  .filter(it => {
    const { overflowY, contentVisibility } = getComputedStyle(it);
    const isCut = overflowY !== 'visible' && it.scrollHeight > it.clientHeight + 1;
    return isCut || contentVisibility !== 'visible';
  })
  .map(it => it.outerHTML.slice(0, 120))"""
SHIFTS = """() => {
  window.shifts = 0;
  const add = it => { if (!it.hadRecentInput) window.shifts += it.value; };
  const observer = new PerformanceObserver(list => list.getEntries().forEach(add));
  observer.observe({ type: 'layout-shift', buffered: true });
}"""
# What the server says where an error has no answer (``state/failing.py``).
FAILED = (
    '42/_event,["event",{"delta":{},"final":null,'
    '"events":[{"name":"_set_value","payload":{"ref":"ref_failure","value":"It failed."}}]}]'
)
# Where the letters of a line begin and end, as shares of the box that they stand in.
LINE_EDGES = """(element, words) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(words);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + words.length);
    const [line, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
    return [line.left - box.left, box.right - line.right];
  }
}"""


@pytest.fixture(scope="module")
def site(start_site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("every") / "site"
    folder.mkdir()
    path = "/c/" + asyncio.run(write_every_kind(folder))
    started = start_site(folder)
    started.path = path
    return started


async def screens(person, site):
    """Go through the screens; each is yielded by its name, once it is there."""
    page = person.page
    await expect(page.locator(".row-link").first).to_be_attached()
    yield "new chat"
    await page.get_by_role("button", name="Connect a gateway").last.click()
    await page.get_by_role("textbox", name="Base URL").wait_for()
    yield "connect form"
    await person.open(site.path)
    await expect(person.articles).to_have_count(2 * len(ENDINGS))
    await page.locator(".katex-display").wait_for(state="attached")
    await page.locator(".code-line span").first.wait_for(state="attached")
    yield "conversation"
    await person.articles.nth(1).locator("summary").first.click()
    await person.articles.nth(1).scroll_into_view_if_needed()
    yield "thoughts"
    async for name in what_can_be_done(person):
        yield name
    await person.model.click()
    await page.get_by_role("menuitemradio").first.wait_for()
    yield "model menu"
    await page.keyboard.press("Escape")
    if not await person.sidebar.is_visible():
        await person.button("Toggle sidebar").last.click()
        await expect(person.sidebar).to_be_visible()
        yield "drawer"
    await page.get_by_role("button", name="Actions for").first.click()
    yield "row menu"
    await page.get_by_role("menuitem", name="Rename").click()
    await expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    yield "title field"
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("textbox", name="Title")).to_have_count(0)
    await person.button("Shortcuts").click()
    yield "shortcuts"
    await page.keyboard.press("Escape")
    await page.goto(site.url + "/c/nonsense")
    await page.get_by_text("There is no such conversation.").wait_for()
    yield "missing"
    await page.goto(site.url + "/made/tomorrow")
    await page.get_by_text("This address leads nowhere.").wait_for()
    await person.button("Start a new chat").wait_for()
    yield "nowhere"
    await page.goto(site.url + "/settings")
    await page.get_by_role("textbox", name="Temperature").fill("hot")
    await page.keyboard.press("Tab")
    await page.get_by_role("alert").wait_for()
    yield "settings"


async def what_can_be_done(person):
    """Go through what opens over a conversation or in it; each is closed again, and nothing is changed."""
    page = person.page
    await person.articles.nth(1).get_by_role("button", name="Details").click()
    await page.locator(".facts dl").first.wait_for()
    yield "details"
    await page.keyboard.press("Escape")
    await person.articles.first.get_by_role("button", name="Edit").click()
    await page.get_by_role("textbox", name="New wording").wait_for()
    yield "edit field"
    await page.keyboard.press("Escape")
    for name in ("Settings for this chat", "Context", "Reading"):
        await page.get_by_role("button", name=name).click()
        yield name
        await page.keyboard.press("Escape")
    await person.articles.last.get_by_role("button", name="More").click()
    yield "message menu"
    await page.get_by_role("menuitem", name="Delete from here on").click()
    await person.button("Undo").wait_for()
    yield "undo bar"
    await person.button("Undo").click()
    await expect(person.articles).to_have_count(2 * len(ENDINGS))


def assert_nothing(problems: dict[str, list[str]]) -> None:
    found = [f"{screen}: {each}" for screen, several in problems.items() for each in several]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_axe_finds_nothing_and_every_target_can_be_hit(site, visit, size):
    person = await visit(site, reduced_motion="reduce", **size)
    problems = {}
    async for name in screens(person, site):
        has_colors = size is DESKTOP or name in PHONE_ALONE
        problems[name] = await found_by_axe(person.page, ("light", "dark") if has_colors else ("colorless",))
        problems[f"{name}, targets"] = await person.page.evaluate(TOO_SMALL, LEAST_TARGET_PX)
        problems[f"{name}, icons"] = await person.page.evaluate(UNTOLD)
        if size is PHONE:
            problems[f"{name}, letters"] = await person.page.evaluate(SMALL_LETTERS)
    assert_nothing(problems)


@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 400)], ids=["320 px", "200 %"])
async def test_nothing_is_cut_off(site, visit, width, height):
    person = await visit(site, viewport={"width": width, "height": height}, reduced_motion="reduce")
    problems = {name: await person.page.evaluate(CUT_OFF) async for name in screens(person, site)}
    assert_nothing(problems)


async def test_each_paragraph_reads_in_its_own_direction(site, visit):
    person = await visit(site, site.path)
    words = person.articles.first.locator(".words")
    english = await words.evaluate(LINE_EDGES, "First a line")
    hebrew = await words.evaluate(LINE_EDGES, "ואחר כך")
    assert english[0] < english[1]
    assert hebrew[1] < hebrew[0]
    arabic = person.articles.nth(1).get_by_text("فقرة بالعربية")
    left, right = await arabic.evaluate(LINE_EDGES, "فقرة بالعربية")
    assert right < left
    # The columns of an Arabic table begin at the right, with the numbers in them.
    table = person.page.get_by_role("table").filter(has_text="العمود")
    for words in ("العمود", "خط", "القيمة", "1"):
        cell = table.locator("th, td").filter(has_text=words)
        _, right = await cell.evaluate(LINE_EDGES, words)
        assert right == pytest.approx(0, abs=1)
    await person.message_box.fill("שלום")
    assert await person.message_box.evaluate("box => box.matches(':dir(rtl)')")


async def test_details_of_an_answer_of_which_hardly_anything_is_known_are_called_that(site, visit):
    person = await visit(site, site.path)
    await expect(person.answers.last.get_by_role("button", name="Details")).to_have_text("Details")
    await expect(person.answers.nth(2).get_by_role("button", name="Details")).to_have_text("")


async def test_what_has_a_ground_of_its_own_is_told_apart_where_all_grounds_are_alike(site, visit):
    person = await visit(site, site.path, forced_colors="active")
    grounds = (".row.here", ".words", ".code-block", ".ending")
    for ground in grounds:
        await expect(person.page.locator(ground).last).to_have_css("outline-style", "solid")


async def test_all_of_a_conversation_is_printed_and_nothing_to_press(site, visit):
    person = await visit(site, site.path, color_scheme="dark")
    await person.page.locator(".katex-display").wait_for(state="attached")
    await person.page.emulate_media(media="print")
    assert await person.page.evaluate(LEFT_OUT_OF_PRINT) == []
    await expect(person.articles.last).to_have_css("color", "rgb(35, 33, 29)")
    await expect(person.sidebar).to_be_hidden()
    await expect(person.message_box).to_be_hidden()
    # Its words stand for the image.
    buttons = person.page.get_by_role("button").and_(person.page.locator(":not(.image-blocked)"))
    await expect(buttons).to_have_count(0)


async def test_nothing_shifts_while_a_page_loads_opens_and_answers(site, visit):
    person = await visit(site)
    page = person.page
    await page.add_init_script(f"({SHIFTS})()")
    for path in ("/", site.path):
        await person.open(path)
        await expect(person.articles).to_have_count(2 * len(ENDINGS) if path != "/" else 0)
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate("window.shifts") < MOST_SHIFT, path
    await page.goto(site.url + "/settings")
    await expect(page.get_by_role("textbox", name="Temperature")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate("window.shifts") < MOST_SHIFT, "settings"
    await person.new_chat()
    await person.ask("Show me what markdown can do")
    assert await page.evaluate("window.shifts") < MOST_SHIFT, "stream"


async def test_what_takes_long_to_come_is_seen_and_said_to_be_on_its_way(site, visit):
    person = await visit(site, ready=False)
    page = person.page
    await page.add_init_script(f"({SHIFTS})()")
    held: list[Callable[[], Awaitable[None]]] = []
    frames: list[str | bytes] = []
    sockets: list[WebSocketRoute] = []
    are_held = True

    def listen(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda frame: frames.append(frame) if are_held else socket.send(frame))

    await page.route_web_socket("**/_event/**", listen)
    await page.route("**/assets/root-*", lambda route: held.append(route.continue_))
    await page.goto(site.url + site.path, wait_until="commit")
    coming = page.get_by_role("status").filter(has_text="Loading the page")
    await expect(coming).to_be_visible()
    await expect(coming).to_have_css("opacity", "1")
    for go_on in held:
        await go_on()
    await expect(person.message_box).to_be_visible()
    await expect(coming).to_be_hidden()
    await expect(page.locator("[data-announcements]")).to_have_text("Loading the conversation")
    await expect(person.log).to_have_attribute("aria-busy", "true")
    await expect(page.locator("main .coming")).to_have_css("opacity", "1")
    are_held = False
    for frame in frames:
        sockets[-1].send(frame)
    await expect(person.articles).to_have_count(2 * len(ENDINGS))
    await expect(page.locator("main .coming")).to_have_count(0)
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate("window.shifts") < MOST_SHIFT

    sockets[-1].send(FAILED)
    failure = page.get_by_role("alert").filter(has_text="It failed.")
    await expect(failure.get_by_role("button", name="Reload")).to_be_visible()
    assert await found_by_axe(page) == []
    await failure.get_by_role("button", name="Dismiss").click()
    await expect(failure).to_have_count(0)
