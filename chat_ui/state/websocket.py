"""The websocket of a page, with a short way for what is short."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN

__all__ = ["SAY_NOW", "Websocket"]

# What an app finds among the extensions in its scope, as ASGI calls what a server can do beside its standard.
SAY_NOW = "chat_ui.say_now"
# https://www.rfc-editor.org/rfc/rfc6455#section-5.2: a whole text, and the longest whose length is one byte.
WHOLE_TEXT = 0x81
LONGEST = 125


class Websocket(WebSocketsSansIOProtocol):
    """Of uvicorn's kinds the one that writes at once, and reads on when a message was taken.

    It also has a way past the layers of the app and of the library: a piece of an answer is a frame of forty
    bytes, and to take it through them costs twice as much as to write it.
    """

    _told: dict[str, Any] | None = None

    def handle_connect(self, event: Request) -> None:
        """Take in a new page, whose app learns of the short way."""
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self._told = self.scope.setdefault("extensions", {})
            self._told[SAY_NOW] = {"say_now": self.say_now}

    def connection_lost(self, exc: Exception | None) -> None:
        """Take leave of a page, whose app may keep what it was told of it."""
        super().connection_lost(exc)
        if self._told is not None:
            del self._told[SAY_NOW]

    def say_now(self, text: str) -> bool:
        """Send a text that is short, if nothing is in its way; whether it was."""
        data = text.encode()
        is_open = self.conn.state is OPEN and not self.transport.is_closing()
        if not is_open or not self.writable.is_set() or len(data) > LONGEST:
            return False
        self.transport.write(bytes((WHOLE_TEXT, len(data))) + data)
        return True
