"""A connection of HTTP that has to come to the point."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["Connection"]

ASKED_WITHIN_S = 30.0
MOST_ASKED = 64 * 1024


class Connection(HttpToolsProtocol):
    """What uvicorn has, but who doesn't say what they want, within so long and so many bytes, is cut off.

    Connections that say nothing, or whose headers never end, would otherwise stay, as many as somebody opens.
    """

    _asking: asyncio.TimerHandle | None = None
    _asked = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the headers have become too long."""
        super().data_received(data)
        if self._asking is not None:
            self._asked += len(data)
            if self._asked > MOST_ASKED:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """Wait for the rest of what is being asked."""
        super().on_message_begin()
        self._begin()

    def on_headers_complete(self) -> None:
        """Answer, or hand on what becomes a websocket."""
        self._end()
        super().on_headers_complete()

    def _begin(self) -> None:
        self._end()
        self._asked = 0
        self._asking = self.loop.call_later(ASKED_WITHIN_S, self.transport.abort)

    def _end(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
