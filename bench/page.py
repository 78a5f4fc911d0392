"""A page without a browser: it speaks the site's websocket and notes when each token arrived.

It does what the site's own scripts do as far as streaming goes, and never asks again. It follows no list
of conversations: on a local site all belong to one person, and every page would be told of everybody's turns.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from chat_ui.state.routes import CONVERSATION_PREFIX
from chat_ui.state.thread import ThreadState
from chat_ui.state.wire import PIECE

__all__ = ["THREAD", "Page", "open_page"]

ROOT = "reflex___state____state"
HYDRATE = f"{ROOT}.hydrate"
THREAD = ThreadState.get_full_name()
PREFIX = "42/_event,"
TOKEN = re.compile(r"\bk(\d+)")


class Page:
    """An open page.

    Args:
        socket: its connection.
        path: what it shows.
    """

    def __init__(self, socket: ClientConnection, path: str) -> None:
        self.frames = 0
        self.bytes = 0
        self.arrived: list[int] = []
        self.texts: dict[int, str] = {}
        self.state: dict[str, dict[str, Any]] = {}
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()
        self.shown = asyncio.Event()
        self.reading: asyncio.Task[None] | None = None
        self._socket = socket
        self._path = path
        self._stored: asyncio.Future[str] | None = None
        self._heard = 0
        self._awaited: list[tuple[Callable[[], bool], asyncio.Future[int]]] = []

    @property
    def local_port(self) -> int:
        """Where its connection comes from."""
        return self._socket.local_address[1]

    @property
    def conversation(self) -> str:
        """The conversation of its address."""
        return self._path.removeprefix(CONVERSATION_PREFIX)

    @property
    def heads(self) -> list[dict[str, Any]]:
        """What it knows of the last messages of its conversation."""
        return self.known(THREAD, "heads", [])

    def known(self, state: str, name: str, otherwise: Any = None) -> Any:
        """What the site last said a variable of its state is."""
        return self.state.get(state, {}).get(f"{name}_rx_state_", otherwise)

    async def read(self) -> None:
        """Take in what the site says until it leaves."""
        async for frame in self._socket:
            now = self._heard = time.monotonic_ns()
            text = str(frame)
            if text == "2":
                await self._socket.send("3")
            elif text.startswith("40"):
                self.ready.set()
            elif text.startswith(PREFIX):
                self.frames += 1
                self.bytes += len(text.encode())
                self._take(*json.loads(text[len(PREFIX) :]), now=now)
                for is_so, came in self._awaited:
                    if not came.done() and is_so():
                        came.set_result(now)

    async def until(self, is_so: Callable[[], bool], within_s: float = 30.0) -> int:
        """Wait until something is so; returns when the message came that made it so, in nanoseconds.

        Raises:
            TimeoutError: it isn't, in time.
        """
        if is_so():
            return self._heard
        awaited = is_so, asyncio.get_running_loop().create_future()
        self._awaited.append(awaited)
        try:
            return await asyncio.wait_for(awaited[1], within_s)
        finally:
            self._awaited.remove(awaited)

    def stop_reading(self) -> None:
        """Take in nothing more, as a page does whose computer has gone to sleep."""
        if self.reading is not None:
            self.reading.cancel()

    async def ask(self, text: str) -> None:
        """Send a message in a new conversation, and go there."""
        self._stored = asyncio.get_running_loop().create_future()
        await self.send(text)
        await self.follow(await self._stored)

    async def send(self, text: str, **more: str) -> int:
        """Send a message; ``more`` are further parts of a ``Draft``. Returns when it left."""
        return await self.emit(f"{THREAD}.send", draft={"id": uuid4().hex, "text": text, **more})

    async def follow(self, conversation: str = "") -> None:
        """Ask for a conversation, or for that of its address."""
        if conversation:
            self._path = CONVERSATION_PREFIX + conversation
        await self.emit(f"{THREAD}.follow")

    async def emit(self, name: str, **payload: Any) -> int:
        """Call an event handler of the site; returns when that left, in nanoseconds of the clock."""
        now = time.monotonic_ns()
        await self._socket.send(f"{PREFIX}{json.dumps(['event', self.event(name, payload)])}")
        return now

    def event(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        """An event as Reflex's page sends it."""
        here = {"pathname": self._path, "asPath": self._path}
        return {"name": name, "payload": payload, "router_data": here}

    def _take(self, name: str, *said: Any, now: int) -> None:
        if name == PIECE:
            self._set(list(said) if len(said) > 1 else said[0], now)
        if name != "event":
            return
        update = said[0]
        for state, changed in (update.get("delta") or {}).items():
            self.state.setdefault(state, {}).update(changed)
        if heads := self.heads:
            self.shown.set()
            if heads[-1]["role"] == "assistant" and heads[-1]["status"] not in ("", "streaming"):
                self.ended.set()
        for event in update.get("events") or ():
            if event["name"] == "_set_value":
                self._set(event["payload"]["value"], now)

    def _set(self, value: Any, now: int) -> None:
        if isinstance(value, list):
            self._append(*value[:3], now=now)
        elif "conversation" in value:
            if self._stored is not None and not self._stored.done():
                self._stored.set_result(value["conversation"])
        else:
            for said in value.get("texts", ()):
                self._note(said["text"], now)

    def _append(self, key: int, offset: int, text: str, now: int) -> None:
        self.texts[key] = self.texts.get(key, "") + text
        self._note(text, now)

    def _note(self, text: str, now: int) -> None:
        for number in TOKEN.findall(text):
            if int(number) == len(self.arrived):
                self.arrived.append(now)


@asynccontextmanager
async def open_page(
    port: int, path: str = "/", *, cookie: str = "", max_queue: int | None = None
) -> AsyncIterator[Page]:
    """Open a page, and wait until the site has greeted it.

    Args:
        port: of the site.
        path: what it shows.
        cookie: of who is signed in, on a hosted site.
        max_queue: how many messages the client takes in before it lets the site wait; None for any number.
    """
    url = f"ws://127.0.0.1:{port}/_event/?token={uuid4()}&EIO=4&transport=websocket"
    origin = Origin(f"http://localhost:{port}")
    async with connect(
        url,
        origin=origin,
        additional_headers={"Cookie": cookie} if cookie else None,
        proxy=None,
        compression=None,
        max_queue=max_queue,
        ping_interval=None,
        open_timeout=60,
    ) as socket:
        await socket.recv()
        page = Page(socket, path)
        await socket.send(f"40/_event,{json.dumps({'event': page.event(HYDRATE, {})})}")
        reading = page.reading = asyncio.create_task(page.read())
        try:
            await asyncio.wait_for(page.ready.wait(), 60)
            yield page
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
