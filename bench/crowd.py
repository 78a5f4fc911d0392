"""Many conversations that all stream at the same time, heard by clients without a browser."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from bench.gateway import MODEL, RunningGateway, question
from bench.page import open_page

__all__ = [
    "BEGIN_AT_A_TIME",
    "SETTLE_S",
    "Crowd",
    "Heard",
    "Listen",
    "converse",
    "pass_on",
    "together",
]

# So many begin at a time, the next when one of them has its first token: as fast as the server can, and no
# faster, however much it has to do already.
BEGIN_AT_A_TIME = 4
BEGUN_WITHIN_S = 90.0
SETTLE_S = 2.0
ENDED_WITHIN_S = 30.0
LOOK_AGAIN_S = 0.01
# Answers last until they are told to end; this is more than any has said by then.
LONGEST_S = BEGUN_WITHIN_S + ENDED_WITHIN_S

Listen: TypeAlias = Callable[[int, str, list[int]], Awaitable[None]]
"""Asks a server on a port, and notes when each token of the answer arrives, until it has ended."""


@dataclass(slots=True)
class Crowd:
    """Conversations that stream at the same time.

    Args:
        begun_in_s: how long it took until each had its first token.
        arrived: when each token of each answer came, by its question; nanoseconds of the monotonic clock.
        written: when the gateway had written it; known when all have ended.
    """

    begun_in_s: float = 0.0
    arrived: dict[str, list[int]] = field(default_factory=dict)
    written: Mapping[str, list[int]] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """How many tokens never arrived."""
        return sum(len(self.written.get(asked, ())) - len(came) for asked, came in self.arrived.items())

    def between(self, begin: int, end: int) -> Heard:
        """What was heard of the tokens that were written in a part of the time."""
        part = [
            (left, came)
            for asked, arrived in self.arrived.items()
            for left, came in zip(self.written.get(asked, ()), arrived, strict=False)
            if begin <= left < end
        ]
        written = sum(begin <= left < end for all_left in self.written.values() for left in all_left)
        return Heard(written, [(came - left) / 1e6 for left, came in part], len({came for _, came in part}))


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a part of the time.

    Args:
        written: how many tokens the gateway wrote.
        delays: milliseconds from the gateway's write to the socket, of each that arrived.
        frames: in how many messages they came.
    """

    written: int
    delays: list[float]
    frames: int


@asynccontextmanager
async def together(
    listen: Listen, port: int, gateway: RunningGateway, count: int, rate: float
) -> AsyncIterator[Crowd]:
    """So many conversations: all of them stream as long as the context is open, and have ended after it.

    Raises:
        TimeoutError: they don't all begin in time.
        OSError: one is cut off.
    """
    crowd, listening = Crowd(), list[asyncio.Task[None]]()
    turnstile = asyncio.Semaphore(BEGIN_AT_A_TIME)

    async def begin(number: int) -> None:
        asked = f"{question(int(LONGEST_S * rate), rate, 'k')} for {count}-{number}"
        arrived = crowd.arrived[asked] = []
        async with turnstile:
            hearing = asyncio.ensure_future(listen(port, asked, arrived))
            listening.append(hearing)
            while not arrived and not hearing.done():  # noqa: ASYNC110
                await asyncio.sleep(LOOK_AGAIN_S)

    start = time.monotonic()
    try:
        async with asyncio.timeout(BEGUN_WITHIN_S):
            await asyncio.gather(*(begin(number) for number in range(count)))
        crowd.begun_in_s = time.monotonic() - start
        await asyncio.sleep(SETTLE_S)
        yield crowd
    finally:
        await asyncio.to_thread(gateway.end)
        _, late = await asyncio.wait(listening, timeout=ENDED_WITHIN_S)
        for hearing in late:
            hearing.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        crowd.written = {stream["question"]: stream["written"] for stream in gateway.log()}
    for hearing in listening:
        if not hearing.cancelled():
            hearing.result()


async def converse(port: int, asked: str, arrived: list[int]) -> None:
    """Speak with the site, as one of its pages does."""
    async with open_page(port) as page:
        page.arrived = arrived
        await page.ask(asked)
        await page.ended.wait()


async def pass_on(port: int, asked: str, arrived: list[int]) -> None:
    """Speak with a server that passes on what the gateway says."""
    said = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": asked}]}
    body = json.dumps(said).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    rest = b""
    while b"[DONE]" not in rest:
        read = await reader.read(2**16)
        if not read:
            raise ConnectionError("It ended before the answer did.")
        now = time.monotonic_ns()
        *events, rest = (rest + read).split(b"\n\n")
        arrived += [now for event in events if b'"content":"' in event and b'"role"' not in event]
        rest = events[-1] if events and b"[DONE]" in events[-1] else rest
    writer.close()
