"""A conversation that is longer than a page shows at once."""

import asyncio
import re
from itertools import pairwise

import pytest
from playwright.async_api import expect

from chat_ui.chat.follow import PAGE
from tests.browser.history import write_history

LENGTH = 2 * PAGE + 7
NEARLY_PX = 2
NUMBERS = re.compile(r"Message (\d+)\.")
# Looks further up; where the message stands then, before anything can have come in above it.
LOOK_UP = """message => {
  document.querySelector('[role=log]').scrollTop = 600;
  return message.getBoundingClientRect().top;
}"""
# Where the message was painted last: what comes in between two frames is put right before the next.
PAINTED_AT = """message => new Promise((tell) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => tell(message.getBoundingClientRect().top);
  requestAnimationFrame(() => port2.postMessage(null));
})"""

IS_PASSED_OVER = """() => [...document.querySelectorAll("article")].slice(0, 20).every(
  (message) => !message.lastElementChild.checkVisibility({ contentVisibilityAuto: true }))"""
NOTE_GROUPS = "articles => articles.forEach(each => { each.group = each.parentElement; })"
GROUPS_ARE_PASSED_OVER = """() => [...document.querySelectorAll(".messages")].slice(4, -4).every(
  (group) => getComputedStyle(group).contentVisibility === "auto")"""
# How often each message's row of buttons was made: it is handed other props each time.
COUNT_DRAWINGS = """(() => {
  const handed = new Map();
  window.drawings = {};
  const look = (fiber) => {
    for (; fiber; fiber = fiber.sibling) {
      const { onFork, messageId } = fiber.memoizedProps ?? {};
      if (onFork && handed.get(messageId) !== fiber.memoizedProps) {
        handed.set(messageId, fiber.memoizedProps);
        window.drawings[messageId] = (window.drawings[messageId] ?? 0) + 1;
      }
      look(fiber.child);
    }
  };
  const onCommitFiberRoot = (_, root) => look(root.current);
  window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = { supportsFiber: true, inject: () => 1, onCommitFiberRoot };
})()"""
# In which frame each message and group was drawn, and in which it began to be passed over.
NOTE_FRAMES = """() => {
  let frame = 0;
  const count = () => requestAnimationFrame(() => { frame += 1; count(); });
  count();
  window.drawn = new Map();
  window.passed = new Map();
  const note = ({ type, target }) => {
    const noted = type === "attributes" ? window.passed : window.drawn;
    if (target.matches(".messages, .message") && !noted.has(target)) noted.set(target, frame);
  };
  const observer = new MutationObserver((changes) => changes.forEach(note));
  const log = document.querySelector(".thread-content");
  observer.observe(log, { childList: true, subtree: true, attributeFilter: ["data-drawn"] });
}"""
FRAMES_DRAWN_IN = "() => [...window.drawn.values()]"
FRAMES_PASSED_IN = """() => [...document.querySelectorAll(".messages")].map(
  (group) => [group, ...group.children].map((each) => window.passed.get(each) ?? 0))"""
HEIGHTS = "groups => groups.map(each => each.offsetHeight)"
DRAWN_HEIGHTS = """groups => {
  const all = groups.flatMap(group => [group, ...group.children]);
  for (const each of all) each.style.contentVisibility = "visible";
  const heights = groups.map(each => each.offsetHeight);
  for (const each of all) each.style.contentVisibility = "";
  return heights;
}"""


