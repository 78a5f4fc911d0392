"""Connections on which somebody takes too long to say what they want, or says too much."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.responses import PlainTextResponse
from uvicorn.config import Config
from uvicorn.server import ServerState

from chat_ui.web import connection
from chat_ui.web.connection import Connection

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected() -> AsyncIterator[Pipe]:
    """Speak to a server whose every answer is hello."""
    config = Config(PlainTextResponse("hello"), lifespan="off")
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(config, state, {}), "127.0.0.1", 0
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        yield reader, writer
        writer.close()


async def answered(pipe: Pipe) -> bool:
    reader, writer = pipe
    writer.write(REQUEST)
    return b"200 OK" in await reader.readuntil(b"hello")


async def cut_off(pipe: Pipe) -> bool:
    try:
        return await pipe[0].read() == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", REQUEST[:20]])
async def test_who_does_not_say_what_they_want_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(connection, "ASKED_WITHIN_S", 0.05)
    async with connected() as pipe:
        pipe[1].write(said)
        assert await cut_off(pipe)


async def test_who_has_been_answered_may_wait_before_they_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected() as pipe:
        monkeypatch.setattr(connection, "ASKED_WITHIN_S", 0.05)
        assert await answered(pipe)
        await asyncio.sleep(0.1)
        assert await answered(pipe)
        pipe[1].write(REQUEST[:20])
        assert await cut_off(pipe)


async def test_headers_that_never_end_are_cut_off() -> None:
    async with connected() as pipe:
        pipe[1].write(REQUEST[:-2] + b"X: " + b"x" * connection.MOST_ASKED)
        assert await cut_off(pipe)


async def test_what_is_sent_may_be_longer_than_headers_may() -> None:
    async with connected() as pipe:
        length = 2 * connection.MOST_ASKED
        pipe[1].write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % length)
        pipe[1].write(b"x" * length)
        assert b"200 OK" in await pipe[0].readuntil(b"hello")
