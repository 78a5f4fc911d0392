"""What passes between browsers and the site, for its operator: a line and a number for each request."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_ui.monitoring.logs import REQUEST_ID, request_id_of
from chat_ui.monitoring.metrics import REQUESTS, SOCKETS

__all__ = ["Watched"]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Asked for all the time, by pages and by machines, and worth no line when it goes well.
QUIET = ("/assets/", "/fonts/", "/ping", "/_health", "/metrics", "/session")

log = logging.getLogger(__name__)


class Watched:
    """Gives every request an id, and counts requests and websockets.

    Args:
        app: what answers.
        keeps_ids: whether the id that a request brings along is kept: that of one's own proxy.
    """

    def __init__(self, app: ASGIApp, *, keeps_ids: bool) -> None:
        self._app = app
        self._keeps_ids = keeps_ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what comes, as ASGI has it."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        id = request_id_of(Headers(scope=scope).get("x-request-id", "") if self._keeps_ids else "")
        REQUEST_ID.set(id)
        began, status = time.monotonic(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            _tell(scope, status, time.monotonic() - began)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = False

        async def answer(message: Message) -> None:
            nonlocal is_open
            if message["type"] == "websocket.accept":
                is_open = True
                SOCKETS.inc()
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            if is_open:
                SOCKETS.dec()


def _tell(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    REQUESTS.labels(method, str(status)).inc()
    path: str = scope["path"]
    if status < 500 and (path.startswith(QUIET) or "." in path.rpartition("/")[2]):
        return
    log.log(
        logging.WARNING if status >= 500 else logging.INFO,
        "%s %s %d",
        method,
        path[:200],
        status,
        extra={"duration_ms": round(seconds * 1000)},
    )
