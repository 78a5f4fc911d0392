"""A websocket that can be cut: by the site, or because something was said on it that no page of ours says."""

from __future__ import annotations

import asyncio
import logging
import re

from starlette.types import Message, Receive, Send

from chat_ui.web.turnstile import Flow, Meter

__all__ = ["Line"]

# What begins a frame of socket.io's: the answer to a heartbeat, coming, going, an event
# (https://socket.io/docs/v4/engine-io-protocol/, https://socket.io/docs/v4/socket-io-protocol/).
SPOKEN = re.compile(r"[13]$|4[01]/_event,|42/_event,\d*\[")
# What a page says: an event for what its reader does, and the answers to the site's heartbeat.
SAID_BY_ONE = Flow(at_once=200, per_s=30)
GONE: Message = {"type": "websocket.disconnect", "code": 1008}

log = logging.getLogger(__name__)


class Line:
    """A websocket that can be cut, whatever those who speak on it are doing.

    Args:
        receive: as ASGI has it.
        send: as ASGI has it.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._listening: asyncio.Future[Message] | None = None
        self._meter = Meter(SAID_BY_ONE)
        self._is_cut = asyncio.Event()
        self._cutting = asyncio.create_task(_close_once(self._is_cut, send))

    def cut(self) -> None:
        """Close it soon, and have nobody hear or say anything more on it."""
        self._is_cut.set()

    async def receive(self) -> Message:
        """What is said on it next, as ASGI has it."""
        if not self._is_cut.is_set():
            if self._listening is None:
                self._listening = asyncio.ensure_future(self._receive())
            await asyncio.wait({self._listening, self._cutting}, return_when=asyncio.FIRST_COMPLETED)
        if self._is_cut.is_set() or self._listening is None:
            return GONE
        message, self._listening = self._listening.result(), None
        if message["type"] == "websocket.receive" and not self._may_be_said(message):
            log.warning("A websocket was closed that was sent what no page sends")
            self.cut()
            return GONE
        return message

    def _may_be_said(self, message: Message) -> bool:
        return bool(SPOKEN.match(message.get("text") or "")) and self._meter.lets_through()

    async def send(self, message: Message) -> None:
        """Say something on it, as ASGI has it; nothing once it is cut."""
        if not self._is_cut.is_set():
            await self._send(message)

    async def end(self) -> None:
        """Let go of it, when whoever spoke on it has left."""
        try:
            if self._is_cut.is_set():
                # Whoever spoke on it has heard of it, and left, before it is closed.
                await asyncio.wait({self._cutting})
        finally:
            for task in (self._listening, self._cutting):
                if task is not None:
                    task.cancel()


async def _close_once(is_cut: asyncio.Event, send: Send) -> None:
    # It knows no line, whose task it is: a task that is cancelled keeps what it knew, and both would stay.
    await is_cut.wait()
    await send({"type": "websocket.close", "code": 1008})
