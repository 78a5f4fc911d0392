"""Connections to a gateway, each for one request at a time.

One shared ``httpx.AsyncClient`` would be simpler. Its pool (httpx 0.28, httpcore 1.0) searches all
connections for every request, stops at 100, loses a slot for good when a request is cancelled twice, and
hands one person's cookies to the next. So each request leases a client with a single connection of its own.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import lru_cache
from http.cookiejar import Cookie, CookieJar
from typing import Any

import httpx

from chat_ui.gateway.http1 import DirectTransport

__all__ = ["ClientPool", "Lease"]

WARM = 20
IDLE_SECONDS = 30.0
HEADERS = {
    # A server that compresses holds tokens back until its buffer is full.
    "Accept-Encoding": "identity",
    "User-Agent": "chat-ui",
}


class NoCookies(CookieJar):
    """Takes nothing: a connection serves one person after the other."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        pass

    def set_cookie(self, cookie: Cookie) -> None:
        pass


class Lease:
    """A client for one request.

    Args:
        client: with at most one connection.
        warm: whether it served somebody before, so that the gateway may be about to close its connection.
    """

    def __init__(self, client: httpx.AsyncClient, *, warm: bool) -> None:
        self.client = client
        self.warm = warm
        self._clean = False

    @property
    def clean(self) -> bool:
        """Whether the connection can serve another request."""
        return self._clean

    def read_to_end(self) -> None:
        """Say that the whole response was read, so that nothing of it is left on the connection."""
        self._clean = True


class ClientPool:
    """Leases clients and keeps some warm. There is no limit to how many are out at once.

    Belongs to the event loop in which it is first used.

    Args:
        transport: carries every request in place of the network; closed with the pool.
        trust_env: whether the environment's proxies and certificates apply.
        public_only: whether nothing is called but addresses on the open internet.
        connect: seconds for a connection.
        warm: how many idle clients are kept.
        idle: seconds after which an idle client is closed.
        make: makes a client, given what ``httpx.AsyncClient`` takes.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        trust_env: bool = False,
        public_only: bool = False,
        connect: float = 5.0,
        warm: int = WARM,
        idle: float = IDLE_SECONDS,
        make: Callable[..., httpx.AsyncClient] = httpx.AsyncClient,
    ) -> None:
        self._make = make
        self._transport = transport
        self._trust_env = trust_env
        self._public_only = public_only
        # Silence is judged by the caller: httpx counts keep-alive comments as signs of life.
        self._timeout = httpx.Timeout(None, connect=connect, write=30.0)
        self._warm = warm
        self._idle = idle
        self._free: deque[tuple[float, httpx.AsyncClient]] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def lease(self, *, fresh: bool = False) -> AsyncGenerator[Lease]:
        """A client of one's own; it is closed afterwards unless its response was read to the end.

        Args:
            fresh: whether it must be one that served nobody yet.
        """
        warm = bool(self._free) and not fresh
        lease = Lease(self._free.pop()[1] if warm else self._new_client(), warm=warm)
        try:
            yield lease
        except BaseException:
            await lease.client.aclose()
            raise
        if lease.clean and not self._closed and len(self._free) < self._warm:
            self._free.append((asyncio.get_running_loop().time(), lease.client))
            self._sweep_later()
        else:
            await lease.client.aclose()

    async def aclose(self) -> None:
        """Close what is idle; what is leased closes when it comes back."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        while self._free:
            await self._free.pop()[1].aclose()
        if self._closing:
            await asyncio.wait(self._closing)
        if self._transport is not None:
            await self._transport.aclose()

    def _new_client(self) -> httpx.AsyncClient:
        verify = shared_ssl_context(self._trust_env)
        transport: httpx.AsyncBaseTransport | None = None
        if self._transport is not None:
            transport = Borrowed(self._transport)
        elif not self._trust_env:
            # With trust_env httpx looks for proxies, which it does for its own transport only.
            transport = DirectTransport(verify=verify, idle=self._idle, public_only=self._public_only)
        return self._make(
            transport=transport,
            verify=verify,
            trust_env=self._trust_env,
            http2=False,  # closing an HTTP/2 stream doesn't tell the server, which goes on and bills
            follow_redirects=False,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._idle),
            headers=HEADERS,
            cookies=NoCookies(),
        )

    def _sweep_later(self) -> None:
        if self._sweeper is None and self._free:
            oldest, _ = self._free[0]
            self._sweeper = asyncio.get_running_loop().call_at(oldest + self._idle, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        now = asyncio.get_running_loop().time()
        while self._free and self._free[0][0] + self._idle <= now:
            self._close_soon(self._free.popleft()[1].aclose())
        self._sweep_later()

    def _close_soon(self, closing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class Borrowed(httpx.AsyncBaseTransport):
    """A transport shared by many clients, of which none may close it."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.handle_async_request(request)


@lru_cache(maxsize=2)
def shared_ssl_context(trust_env: bool) -> ssl.SSLContext:
    # Loading the certificates takes 20 ms and more; once per process is enough.
    context = httpx.create_ssl_context(trust_env=trust_env)
    context.set_alpn_protocols(["http/1.1"])
    return context
