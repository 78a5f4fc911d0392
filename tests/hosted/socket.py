"""A websocket to a site, spoken by hand: what somebody without any page of ours would do."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

NAMESPACE = "/_event"
PATIENCE_S = 20.0


class Socket:
    """One connection: sends events by name, and keeps every frame that comes.

    Args:
        url: of the site.
        tab: the token by which Reflex is to find this tab's state.
        headers: of the handshake.
        options: for the client that speaks it.
    """

    def __init__(self, url: str, tab: str, headers: dict[str, str], **options: Any) -> None:
        address = f"{url.replace('http', 'ws', 1)}{NAMESPACE}/?token={tab}&EIO=4&transport=websocket"
        self._opening = connect(address, additional_headers=headers, max_size=None, **options)
        self._arrived = asyncio.Event()
        self.frames: list[str] = []
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Socket:
        self._connection: ClientConnection = await self._opening
        self._reading = asyncio.create_task(self._read())
        await self.send_raw(f"40{NAMESPACE},{{}}")
        await self.until(lambda: any(frame.startswith(f"40{NAMESPACE}") for frame in self.frames))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()
        await self._reading

    async def _read(self) -> None:
        try:
            async for frame in self._connection:
                text = frame if isinstance(frame, str) else frame.decode()
                if text == "2":
                    await self._connection.send("3")
                self.frames.append(text)
                self._arrived.set()
        except ConnectionClosed:
            pass
        self.closed.set()
        self._arrived.set()

    async def send_raw(self, text: str) -> None:
        """Send a frame; one that has been closed takes none, and says nothing."""
        try:
            await self._connection.send(text)
        except ConnectionClosed:
            self.closed.set()

    async def call(self, handler: str, payload: Any = None, *, path: str = "/") -> None:
        """Call an event handler by its full name."""
        event = {
            "name": handler,
            "payload": payload or {},
            "router_data": {"pathname": path, "asPath": path, "query": {}, "headers": {"cookie": "mine=1"}},
            "token": "tab",
        }
        await self.send_raw(f"42{NAMESPACE},{json.dumps(['event', event])}")

    async def until(self, reached: Any) -> None:
        """Wait until what has come shows something."""
        async with asyncio.timeout(PATIENCE_S):
            while not reached():
                assert not self.closed.is_set(), self.frames
                self._arrived.clear()
                await self._arrived.wait()

    async def until_closed_or(self, reached: Any) -> None:
        """Wait until what has come shows something, or nothing comes any more."""
        async with asyncio.timeout(PATIENCE_S):
            while not reached() and not self.closed.is_set():
                self._arrived.clear()
                await self._arrived.wait()

    @property
    def received(self) -> str:
        """All that has come."""
        return "\n".join(self.frames)
