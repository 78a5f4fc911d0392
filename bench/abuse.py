"""What somebody may do to a site who shouldn't: each for some seconds, on loopback, bounded in count."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from bench.gateway import question
from bench.page import THREAD, open_page
from bench.signing import anywhere

__all__ = ["VERBS", "Target", "Verb"]

AT_ONCE = 20
HALF_OPEN = 300
LOGINS_AT_ONCE = 30
JUNK = ("42", "42/_event,[", '42/_event,["event",{}]', "4", "9", "451-", "\0" * 50, "x" * 2000, "[]{}" * 99)


@dataclass(frozen=True, slots=True)
class Target:
    """The site, and a session that whoever abuses it has.

    Args:
        port: where it listens.
        cookie: of the session.
    """

    port: int
    cookie: str


Verb: TypeAlias = Callable[[Target, float], Awaitable[None]]


def _socket(target: Target, **options: object) -> connect:
    return connect(
        f"ws://127.0.0.1:{target.port}/_event/?token={uuid4()}&EIO=4&transport=websocket",
        origin=Origin(f"http://localhost:{target.port}"),
        additional_headers={"Cookie": target.cookie},
        proxy=None,
        compression=None,
        open_timeout=30,
        **options,  # type: ignore[arg-type]
    )


async def _many(target: Target, seconds: float, once: Callable[[ClientConnection], Awaitable[None]]) -> None:
    """Do something on many connections again and again; whoever is thrown out comes back."""
    deadline = time.monotonic() + seconds

    async def one() -> None:
        while time.monotonic() < deadline:
            with suppress(OSError, WebSocketException, TimeoutError):
                async with _socket(target) as socket, asyncio.timeout(deadline - time.monotonic()):
                    await socket.send("40/_event,{}")
                    while True:
                        await once(socket)
            await asyncio.sleep(0.1)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def junk_frames(target: Target, seconds: float) -> None:
    """Frames that mean nothing, or half of something."""
    chance = random.Random(0)

    async def once(socket: ClientConnection) -> None:
        await socket.send(chance.choice(JUNK) if chance.random() < 0.8 else chance.randbytes(200))
        await asyncio.sleep(0.02)

    await _many(target, seconds, once)


async def large_messages(target: Target, seconds: float) -> None:
    """Messages of almost a megabyte."""
    draft = {"id": "x", "text": "x" * 990_000}
    said = f"42/_event,{json.dumps(['event', {'name': f'{THREAD}.send', 'payload': {'draft': draft}}])}"

    async def once(socket: ClientConnection) -> None:
        await socket.send(said)
        await asyncio.sleep(0.5)

    await _many(target, seconds, once)


async def slow_readers(target: Target, seconds: float) -> None:
    """Pages that ask for a fast answer and then read nothing more."""

    async def one(number: int) -> None:
        asked = f"{question(20_000, 0, 'k')} unread {number}"
        with suppress(OSError, WebSocketException, TimeoutError):
            async with open_page(target.port, cookie=target.cookie, max_queue=1) as page:
                await page.ask(asked)
                page.stop_reading()
                await asyncio.sleep(seconds)

    await asyncio.gather(*(one(number) for number in range(4)))


async def half_open_sockets(target: Target, seconds: float) -> None:
    """Connections that begin a request, or a handshake, and say no more."""
    writers = []
    for number in range(HALF_OPEN):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", target.port)
            head = f"GET /_event/?EIO=4&transport=websocket&token={number} HTTP/1.1\r\nHost: localhost\r\n"
            writer.write(
                head.encode() if number % 2 else b"POST /login HTTP/1.1\r\nContent-Length: 9999\r\n\r\nname="
            )
            writers.append(writer)
    await asyncio.sleep(seconds)
    for writer in writers:
        writer.close()


async def login_flood(target: Target, seconds: float) -> None:
    """Sign-ins as nobody knows whom, from everywhere, so that each costs what a password costs."""
    deadline = time.monotonic() + seconds
    origin = f"http://localhost:{target.port}"

    async def one() -> None:
        async with httpx.AsyncClient(base_url=origin, timeout=30) as client:
            shown = await client.get("/login")
            token = shown.text.partition('form_token" value="')[2].partition('"')[0]
            while time.monotonic() < deadline:
                fields = {"form_token": token, "name": uuid4().hex, "password": "wrong one"}
                headers = {"Origin": origin, "X-Forwarded-For": anywhere()}
                with suppress(httpx.HTTPError):
                    await client.post("/login", data=fields, headers=headers)

    await asyncio.gather(*(one() for _ in range(LOGINS_AT_ONCE)))


VERBS: dict[str, Verb] = {
    "junk frames": junk_frames,
    "1 MB messages": large_messages,
    "slow readers": slow_readers,
    "half-open sockets": half_open_sockets,
    "login flood": login_flood,
}
