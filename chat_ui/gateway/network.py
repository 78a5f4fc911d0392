"""Connections straight on asyncio.

httpcore 1.0 reads through anyio, which for every read opens a cancel scope, and has the selector watch the
socket for that long only. A stream is read once per token; so that was a fourth of what an answer cost.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

import httpcore
import httpx
from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType] - its tuples

from chat_ui.gateway.guard import public_address

__all__ = ["DirectTransport"]

MOST_UNREAD = 256 * 1024


class Connection(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection, from asyncio's side and from httpcore's."""

    def __init__(self) -> None:
        self._transport = asyncio.Transport()
        self._received = bytearray()
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = False
        self._error: Exception | None = None
        self._breath: Callable[[], float] | None = None
        self._looked = 0.0

    def breathe(self, seconds: Callable[[], float] | None) -> None:
        """From now on, look for what has come only so often; None is as soon as there is something.

        A stream of tokens then wakes this process once for several of them, which is most of their cost.
        """
        self._breath = seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._news.set()
        if len(self._received) > MOST_UNREAD:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._news.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._breath is not None:
            await self._rest(self._breath())
        if not self._received and not self._ended:
            self._news.clear()
            async with _within(timeout, httpcore.ReadTimeout):
                await self._news.wait()
        if self._error is not None and not self._received:
            raise httpcore.ReadError(str(self._error)) from self._error
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if not self._ended and len(self._received) <= MOST_UNREAD:
            self._transport.resume_reading()
        self._looked = asyncio.get_running_loop().time()
        return data

    async def _rest(self, seconds: float) -> None:
        left = self._looked + seconds - asyncio.get_running_loop().time()
        if left <= 0 or self._ended:
            return
        self._transport.pause_reading()
        try:
            await asyncio.sleep(left)
        finally:
            if not self._ended:
                self._transport.resume_reading()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if self._ended:
            raise httpcore.WriteError("the connection is closed") from self._error
        self._transport.write(buffer)
        async with _within(timeout, httpcore.WriteTimeout):
            await self._writable.wait()

    async def aclose(self) -> None:
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with _within(timeout, httpcore.ConnectTimeout):
                self._transport = await self._secured(ssl_context, server_hostname)
        except BaseException as error:
            self._transport.abort()
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        return self

    async def _secured(self, context: ssl.SSLContext, name: str | None) -> asyncio.Transport:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(self._transport, self, context, server_hostname=name)
        except ConnectionError as error:
            # To asyncio, a peer that hangs up in the handshake is a lost connection like any other.
            raise ssl.SSLError(*error.args) from error
        assert secured is not None
        return secured

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._ended or bool(self._received)
        return self._transport.get_extra_info(info)


class Network(httpcore.AsyncNetworkBackend):
    """Opens connections.

    Args:
        public_only: whether to none but addresses on the open internet.
    """

    def __init__(self, *, public_only: bool = False) -> None:
        self._public_only = public_only

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            async with _within(timeout, httpcore.ConnectTimeout):
                if self._public_only:
                    host = await public_address(host, port)
                addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                connected = await start_connection(addresses, happy_eyeballs_delay=0.25)
                _, connection = await loop.create_connection(Connection, sock=connected)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return connection


class DirectTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport, with one connection on this network."""

    def __init__(self, *, verify: ssl.SSLContext, idle: float, public_only: bool = False) -> None:
        super().__init__(verify=verify)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verify,
            max_connections=1,
            max_keepalive_connections=1,
            keepalive_expiry=idle,
            network_backend=Network(public_only=public_only),
        )


@asynccontextmanager
async def _within(seconds: float | None, late: type[Exception]) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise late from error
