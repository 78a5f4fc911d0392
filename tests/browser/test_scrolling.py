"""Where the log stands while an answer grows: what is read stays in its place, measured by a marked line."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.person import Person, becomes
from tests.scripted import Request

NEARLY_PX = 1.5
TALL = {
    "content_type": "image/svg+xml",
    "body": '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="900"/>',
}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
# The paragraph in the middle of what is seen, and how far it has moved since.
MARK = """log => {
  const { top, height } = log.getBoundingClientRect();
  const lines = [...log.querySelectorAll('.prose p')];
  window.marked = lines.find(line => line.getBoundingClientRect().top > top + height / 2);
  window.marked.stays = window.marked.getBoundingClientRect().top;
}"""
# As it was painted: what moves it between two frames is put right before the next.
MOVED = """() => new Promise(tell => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => tell(Math.abs(window.marked.getBoundingClientRect().top - window.marked.stays));
  requestAnimationFrame(() => port2.postMessage(null));
})"""
BELOW = "log => log.scrollHeight - log.scrollTop - log.clientHeight"
AT_REST = """() => new Promise(done => {
  const log = document.querySelector('[role=log]');
  let [last, same] = [log.scrollTop, 0];
  const look = () => {
    same = log.scrollTop === last ? same + 1 : 0;
    last = log.scrollTop;
    if (same > 4) done();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
FINGER = """log => {
  const at = y => new Touch({ identifier: 1, target: log, clientX: 100, clientY: y });
  for (const [kind, y] of [['touchstart', 300], ['touchmove', 340]])
    log.dispatchEvent(new TouchEvent(kind, { touches: [at(y)], bubbles: true }));
  log.scrollTop -= 40;
}"""
# What the browser's own find does.
FIND = """log => {
  const { top } = log.getBoundingClientRect();
  const lines = [...log.querySelectorAll('.prose p')];
  const above = lines.filter(line => line.getBoundingClientRect().bottom < top);
  above.at(-3).scrollIntoView({ block: 'center' });
}"""
SELECT = """log => {
  const { top } = log.getBoundingClientRect();
  const lines = [...log.querySelectorAll('.prose p')];
  getSelection().selectAllChildren(lines.find(line => line.getBoundingClientRect().top > top + 100));
}"""


class Reader:
    """Somebody who reads an answer while a test goes on writing it."""

    def __init__(self, person: Person, request: Request) -> None:
        self.person = person
        self.request = request
        self.log = person.log
        self.back = person.button("New text below")
        self._line = 0

    async def grow(self, lines: int = 40) -> None:
        """Let the answer have so many more paragraphs, and wait until they are drawn and followed."""
        numbers = range(self._line + 1, self._line + lines + 1)
        self._line = numbers[-1]
        await self.request.say("".join(f"Line {number} of the answer.\n\n" for number in numbers))
        await expect(self.person.answers.last).to_contain_text(f"Line {self._line} of")
        await still(self.person.page)

    async def mark(self) -> None:
        await self.log.evaluate(MARK)

    async def moved(self) -> float:
        return await self.person.page.evaluate(MOVED)

    async def below(self) -> float:
        return await self.log.evaluate(BELOW)


@pytest.fixture
def reading(site, visit, gateway):
    async def begin(**options) -> Reader:
        person = await visit(site, **options)
        await person.message_box.fill("Go on")
        await person.button("Send").click()
        return Reader(person, await gateway.next_request())

    return begin


async def test_it_follows_until_the_reader_looks_up_and_one_button_brings_back(reading):
    reader = await reading(has_touch=True)
    page = reader.person.page
    ways = {
        "wheel": lambda: page.mouse.wheel(0, -30),
        "key": lambda: page.keyboard.press("PageUp"),
        "finger": lambda: reader.log.evaluate(FINGER),
        "scrollbar": lambda: reader.log.evaluate("log => { log.scrollTop -= 60; }"),
        "find": lambda: reader.log.evaluate(FIND),
        "selection": lambda: reader.log.evaluate(SELECT),
    }
    for way, look_up in ways.items():
        await reader.grow()
        assert await reader.below() <= NEARLY_PX, f"before the {way}"
        await expect(reader.back).to_have_count(0)
        await reader.log.hover()
        await reader.log.focus()
        await look_up()
        if way != "selection":
            await becomes(lambda: reader.log.evaluate(f"log => ({BELOW})(log) > {NEARLY_PX}"))
        await still(page)
        await reader.mark()

        await reader.grow()

        assert await reader.moved() <= NEARLY_PX, way
        await reader.back.click()
        await still(page)
        assert await reader.below() <= NEARLY_PX, f"after the {way}"
        await expect(reader.log).to_be_focused()
        await page.evaluate("getSelection().empty()")


async def test_scrolling_back_to_the_end_and_sending_follow_again(reading, gateway):
    reader = await reading()
    page = reader.person.page
    await reader.grow()
    await reader.log.hover()
    await page.mouse.wheel(0, -300)
    await expect(reader.person.button("Jump to the latest")).to_be_visible()
    await page.mouse.wheel(0, 5000)
    await expect(reader.person.button("Jump to the latest")).to_have_count(0)
    await reader.grow()
    assert await reader.below() <= NEARLY_PX

    await reader.request.finish()
    await reader.person.ended(reader.person.answers.last)
    # What glides, as after a key, comes to where it was to.
    await reader.log.evaluate("log => log.scrollTo({ top: 0, behavior: 'smooth' })")
    await becomes(lambda: reader.log.evaluate("log => log.scrollTop === 0"))
    await expect(reader.person.button("Jump to the latest")).to_be_visible()
    await reader.person.say("And then?")
    reader.request = await gateway.next_request()
    await reader.grow()
    assert await reader.below() <= NEARLY_PX


async def test_what_came_where_all_of_it_was_seen_is_no_news_later(reading, gateway):
    reader = await reading()
    person = reader.person
    await reader.grow()
    await reader.request.finish()
    await person.ended(person.answers.first)
    # As a person does it: what a script scrolls is taken back by whatever grows in the same frame.
    await reader.log.hover()
    await person.page.mouse.wheel(0, -50_000)
    await becomes(lambda: reader.log.evaluate("log => log.scrollTop === 0"))
    question = person.articles.first
    await question.get_by_role("button", name="Edit").click()
    await person.page.get_by_role("textbox", name="New wording").fill("Go on for a while")
    await person.button("Send edit").click()
    short = Reader(person, await gateway.next_request())
    # Until a little of it is out of sight, which nobody need be told of. Followed, it never would be.
    for _ in range(40):
        await short.grow(1)
        if await short.below() >= 1:
            break
    assert await short.below() >= 1
    await short.request.finish()
    await person.ended(person.answers.first)
    await question.get_by_role("button", name="Previous version").click()
    await expect(person.answers.first).to_contain_text("Line 40 of")
    await expect(person.button("Jump to the latest")).to_be_visible()


async def test_math_and_colors_that_come_late_move_nothing(reading):
    reader = await reading()
    page = reader.person.page
    may_load = asyncio.Event()
    await reader.grow(1)

    async def late(route):
        await may_load.wait()
        await route.continue_()

    await page.route("**/assets/*.js", late)
    await page.route("**/assets/*.css", late)
    await reader.request.say("$$\n\\int_0^1 \\frac{x^2}{2} dx\n$$\n\n```python\nprint(1)\n```\n\n")
    await reader.grow()
    await reader.log.hover()
    await page.mouse.wheel(0, -200)
    await expect(reader.person.button("Jump to the latest")).to_be_visible()
    await reader.mark()

    may_load.set()

    await expect(page.locator(".katex-display")).to_be_attached()
    await expect(page.locator(".code-line span").first).to_be_attached()
    await still(page)
    assert await reader.moved() <= NEARLY_PX


async def test_thoughts_that_fold_and_opened_ones_move_nothing_that_is_read(reading, gateway):
    reader = await reading()
    page = reader.person.page
    await reader.grow(30)
    await reader.request.finish()
    await reader.person.ended(reader.person.answers.last)
    await reader.person.say("Think about it")
    reader.request = await gateway.next_request()
    await reader.request.think("A thought.\n" * 60)
    await expect(reader.person.answers.last).to_contain_text("A thought.")
    await still(page)
    assert await reader.below() <= NEARLY_PX
    await reader.grow(3)
    assert await reader.below() <= NEARLY_PX

    thoughts = reader.person.answers.last.locator("summary")
    await thoughts.click()
    await still(page)
    await thoughts.evaluate("it => { window.marked = it; it.stays = it.getBoundingClientRect().top; }")
    await reader.grow(30)
    assert await reader.moved() <= NEARLY_PX

    await reader.person.answers.first.get_by_role("button", name="Details").click()
    details = page.get_by_role("group", name="Details")
    await expect(details).to_contain_text("Model")
    # Code that is folded scrolls in itself to its newest line.
    await reader.request.say("```\n" + "a line\n" * 90 + "```\n\n")
    await reader.grow(30)
    await expect(details).to_be_visible()
    await reader.log.evaluate("log => { log.scrollTop -= 60; }")
    await expect(details).to_be_hidden()

    await page.route("https://cat.example/**", lambda route: route.fulfill(**TALL))
    await reader.request.say(f"```\n{'word ' * 400}\n```\n\n![a cat](https://cat.example/cat.svg)\n\n")
    wrap = reader.person.answers.last.get_by_role("button", name="Wrap lines").last
    for opened in (wrap, page.get_by_role("button", name="a cat")):
        await expect(opened).to_be_visible()
        await reader.log.evaluate("log => { log.scrollTop = log.scrollHeight; }")
        await still(page)
        await wrap.evaluate("it => { window.marked = it; it.stays = it.getBoundingClientRect().top; }")
        await opened.click()
        await becomes(lambda: reader.log.evaluate(f"log => ({BELOW})(log) > 100"))
        await still(page)
        assert await reader.moved() <= NEARLY_PX


async def test_a_keyboard_that_opens_hides_nothing_that_is_followed_and_moves_nothing_that_is_read(reading):
    reader = await reading(**PHONE)
    page = reader.person.page
    await reader.grow()
    await page.set_viewport_size({"width": 360, "height": 400})
    await still(page)
    assert await reader.below() <= NEARLY_PX

    await page.set_viewport_size(PHONE["viewport"])
    await still(page)
    assert await reader.below() <= NEARLY_PX
    await reader.log.evaluate(FINGER)
    await reader.log.evaluate("log => { log.scrollTop -= 400; }")
    await still(page)
    await reader.log.evaluate(MARK)
    await page.set_viewport_size({"width": 360, "height": 400})
    await still(page)
    assert await reader.moved() <= NEARLY_PX


async def test_a_conversation_opens_at_its_last_message_and_so_it_does_when_one_comes_back(reading):
    reader = await reading()
    page = reader.person.page
    await reader.grow()
    await reader.request.finish()
    await reader.person.ended(reader.person.answers.last)
    await page.reload()
    await expect(reader.person.answers.last).to_contain_text("Line 40 of")
    await still(page)
    assert await reader.below() <= NEARLY_PX

    await reader.log.evaluate("log => { log.scrollTop = 0; }")
    await still(page)
    await reader.person.new_chat()
    await page.go_back()
    await expect(reader.person.answers.last).to_contain_text("Line 40 of")
    await still(page)
    assert await reader.below() <= NEARLY_PX


async def still(page) -> None:
    """Wait until a change is laid out and told of, and a scroll that glides has come to rest."""
    await page.evaluate(AT_REST)


async def test_the_log_has_a_color_that_nothing_shines_through(reading):
    # Where Chromium knows that, the log is scrolled by its compositor; otherwise the page paints every step.
    reader = await reading()
    for scheme in ("light", "dark"):
        await reader.person.page.emulate_media(color_scheme=scheme)
        color = await reader.log.evaluate("log => getComputedStyle(log).backgroundColor")
        assert color.startswith("rgb("), color
