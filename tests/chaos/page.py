"""A page without a browser: it speaks Reflex's websocket and keeps what the real page would show.

It does what ``state.js`` of Reflex, ``texts.js``, ``outbox.js`` and ``answer.jsx`` do, with shorter waits.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from chat_ui.state.routes import CONVERSATION_PREFIX
from chat_ui.state.thread import ThreadState
from chat_ui.state.wire import COMPOSER, PIECE, TEXTS
from tests.chaos.patience import PATIENCE_S, until

__all__ = ["Head", "Page", "Seen", "Sending"]

Sending = Literal["once", "twice", "cut"]

RECONNECT_AFTER_S = 0.1
RESEND_AFTER_S = 1.0
ASK_AGAIN_S = 0.5
ROOT = "reflex___state____state"
HYDRATE = f"{ROOT}.hydrate_and_load"
NAVIGATE = f"{ROOT}.reflex___state____on_load_internal_state.on_load_internal"
THREAD = ThreadState.get_full_name()


@dataclass(frozen=True, slots=True)
class Head:
    """A message as the page's state has it."""

    id: str
    role: str
    status: str
    chars: int


@dataclass(slots=True)
class Seen:
    """All that was ever on a screen: for each message and part, the texts as long as they had grown."""

    texts: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def note(self, message_id: str, part: str, text: str) -> None:
        """Add a text; one that another has grown from needs no place of its own."""
        texts = self.texts.setdefault((message_id, part), [""])
        if text.startswith(texts[-1]):
            texts[-1] = text
        elif not texts[-1].startswith(text):
            texts.append(text)


