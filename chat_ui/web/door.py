"""The door of a hosted site: what reaches anything behind it comes from somebody who is signed in."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_ui.accounts.caller import ADDRESS_HEADER, SESSION_HEADER
from chat_ui.accounts.sessions import Sessions, Visitor
from chat_ui.accounts.tokens import derived
from chat_ui.state.current import current_chat
from chat_ui.web.requests import VISITOR, Browser
from chat_ui.words import say

__all__ = ["Door"]

# What a stranger may ask for. Everything else, and whatever will be added, is for those who are signed in.
# ``/metrics`` has a lock of its own.
OPEN = frozenset({"/login", "/signup", "/session", "/ping", "/_health", "/metrics", "/robots.txt"})
OPEN_BELOW = ("/link/",)
# Files at the root of the compiled page; they hold nothing of anybody's.
OPEN_FILES = (".css", ".ico", ".js", ".png", ".svg", ".webmanifest")

SOCKETS = "/_event"
# What nobody but the door may say, and what nobody behind it needs to know.
TAKEN_OFF = frozenset({b"cookie", b"authorization", SESSION_HEADER, ADDRESS_HEADER})


class Door:
    """Finds out who sends a request, and turns strangers away.

    A websocket passes it without its cookies: what goes on behind the door, logs included, can't give them
    away. It is told instead which session it is of. And the token by which Reflex finds the state of a tab,
    which the browser makes up itself, is mixed with the session: nobody can name another's.

    Args:
        app: what is behind it.
        browser: how to speak to one.
    """

    def __init__(self, app: ASGIApp, browser: Browser) -> None:
        self._app = app
        self._browser = browser

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what comes, as ASGI has it."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        path = scope["path"]
        is_file = _is_open_file(path)
        visitor = None if is_file else await self._visitor(connection)
        if visitor is None and not is_file and path not in OPEN and not path.startswith(OPEN_BELOW):
            await self._turned_away(connection)(scope, receive, send)
            return
        await self._app({**scope, VISITOR: visitor}, receive, send)

    def _turned_away(self, connection: HTTPConnection) -> Response:
        wants_page = "text/html" in connection.headers.get("accept", "")
        if connection.scope["method"] != "GET" or not wants_page:
            return PlainTextResponse(say("door.first"), 401)
        path = connection.url.path
        return RedirectResponse("/login" if path == "/" else f"/login?next={quote(path)}", 303)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        visitor = None
        if scope["path"].startswith(SOCKETS) and self._browser.is_ours(connection):
            visitor = await self._visitor(connection)
        if visitor is None:
            # Before it is accepted, this is a 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        line = _Line(receive, send)
        inside = _told(scope, visitor, self._browser.where(connection).address)
        try:
            async with self._sessions.connected(visitor.session_id, line.cut):
                await self._app(inside, line.receive, line.send)
        finally:
            await line.end()

    async def _visitor(self, connection: HTTPConnection) -> Visitor | None:
        return await self._sessions.find(self._browser.token(connection))

    @property
    def _sessions(self) -> Sessions:
        accounts = current_chat().accounts
        assert accounts is not None
        return accounts.sessions


class _Line:
    """A websocket that can be cut, whatever those who speak on it are doing."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._listening: asyncio.Future[Message] | None = None
        self._is_cut = asyncio.Event()
        self._cutting = asyncio.create_task(self._close_once_cut())

    def cut(self) -> None:
        self._is_cut.set()

    async def _close_once_cut(self) -> None:
        await self._is_cut.wait()
        if self._listening is not None:
            # Granian closes nothing while somebody still listens.
            self._listening.cancel()
            await asyncio.wait({self._listening})
        await self._send({"type": "websocket.close", "code": 1008})

    async def receive(self) -> Message:
        if not self._is_cut.is_set():
            if self._listening is None:
                self._listening = asyncio.ensure_future(self._receive())
            await asyncio.wait({self._listening, self._cutting}, return_when=asyncio.FIRST_COMPLETED)
        if self._is_cut.is_set() or self._listening is None:
            return {"type": "websocket.disconnect", "code": 1008}
        message, self._listening = self._listening.result(), None
        return message

    async def send(self, message: Message) -> None:
        if not self._is_cut.is_set():
            await self._send(message)

    async def end(self) -> None:
        try:
            if self._is_cut.is_set():
                # Whoever spoke on it has heard of it, and left, before it is closed.
                await asyncio.wait({self._cutting})
        finally:
            for task in (self._listening, self._cutting):
                if task is not None:
                    task.cancel()


def _is_open_file(path: str) -> bool:
    return path.startswith(("/assets/", "/fonts/")) or (path.count("/") == 1 and path.endswith(OPEN_FILES))


def _told(scope: Scope, visitor: Visitor, address: str) -> Scope:
    """What those behind the door get to see of a websocket."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() not in TAKEN_OFF]
    headers += [(SESSION_HEADER, visitor.session_id.encode()), (ADDRESS_HEADER, address.encode())]
    query = [
        (name, derived(visitor.session_id, f"tab {value}") if name == "token" else value)
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    ]
    return {**scope, "headers": headers, "query_string": urlencode(query).encode()}
