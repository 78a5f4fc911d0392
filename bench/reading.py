"""A long conversation in a browser: how soon its end is in sight, how it scrolls, and what a key takes."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from bench import measure, report
from bench.browser import Tab, open_tab
from bench.gateway import question
from bench.peers import Peer, Serving

__all__ = ["read_in_browser"]

HERE = Path(__file__).parent
OPENING, READING = ((HERE / name).read_text() for name in ("opening.js", "reading.js"))
OPENINGS = 10
SHOWN = "document.querySelectorAll('article').length"
# A wheel that is turned fast: some eight windows in a second.
SCROLL_S, SCROLL_PX = 8.0, 120
FRAME_S = 1 / 60
KEYS, KEY_EVERY_S = 100, 0.1
RATE, TOKENS = 50, 1000


async def read_in_browser(peer: Peer, serving: Serving) -> str:
    """Open it, read back in it, then type while an answer streams; returns the result as markdown."""
    async with open_tab() as tab:
        opened = await _opened(tab, serving.url + serving.chat)
        await tab.evaluate(f"({READING})()")
        before = await tab.evaluate(SHOWN)
        await _scroll(tab)
        frames = await tab.evaluate("window.bench.frames.splice(0)")
        read = await tab.evaluate(SHOWN) - before
        keys, painted = await _typed(peer, tab)
    late = sum(frame > 1.5e3 * FRAME_S for frame in frames)
    header = ["in the browser, ms", "p50", "p99", "max"]
    rows = [
        ["opened: from the address to its end in sight", *_figures([end for _, end in opened])],
        [f"reading back through {read} messages: a frame", *_figures(frames)],
        ["typing while an answer streams: a key's handlers", *_figures(keys)],
        ["a key, to the end of the frame that shows it", *_figures(painted)],
    ]
    at_once = sum(first == end for first, end in opened)
    words = (
        f"In {at_once} of {len(opened)} openings the first frame with a message shows the end. Read back at "
        f"{SCROLL_PX / FRAME_S:,.0f} pixels a second, the page draws {len(frames) / sum(frames) * 1e3:.0f} "
        f"frames in one; {late} of {len(frames)} come late. {len(keys)} keys."
    )
    return report.tell(report.table(header, rows) + "\n\n" + words)


def _figures(waits: list[float]) -> list[str]:
    return [f"{figure:.1f}" for figure in measure.tail(waits)]


async def _opened(tab: Tab, url: str) -> list[tuple[float, float]]:
    """Open it again and again; returns when a message was in sight each time, and when the end was."""
    await tab.open(url)
    await tab.until(f"{SHOWN} > 0", "the conversation appears")
    opening = await tab.call("Page.addScriptToEvaluateOnNewDocument", source=OPENING)
    opened: list[tuple[float, float]] = []
    for _ in range(OPENINGS):
        await tab.open(url)
        await tab.until("window.bench.end > 0", "its end is in sight")
        opened.append(tuple(await tab.evaluate("[window.bench.first, window.bench.end]")))
    await tab.call("Page.removeScriptToEvaluateOnNewDocument", **opening)
    return opened


async def _scroll(tab: Tab) -> None:
    start = time.monotonic()
    for number in range(int(SCROLL_S / FRAME_S)):
        await asyncio.sleep(start + number * FRAME_S - time.monotonic())
        wheel = {"type": "mouseWheel", "x": 700, "y": 400, "deltaX": 0, "deltaY": -SCROLL_PX}
        await tab.call("Input.dispatchMouseEvent", **wheel)


async def _typed(peer: Peer, tab: Tab) -> tuple[list[float], list[float]]:
    await tab.write(peer.input, question(TOKENS, RATE, "k"))
    await tab.until("!!document.querySelector('[data-status=streaming]')", "an answer streams")
    await asyncio.sleep(1)
    await tab.evaluate("window.bench.keys.length = window.bench.painted.length = 0")
    await tab.evaluate(f"document.querySelector({json.dumps(peer.input)}).focus()")
    for number in range(KEYS):
        key = "abcdefghij"[number % 10]
        await tab.call("Input.dispatchKeyEvent", type="keyDown", text=key, key=key)
        await tab.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        await asyncio.sleep(KEY_EVERY_S)
    return await tab.evaluate("[window.bench.keys, window.bench.painted]")