@pytest.fixture(scope="module")
def site(start_site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    started = start_site(folder)
    started.path = "/c/" + asyncio.run(write_history(folder, LENGTH))
    return started


async def test_it_opens_at_its_end_with_its_last_messages_only(site, visit):
    person = await visit(site, site.path)
    await expect(person.articles).to_have_count(PAGE)
    await expect(person.articles.last).to_contain_text(f"Message {LENGTH - 1}.")
    await expect(person.articles.last).to_be_in_viewport()


async def test_scrolling_up_brings_all_of_it_without_a_jump(site, visit):
    person = await visit(site, ready=False)
    lost = []

    def lose_the_first(socket):
        server = socket.connect_to_server()

        def from_page(frame):
            if ".show_earlier" in str(frame) and not lost:
                lost.append(frame)
            else:
                server.send(frame)

        socket.on_message(from_page)

    await person.page.route_web_socket("**/_event/**", lose_the_first)
    await person.open(site.path)
    await expect(person.articles).to_have_count(PAGE)
    await person.log.hover()
    for loaded in range(2, 4):
        first = person.articles.first
        seen = NUMBERS.search(await first.text_content() or "")[0]
        await person.page.evaluate("() => document.fonts.ready")
        mark = person.articles.filter(has_text=seen)
        before = await mark.evaluate(LOOK_UP)
        await expect(person.articles).to_have_count(min(loaded * PAGE, LENGTH))
        # They are drawn some at a time, the first one last.
        await expect(person.articles.first).to_contain_text("Message")
        assert abs(await mark.evaluate(PAINTED_AT) - before) <= NEARLY_PX
    await expect(person.articles.first).to_contain_text("Message 0.")
    numbers = NUMBERS.findall(await person.log.text_content() or "")
    assert list(map(int, numbers)) == list(range(LENGTH))
    assert len(lost) == 1


async def test_earlier_messages_take_every_other_frame_and_are_passed_over_a_group_at_once(site, visit):
    person = await visit(site, site.path)
    await expect(person.articles).to_have_count(PAGE)
    await person.page.wait_for_function(GROUPS_ARE_PASSED_OVER)
    await person.page.evaluate(NOTE_FRAMES)
    await person.log.evaluate("log => { log.scrollTop = 0; }")
    await expect(person.articles).to_have_count(2 * PAGE)
    await expect(person.articles.first).to_contain_text("Message")
    await person.page.wait_for_function(GROUPS_ARE_PASSED_OVER)
    frames = await person.page.evaluate(FRAMES_DRAWN_IN)
    assert len(frames) > PAGE
    assert all(later - frame > 1 for frame, later in pairwise(frames))
    passed = await person.page.evaluate(FRAMES_PASSED_IN)
    assert all(len(set(group)) == 1 for group in passed)
    assert len({group[0] for group in passed}) > 2


async def test_a_turn_costs_no_more_for_what_is_above(site, visit):
    person = await visit(site, site.path)
    await expect(person.articles).to_have_count(PAGE)
    person.received.clear()
    await person.ask("5 tokens")
    assert sum(len(frame) for frame in person.received) < 20_000
    await person.page.reload()
    await expect(person.articles.last).to_contain_text("w5")


async def test_what_comes_in_at_either_end_leaves_every_message_in_its_group(site, visit):
    person = await visit(site, site.path)
    await expect(person.articles).to_have_count(PAGE)
    await person.articles.evaluate_all(NOTE_GROUPS)
    await person.ask("5 tokens")
    await person.log.evaluate("log => { log.scrollTop = 0; }")
    await expect(person.articles).to_have_count(2 * PAGE + 2)
    stayed = await person.articles.evaluate_all(
        "articles => articles.map(each => each.group === each.parentElement)"
    )
    assert stayed == [False] * PAGE + [True] * PAGE + [False] * 2
    sizes = await person.log.locator(".messages").evaluate_all(
        "groups => groups.map(each => each.children.length)"
    )
    assert len(sizes) < len(stayed) / 4
    # What is above is passed over in groups, what is not by itself.
    await person.page.wait_for_function(GROUPS_ARE_PASSED_OVER)


async def test_what_comes_in_at_either_end_draws_no_other_message_anew(site, visit):
    person = await visit(site, ready=False)
    await person.page.add_init_script(COUNT_DRAWINGS)
    await person.open(site.path)
    await expect(person.articles).to_have_count(PAGE)
    first = await person.articles.first.get_attribute("data-message-id")
    # A page that was told of its models after its messages has drawn these twice.
    drawings = await person.page.evaluate("id => drawings[id]", first)
    assert drawings
    await person.log.evaluate("log => { log.scrollTop = 0; }")
    await expect(person.articles).to_have_count(2 * PAGE)
    await expect(person.articles.first).to_contain_text("Message")
    await person.ask("5 tokens")
    assert await person.page.evaluate("id => drawings[id]", first) == drawings


async def test_what_is_out_of_sight_is_passed_over_and_keeps_the_height_that_it_has_had(site, visit):
    person = await visit(site, site.path)
    await expect(person.articles).to_have_count(PAGE)
    groups = person.log.locator(".messages")
    for width in (1280, 500):
        await person.page.set_viewport_size({"width": width, "height": 900})
        await person.page.evaluate("() => document.fonts.ready")
        await person.page.wait_for_function(IS_PASSED_OVER)
        kept = await groups.evaluate_all(HEIGHTS)
        assert kept == await groups.evaluate_all(DRAWN_HEIGHTS)
    await person.log.evaluate("log => getSelection().selectAllChildren(log)")
    copied = NUMBERS.findall(await person.page.evaluate("() => getSelection().toString()"))
    assert copied == NUMBERS.findall(await person.log.text_content() or "")
