"""A websocket is cut by the site, or by what is said on it; nobody hears or says anything more on it then."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from starlette.types import Message

from chat_ui.web.line import SAID_BY_ONE, Line

HEARTBEAT = "3"


class Browser:
    """The other end of a websocket: says frames, and notes what it is sent.

    Args:
        frames: what it says.
    """

    def __init__(self, frames: Iterable[str | bytes]) -> None:
        self._frames = iter(frames)
        self.heard: list[str] = []
        self.asked = 0

    async def receive(self) -> Message:
        self.asked += 1
        frame = next(self._frames)
        return {"type": "websocket.receive", "text" if isinstance(frame, str) else "bytes": frame}

    async def send(self, message: Message) -> None:
        self.heard.append(message["type"])


def line_to(browser: Browser) -> Line:
    return Line(browser.receive, browser.send)


async def test_nobody_listens_on_a_line_that_is_cut() -> None:
    browser = Browser([HEARTBEAT] * 2)
    line = line_to(browser)
    assert (await line.receive())["text"] == HEARTBEAT
    line.cut()
    assert (await line.receive())["type"] == "websocket.disconnect"
    await line.send({"type": "websocket.send", "text": "more"})
    # Whoever spoke on it may leave before it is closed.
    await line.end()
    assert (browser.heard, browser.asked) == (["websocket.close"], 1)


@pytest.mark.parametrize(
    "frame",
    ["40/_event,", '40/_event,{"a":1}', '42/_event,["event",{}]', '42/_event,7["event"]', "41/_event,", "1"],
)
async def test_what_a_page_says_is_heard(frame: str) -> None:
    line = line_to(Browser([frame]))
    assert (await line.receive())["text"] == frame
    await line.end()


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "2",
        "3probe",
        "4",
        "40",
        "42",
        '42["event"]',
        "42/_event,{}",
        "42/other,[]",
        "451-[]",
        "x" * 9,
        b"\x04",
        b"3",
    ],
)
async def test_what_no_page_says_ends_it(frame: str | bytes) -> None:
    browser = Browser([HEARTBEAT, frame, HEARTBEAT])
    line = line_to(browser)
    heard = [(await line.receive())["type"] for _ in range(3)]
    await line.end()
    assert heard == ["websocket.receive", "websocket.disconnect", "websocket.disconnect"]
    assert (browser.heard, browser.asked) == (["websocket.close"], 2)


async def test_who_never_stops_talking_is_cut() -> None:
    browser = Browser(HEARTBEAT for _ in range(10 * SAID_BY_ONE.at_once))
    line = line_to(browser)
    heard = 0
    while (await line.receive())["type"] == "websocket.receive":
        heard += 1
    await line.end()
    assert SAID_BY_ONE.at_once <= heard < 2 * SAID_BY_ONE.at_once
    assert browser.heard == ["websocket.close"]
