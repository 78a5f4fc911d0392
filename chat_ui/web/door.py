"""The door of a hosted site: what reaches anything behind it comes from somebody who is signed in."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chat_ui.accounts.caller import ADDRESS_HEADER, SESSION_HEADER
from chat_ui.accounts.sessions import Sessions, Visitor
from chat_ui.accounts.tokens import derived
from chat_ui.state.current import current_chat
from chat_ui.web.line import Line
from chat_ui.web.requests import VISITOR, Browser, wants_page
from chat_ui.web.turnstile import Flow, Turnstile
from chat_ui.words import say

__all__ = ["Door"]

# What a stranger may ask for. Everything else, and whatever will be added, is for those who are signed in.
# ``/metrics`` has a lock of its own.
OPEN = frozenset({"/login", "/signup", "/session", "/ping", "/_health", "/metrics", "/robots.txt"})
OPEN_BELOW = ("/link/",)
# Files at the root of the compiled page; they hold nothing of anybody's.
OPEN_FILES = (".css", ".ico", ".js", ".png", ".svg", ".webmanifest")

WEBSOCKET = "/_event"
# Whoever has a hundred tabs open when the site comes back is let in with all of them.
SOCKETS_OF_ONE = Flow(at_once=100, per_s=2)
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
        self._turnstile = Turnstile(SOCKETS_OF_ONE)

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
        if connection.scope["method"] != "GET" or not wants_page(connection):
            return PlainTextResponse(say("door.first"), 401)
        path = connection.url.path
        return RedirectResponse("/login" if path == "/" else f"/login?next={quote(path)}", 303)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        visitor = None
        if scope["path"].startswith(WEBSOCKET) and self._browser.is_ours(connection):
            visitor = await self._visitor(connection)
        if visitor is None or not self._turnstile.lets_through(visitor.session_id):
            # Before it is accepted, this is a 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        line = Line(receive, send)
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
