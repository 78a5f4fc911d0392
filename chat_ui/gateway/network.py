"""Connections straight on asyncio, which wake this process once for all that has come meanwhile."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import cast

import httpx
from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType] - its tuples

from chat_ui.gateway.guard import public_address

__all__ = ["Connection", "connect"]

MOST_UNREAD = 256 * 1024
NEXT_ADDRESS_S = 0.25
# How many reads a stream that was late may make up for. Who is further behind has too much to do for that.
MADE_UP_FOR = 2


class Connection(asyncio.Protocol):
    """One connection. Its failures are those of httpx, its only clocks those that it is given."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = asyncio.Transport()
        self._received: list[bytes] = []
        self._unread = 0
        self._reader: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = False
        self._error: Exception | None = None
        self._breath: Callable[[], float] | None = None
        self._due = 0.0
        self._rested = False

    @property
    def is_quiet(self) -> bool:
        """Whether it is open, and nothing has come that nobody has read."""
        return not (self._ended or self._received or self._transport.is_closing())

    def breathe(self, seconds: Callable[[], float] | None) -> None:
        """From now on, read only so often, all in all; None is as soon as there is something.

        A stream of tokens then wakes this process once for several of them, which is most of their cost.
        """
        self._breath = seconds
        self._due = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; asyncio says so."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what has come until it is read."""
        self._received.append(data)
        self._unread += len(data)
        self._wake()
        if self._unread > MOST_UNREAD:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever reads or writes: nothing more will come."""
        self._ended, self._error = True, exc
        self._wake()
        self._writable.set()

    def pause_writing(self) -> None:
        """Let writers wait: the other side takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._writable.set()

    async def read(self) -> bytes:
        """All that has come; nothing once the other side has closed the connection.

        Raises:
            httpx.ReadError: the connection broke.
        """
        if not self._received and not self._ended:
            await self._news()
        if self._breath is not None:
            pace, now = self._breath(), self._loop.time()
            if now < self._due - pace / 2:
                now = await self._gather(pace, now)
            else:
                self._rested = False
            self._due = max(self._due, now - MADE_UP_FOR * pace) + pace
        if self._error is not None and not self._received:
            raise httpx.ReadError(str(self._error)) from self._error
        data = b"".join(self._received)
        self._received.clear()
        if self._unread > MOST_UNREAD and not self._ended:
            self._transport.resume_reading()
        self._unread = 0
        return data

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _news(self) -> None:
        # What comes often costs less by a bare future than by an event.
        self._reader = self._loop.create_future()
        await self._reader

    async def _gather(self, pace: float, now: float) -> float:
        """Keep what comes early until there is more, about when a read is due; nothing longer than the pace.

        Where tokens come nearly as often as they are read, most are read as they come, and the others with
        the next: to sleep until the read is due would keep them all.

        Returns:
            When it is read.
        """
        begin, end = self._due - pace / 2, min(self._due + pace / 2, now + pace)
        if begin - now < pace / 3 and not self._rested:
            await self._news_by(end)
        if (left := begin - self._loop.time()) > 0:
            # So much comes that each would wake this process once more, as it may after the next read too.
            await self._rest(left)
            await self._news_by(end)
        self._rested = left > 0
        return self._loop.time()

    async def _news_by(self, moment: float) -> None:
        if self._ended:
            return
        alarm = self._loop.call_at(moment, self._wake)
        try:
            await self._news()
        finally:
            alarm.cancel()

    async def _rest(self, seconds: float) -> None:
        if self._ended:
            return
        self._transport.pause_reading()
        try:
            await asyncio.sleep(seconds)
        finally:
            if not self._ended:
                self._transport.resume_reading()

    async def write(self, data: bytes, timeout: float | None) -> None:  # noqa: ASYNC109 - as httpx has it
        """Send something.

        Raises:
            httpx.WriteTimeout: the other side didn't take it in time.
            httpx.WriteError: the connection is closed.
        """
        if self._ended:
            raise httpx.WriteError("the connection is closed") from self._error
        self._transport.write(data)
        async with _within(timeout, httpx.WriteTimeout):
            await self._writable.wait()

    def close(self) -> None:
        """Close it at once; what isn't sent yet never is."""
        self._transport.abort()


async def connect(
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None,
    timeout: float | None,  # noqa: ASYNC109 - as httpx has it
    public_only: bool,
) -> Connection:
    """Open a connection, to the first address of a host that takes it.

    Args:
        host: a name or an address.
        port: there.
        tls: how to secure it; None is not at all.
        timeout: seconds for all of it.
        public_only: whether to none but an address on the open internet.

    Raises:
        httpx.ConnectTimeout: it took too long.
        httpx.ConnectError: it couldn't be opened; the chain of causes says why.
    """
    loop = asyncio.get_running_loop()
    try:
        async with _within(timeout, httpx.ConnectTimeout):
            address = await public_address(host, port) if public_only else host
            addresses = await loop.getaddrinfo(address, port, type=socket.SOCK_STREAM)
            connected = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_S)
            return await _on(connected, tls, host)
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error


async def _on(connected: socket.socket, tls: ssl.SSLContext | None, host: str) -> Connection:
    loop = asyncio.get_running_loop()
    name = None if tls is None else host
    try:
        _, connection = await loop.create_connection(
            Connection, sock=connected, ssl=tls, server_hostname=name
        )
    except ConnectionError as error:
        if tls is None:
            raise
        # To asyncio, a peer that hangs up in the handshake is a lost connection like any other.
        raise ssl.SSLError(*error.args) from error
    return connection


@asynccontextmanager
async def _within(seconds: float | None, late: type[Exception]) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise late("") from error
