"""What a browser is told where the database can't be asked who sends a request, or what it wants to know."""

from __future__ import annotations

from html import escape

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_ui.chat.trouble import in_words
from chat_ui.store.errors import StoreError
from chat_ui.web.html import page
from chat_ui.web.requests import wants_page
from chat_ui.words import say

__all__ = ["InWords"]

HEADERS = {"cache-control": "no-store", "retry-after": "5"}


class InWords:
    """Says what keeps the database from its work, in place of an error that says nothing.

    Args:
        app: what asks it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what comes, as ASGI has it."""
        has_begun = False

        async def begin(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, begin)
        except StoreError as error:
            if has_begun:
                raise
            if scope["type"] == "http":
                await _answer(HTTPConnection(scope), in_words(error))(scope, receive, send)
            else:
                # Before it is accepted, this is a 403; the page tries again by itself.
                await send({"type": "websocket.close", "code": 1013})


def _answer(connection: HTTPConnection, words: str) -> Response:
    if not wants_page(connection):
        return PlainTextResponse(words, 503, headers=HEADERS)
    return HTMLResponse(page(say("door.trouble"), f"<p>{escape(words)}</p>"), 503, headers=HEADERS)
