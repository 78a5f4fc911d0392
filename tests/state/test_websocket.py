"""What is said to a page past the layers of the app."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from socketio import ASGIApp as SocketIO
from socketio import AsyncServer
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chat_ui.state.websocket import LONGEST, SAY_NOW, Websocket
from chat_ui.state.wire import _Line
from chat_ui.web.connection import Connection
from chat_ui.web.headers import Headers
from chat_ui.web.line import Line
from chat_ui.web.parting import Parting
from chat_ui.web.watched import Watched


class Site:
    """Takes in one page."""

    def __init__(self) -> None:
        self.say_now: Callable[[str], bool] = lambda _: False
        self.send: Send = _nowhere
        self.left = asyncio.Event()
        self._open = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep what may be said with, until the page has left."""
        self.send, self.say_now = send, scope["extensions"][SAY_NOW]["say_now"]
        assert not self.say_now("too early")
        await receive()
        await send({"type": "websocket.accept"})
        self._open.set()
        await receive()
        self.left.set()

    async def opened(self) -> None:
        """Wait for the page."""
        await self._open.wait()


async def _nowhere(_: Any) -> None:
    raise AssertionError("nobody has come")


@asynccontextmanager
async def served(site: ASGIApp) -> AsyncIterator[tuple[str, list[Websocket]]]:
    """The address of a site, and its ends of the websockets of those who come."""
    made = list[Websocket]()

    class Noted(Websocket):
        def connection_made(self, transport: Any) -> None:
            made.append(self)
            super().connection_made(transport)

    config = Config(site, lifespan="off", ws=Noted, ws_per_message_deflate=False)
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(config, state, {}), "127.0.0.1", 0
    )
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"ws://{host}:{port}", made


@asynccontextmanager
async def visited() -> AsyncIterator[tuple[Site, ClientConnection, list[Websocket]]]:
    """A site, a page of it, and the server's end of their websocket."""
    site = Site()
    async with served(site) as (url, made), connect(url, compression=None) as page:
        await site.opened()
        yield site, page, made


@pytest.mark.parametrize("text", ["", "a", "é日😀", "x" * LONGEST, "é" * (LONGEST // 2)])
async def test_what_is_short_arrives_as_it_was_said(text: str) -> None:
    async with visited() as (site, page, _):
        assert site.say_now(text)
        assert await page.recv() == text


async def test_it_comes_in_its_place_among_what_takes_the_other_way() -> None:
    async with visited() as (site, page, _):
        for number in range(6):
            if number % 2:
                assert site.say_now(str(number))
            else:
                await site.send({"type": "websocket.send", "text": str(number)})
        assert [await page.recv() for _ in range(6)] == list("012345")


@pytest.mark.parametrize("text", ["x" * (LONGEST + 1), "é" * (LONGEST // 2 + 1)])
async def test_what_is_long_has_to_take_the_other_way(text: str) -> None:
    async with visited() as (site, page, _):
        assert not site.say_now(text)
        await site.send({"type": "websocket.send", "text": "only this"})
        assert await page.recv() == "only this"


async def test_nothing_is_said_to_a_page_that_is_slow_to_read() -> None:
    async with visited() as (site, page, made):
        made[0].pause_writing()
        assert not site.say_now("now")
        made[0].resume_writing()
        assert site.say_now("then")
        assert await page.recv() == "then"


async def test_nothing_is_said_on_what_is_being_closed() -> None:
    async with visited() as (site, _, made):
        made[0].transport.close()
        assert not site.say_now("it would be lost")


async def test_nothing_is_said_to_a_page_that_has_left() -> None:
    async with visited() as (site, page, _):
        await page.close()
        await site.left.wait()
        assert not site.say_now("still here?")


async def test_nothing_is_said_to_a_page_that_broke_off() -> None:
    async with visited() as (site, page, _):
        page.transport.abort()
        await site.left.wait()
        assert not site.say_now("still here?")


async def test_nothing_is_said_after_the_end() -> None:
    async with visited() as (site, page, _):
        await site.send({"type": "websocket.close"})
        assert not site.say_now("one more thing")
        with pytest.raises(ConnectionClosed):
            await page.recv()


async def test_who_asks_for_another_version_is_refused_and_no_error_follows() -> None:
    failures = list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, failure: failures.append(failure))
    asked = (
        "GET / HTTP/1.1\r\nHost: chat\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 7\r\n\r\n"
    )
    async with served(Site()) as (url, made):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(asked.encode())
        said = await reader.read()
        # Which ends once the server has taken leave.
        writer.close()
    assert made[0].connections == set()
    assert said.startswith(b"HTTP/1.1 400 ")
    assert failures == []


async def test_it_is_found_behind_socket_io_and_the_layers_of_the_site() -> None:
    sockets, lines = AsyncServer(async_mode="asgi", transports=["websocket"]), list[_Line]()

    @sockets.on("connect", namespace="/_event")
    async def come(sid: str, environ: Any) -> None:
        lines.append(_Line(sockets.get_environ(sid, "/_event"), "/_event"))

    site = Watched(Headers(SocketIO(sockets), "", is_secure=False), keeps_ids=False)
    async with served(site) as (url, _), connect(f"{url}/socket.io/?EIO=4&transport=websocket") as page:
        assert (await page.recv())[:1] == "0"
        await page.send("40/_event,")
        assert (await page.recv())[:2] == "40"
        assert lines[0].say_now('7,0,"He"')
        await lines[0].say([7, 2, "llo"])
        assert [await page.recv(), await page.recv()] == [
            '42/_event,["p",7,0,"He"]',
            '42/_event,["p",7,2,"llo"]',
        ]


@pytest.mark.parametrize("kind", ["local", "hosted"])
async def test_nothing_stays_of_a_page_that_has_left(kind: str, unsought: None) -> None:
    app = Parting(SocketIO(AsyncServer(async_mode="asgi", transports=["websocket"], namespaces="*")))

    async def on_a_line(scope: Scope, receive: Receive, send: Send) -> None:
        line = Line(receive, send)
        try:
            await app(scope, line.receive, line.send)
        finally:
            await line.end()

    site = Watched(on_a_line if kind == "hosted" else app, keeps_ids=False)
    async with served(site) as (url, made):
        async with connect(f"{url}/socket.io/?EIO=4&transport=websocket") as page:
            await page.recv()
            await page.send("40/_event,")
            await page.recv()
        is_gone = asyncio.Event()
        weakref.finalize(made.pop(), is_gone.set)
        async with asyncio.timeout(20):
            await is_gone.wait()