class Page:
    """A tab that stays open, and connects again as often as it is cut off.

    Args:
        port: where the site is.
        seen: takes down what it shows.
        path: what it opens.
    """

    def __init__(self, port: int, seen: Seen, path: str = "/") -> None:
        self.path = path
        self.heads: list[Head] = []
        self.texts: dict[str, dict[str, str]] = {}
        self._port = port
        self._seen = seen
        self._token = str(uuid4())
        self._socket: ClientConnection | None = None
        # What the site knows of the path.
        self._opened = ""
        self._reading = asyncio.Event()
        self._reading.set()
        self._keys: dict[int, str] = {}
        self._gaps: set[str] = set()
        self._sent: dict[str, asyncio.Future[dict[str, str]]] = {}
        self._tasks = [asyncio.create_task(self._stay()), asyncio.create_task(self._mend())]

    async def send(self, text: str, *, sending: Sending = "once") -> None:
        """Send a message until it is stored, and go to its conversation."""
        await until(lambda: self._socket is not None, "a page connects")
        # It keeps its id when it is refused: a copy that is still on its way may be taken.
        id = uuid4().hex
        while True:
            conversation = self.path.removeprefix(CONVERSATION_PREFIX).strip("/")
            leaf = self.heads[-1].id if self.heads else ""
            draft = {"id": id, "text": text, "conversation_id": conversation, "parent_id": leaf}
            answer = await self._deliver(draft, sending)
            if "conversation" in answer:
                await self.go(CONVERSATION_PREFIX + answer["conversation"])
                return
            await asyncio.sleep(RESEND_AFTER_S / 4)

    async def _deliver(self, draft: dict[str, str], sending: Sending) -> dict[str, str]:
        answer = self._sent[draft["id"]] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(PATIENCE_S):
            while not answer.done():
                for _ in range(2 if sending == "twice" else 1):
                    await self._emit(f"{THREAD}.send", draft=draft)
                if sending == "cut":
                    # The message has left, and its answer may have too.
                    await asyncio.sleep(0)
                    self.cut()
                    sending = "once"
                await asyncio.wait([answer], timeout=RESEND_AFTER_S)
        return answer.result()

    async def stop(self) -> None:
        """Press "Stop", if there is an answer to stop."""
        if (running := self.running) is not None:
            await self._emit(f"{THREAD}.stop", message_id=running.id)

    @property
    def is_connected(self) -> bool:
        """Whether the site can tell it anything now."""
        return self._socket is not None

    @property
    def running(self) -> Head | None:
        """The answer that is growing."""
        return next((head for head in self.heads if head.status == "streaming"), None)

    def answer_to(self, question: str) -> Head | None:
        """The answer to a question, if both are shown."""
        for asked, answer in zip(self.heads, self.heads[1:], strict=False):
            if self.texts.get(asked.id, {}).get("text") == question:
                return answer
        return None

    def cut(self) -> None:
        """Break the connection off."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def pause(self, seconds: float) -> None:
        """Read nothing for a while."""
        self._reading.clear()
        await asyncio.sleep(seconds)
        self._reading.set()

    def reload(self) -> None:
        """Forget everything and load the page anew."""
        self._token = str(uuid4())
        self.heads, self.texts, self._keys, self._gaps = [], {}, {}, set()
        self.cut()

    async def close(self) -> None:
        """Close the tab."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def go(self, path: str) -> None:
        """Go to another address of the site."""
        self.path = path
        await self._follow_path()

    async def _follow_path(self) -> None:
        if self._socket is not None and self._opened != self.path:
            self._opened = self.path
            await self._emit(NAVIGATE)

    async def _emit(self, name: str, **payload: Any) -> None:
        """Send an event if there is a connection; what is sent without one is lost."""
        if self._socket is not None:
            packet = json.dumps(["event", self._event(name, payload)])
            with suppress(WebSocketException):
                await self._socket.send(f"42/_event,{packet}")

    def _event(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        here = {"pathname": self.path, "asPath": self.path}
        return {"name": name, "payload": payload, "router_data": here}

    async def _stay(self) -> None:
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                await self._live()
            await asyncio.sleep(RECONNECT_AFTER_S)

    async def _live(self) -> None:
        url = f"ws://127.0.0.1:{self._port}/_event/?token={self._token}&EIO=4&transport=websocket"
        origin = Origin(f"http://localhost:{self._port}")
        async with connect(url, origin=origin, proxy=None, compression=None, max_queue=4) as socket:
            await socket.recv()
            self._opened = self.path
            boot = json.dumps({"event": self._event(HYDRATE, {})})
            await socket.send(f"40/_event,{boot}")
            try:
                async for frame in socket:
                    await self._reading.wait()
                    await self._receive(socket, str(frame))
            finally:
                self._socket = None

    async def _receive(self, socket: ClientConnection, frame: str) -> None:
        if frame == "2":
            await socket.send("3")
        elif frame.startswith("40"):
            self._socket = socket
            # It may have gone elsewhere while it connected.
            await self._follow_path()
        elif frame.startswith("42/_event,"):
            name, *said = json.loads(frame.removeprefix("42/_event,"))
            if name == "new_token":
                self._token = said[0]
            elif name == PIECE:
                self._set(TEXTS, said if len(said) > 1 else said[0])
            else:
                self._update(said[0])

    def _update(self, update: dict[str, Any]) -> None:
        heads = (update.get("delta") or {}).get(THREAD, {}).get("heads_rx_state_")
        if heads is not None:
            self.heads = [Head(*(head[name] for name in Head.__slots__)) for head in heads]
            assert len({head.id for head in self.heads}) == len(self.heads), "a message is shown twice"
        for event in update.get("events") or ():
            if event["name"] == "_set_value":
                self._set(event["payload"]["ref"], event["payload"]["value"])

    def _set(self, ref: str, value: Any) -> None:
        if ref == COMPOSER:
            if not (answer := self._sent[value["id"]]).done():
                answer.set_result(value)
        elif ref == TEXTS:
            self._take_in(value)

    def _take_in(self, value: list[Any] | dict[str, Any]) -> None:
        if isinstance(value, list):
            self._append(*value)
        elif "keys" in value:
            self._keys |= {int(key): id for key, id in value["keys"].items()}
        else:
            for said in value.get("texts", ()):
                self._replace(**said)

    def _append(self, key: int, offset: int, text: str, part: str = "text") -> None:
        id = self._keys.get(key)
        if id is None:
            return
        parts = self.texts.setdefault(id, {})
        have = parts.get(part, "")
        if offset > len(have):
            self._gaps.add(id)
            return
        parts[part] = have + text[len(have) - offset :]
        self._seen.note(id, part, parts[part])

    def _replace(self, id: str, *, grows: bool = False, **said: Any) -> None:
        # Beside texts there is how long the model thought, which is no text.
        parts = {part: text for part, text in said.items() if isinstance(text, str)}
        for part, had in self.texts.get(id, {}).items():
            # What still grows may have grown here since it was read there.
            if grows and had.startswith(parts.get(part, "")):
                parts[part] = had
        self.texts[id] = parts
        self._gaps.discard(id)
        for part, text in parts.items():
            self._seen.note(id, part, text)

    async def _mend(self) -> None:
        """Ask again for texts that came with a hole or not at all."""
        while True:
            await asyncio.sleep(ASK_AGAIN_S)
            for head in self.heads:
                has = len(self.texts.get(head.id, {}).get("text", ""))
                if head.id in self._gaps or has < head.chars:
                    await self._emit(f"{THREAD}.resend_text", message_id=head.id)
