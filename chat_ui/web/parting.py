"""How it is told that a page has left, so that nothing of it stays."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Parting"]


class Parting:
    """Tells that a page has left by an error of its own, and empties what it has told it with.

    engineio (4.15) makes an error of the message that says so, and with that stays all that it came through,
    a task that has the error among the rest. For each websocket it also makes a class that knows how to hear
    on it. Either would keep what there was of a page until garbage is sought in all there is.

    Args:
        app: what speaks on websockets.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what comes, as ASGI has it."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        page = _Page(receive)
        try:
            await self._app(scope, page.hear, send)
        finally:
            page.forget()


class _Page:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = ConnectionResetError()

    async def hear(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise self._left
        return message

    def forget(self) -> None:
        self._left.with_traceback(None)
        del self._receive
