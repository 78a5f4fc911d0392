"""Many answers at once on one core: how many, how late, beside a server that only passes bytes on.

Bare websocket clients speak the site's own protocol. The server has one core; the gateway and the clients
have the others.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil

from bench import measure, profile, report
from bench.gateway import MODEL, Answer, RunningGateway, question, running_gateway
from bench.page import Page, open_page
from bench.peers import OURS, Peer, Serving, ours

__all__ = ["PAGE", "add_arguments", "run"]

PAGE = "docs/benchmarks/many.md"
TOKENS, RATE = 300, 30.0
STARTS_PER_S = 25
COUNTS = (100, 150, 200, 250, 300, 400, 500, 600)
P99_MS, MAX_MS = 250.0, 1000.0
AT_ONCE = 100
IDLE_PAGES = 200
SETTLE_S = 2.0
PASSES = "httpx to Starlette"

PASS_THROUGH = Peer(
    PASSES,
    (
        *("{bin}/granian", "--interface=asgi", "--host=127.0.0.1", "--port={port}", "--log-level=warning"),
        "--working-dir={root}",
        "bench.passthrough:app",
    ),
    (),
    "",
)


@dataclass(frozen=True, slots=True)
class Load:
    """How so many answers at once went.

    Args:
        delays: milliseconds from the gateway's write to the socket, of every token that arrived.
        lost: how many tokens never did.
        cpu: processor time of the server per token, in microseconds.
        frames: messages to the clients per token.
    """

    delays: list[float]
    lost: int
    cpu: float
    frames: float

    @property
    def is_well(self) -> bool:
        """Whether nobody would have noticed."""
        return not self.lost and self.p99 < P99_MS and max(self.delays) < MAX_MS

    @property
    def p99(self) -> float:
        """The delay that one token in a hundred exceeds."""
        return statistics.quantiles(self.delays, n=100)[98]

    def row(self) -> list[str]:
        """The figures as the table has them."""
        delays = statistics.median(self.delays), self.p99, max(self.delays)
        return [
            *(f"{delay:.0f}" for delay in delays),
            str(self.lost),
            f"{self.cpu:.0f}",
            f"{self.frames:.2f}",
        ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument(
        "--counts", nargs="+", type=int, default=COUNTS, help="of conversations (%(default)s)"
    )
    parser.add_argument("--tokens", type=int, default=TOKENS, help="of each answer (%(default)s)")
    parser.add_argument("--profile", action="store_true", help="tell where the time goes; needs py-spy")


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""
    parts = [report.circumstances("reflex", "granian", "httpx", "starlette"), _conditions(arguments.tokens)]
    rows: list[list[str]] = []
    for name, peer in ((OURS, ours()), (PASSES, PASS_THROUGH)):
        with _on_one_core(peer) as (gateway, serving):
            if name == OURS:
                parts.append(asyncio.run(_memory(gateway, serving)))
                parts.append(asyncio.run(_sends_at_once(gateway, serving)))
            for count in arguments.counts:
                load = asyncio.run(_load(name, gateway, serving, count, arguments.tokens))
                rows.append([name, str(count), *load.row(), "yes" if load.is_well else "no"])
                _tell(" ".join(rows[-1]))
                if not load.is_well:
                    break
            if name == OURS and arguments.profile:
                parts.append(_profile(name, gateway, serving, arguments.tokens))
    header = ["", "at once", "p50 ms", "p99 ms", "max ms", "lost", "CPU µs/token", "frames/token", "well"]
    return "\n\n".join([*parts, report.table(header, rows)])


def _conditions(tokens: int) -> str:
    return (
        f"{tokens} tokens at {RATE:g}/s in each conversation, begun {STARTS_PER_S} per second; one core for "
        f"the server. All is well with nothing lost, p99 under {P99_MS:.0f} ms and none over "
        f"{MAX_MS / 1000:g} s, from the gateway's write to the client's socket."
    )


@contextmanager
def _on_one_core(peer: Peer) -> Iterator[tuple[RunningGateway, Serving]]:
    with running_gateway(Answer(tokens=10, rate=0)) as gateway, peer.serving(gateway.base_url) as serving:
        if len(measure.CORES) > 1:
            server = psutil.Process(serving.pid)
            for process in (server, *server.children(recursive=True)):
                for thread in process.threads():
                    os.sched_setaffinity(thread.id, measure.CORES[-1:])
            for pid in (0, gateway.pid):
                os.sched_setaffinity(pid, measure.CORES[:-1])
        try:
            yield gateway, serving
        finally:
            os.sched_setaffinity(0, measure.CORES)


async def _load(name: str, gateway: RunningGateway, serving: Serving, count: int, tokens: int) -> Load:
    port = urlsplit(serving.url).port or 0
    before = serving.cpu_seconds()
    hear = _converse if name == OURS else _pass
    pages = await asyncio.gather(
        *(
            hear(port, f"{question(tokens, RATE, 'k')} for {count}-{number}", number / STARTS_PER_S, tokens)
            for number in range(count)
        )
    )
    cpu = serving.cpu_seconds() - before
    written = {stream["question"]: stream["written"] for stream in gateway.log()}
    delays = [
        (arrived - at) / 1e6
        for page in pages
        for arrived, at in zip(page.arrived, written.get(page.asked, ()), strict=False)
    ]
    lost = count * tokens - len(delays)
    frames = sum(page.frames for page in pages) / (count * tokens)
    return Load(delays or [float("inf")] * 2, lost, cpu * 1e6 / (count * tokens), frames)


@dataclass(slots=True)
class Heard:
    """What one client heard.

    Args:
        asked: its question.
        arrived: when each token came, in nanoseconds of the monotonic clock.
        frames: in how many messages.
    """

    asked: str
    arrived: list[int]
    frames: int


async def _converse(port: int, asked: str, wait: float, tokens: int) -> Heard:
    await asyncio.sleep(wait)
    async with open_page(port) as page:
        await page.ask(asked)
        await _until_heard(page, tokens)
        return Heard(asked, page.arrived, page.frames)


async def _until_heard(page: Page, tokens: int) -> None:
    deadline = time.monotonic() + tokens / RATE + 20
    while len(page.arrived) < tokens and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.25)


async def _pass(port: int, asked: str, wait: float, tokens: int) -> Heard:
    await asyncio.sleep(wait)
    heard = Heard(asked, [], 0)
    body = json.dumps(
        {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": asked}]}
    ).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    async with asyncio.timeout(tokens / RATE + 30):
        while len(heard.arrived) < tokens:
            event = await reader.readuntil(b"\n\n")
            if b'"content":"' in event and b'"role"' not in event:
                heard.arrived.append(time.monotonic_ns())
                heard.frames += 1
    writer.close()
    return heard


async def _sends_at_once(gateway: RunningGateway, serving: Serving) -> str:
    port = urlsplit(serving.url).port or 0
    async with AsyncExitStack() as stack:
        opened = [stack.enter_async_context(open_page(port)) for _ in range(AT_ONCE)]
        pages = await asyncio.gather(*opened)
        asked = [question(60, RATE, "k") + f" once {number}" for number in range(AT_ONCE)]
        await asyncio.gather(*(page.ask(text) for page, text in zip(pages, asked, strict=True)))
        await asyncio.gather(*(_until_heard(page, 60) for page in pages))
    written = {stream["question"]: stream["written"] for stream in gateway.log()}
    waits = [
        (page.arrived[0] - written[text][0]) / 1e6
        for page, text in zip(pages, asked, strict=True)
        if page.arrived
    ]
    _tell(f"{AT_ONCE} sends: p50 {statistics.median(waits):.0f} ms, max {max(waits):.0f} ms")
    return (
        f"With {AT_ONCE} messages sent at the same instant, the first token took from the gateway to the "
        f"socket {statistics.median(waits):.0f} ms at p50 and {max(waits):.0f} ms at most."
    )


async def _memory(gateway: RunningGateway, serving: Serving) -> str:
    port = urlsplit(serving.url).port or 0
    async with open_page(port) as page:
        await page.ask("Hello")
        await asyncio.wait_for(page.ended.wait(), 30)
    empty = serving.resident_bytes()
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(open_page(port)) for _ in range(IDLE_PAGES)))
        await asyncio.sleep(SETTLE_S)
        idle = serving.resident_bytes()
        asked = asyncio.gather(
            *(_converse(port, question(150, RATE, "k") + f" memory {n}", 0, 150) for n in range(AT_ONCE))
        )
        await asyncio.sleep(150 / RATE)
        busy = serving.resident_bytes()
        await asked
    per_page, per_stream = (idle - empty) / IDLE_PAGES / 1024, (busy - idle) / AT_ONCE / 1024
    words = (
        f"Memory: {empty / 2**20:.0f} MB with nobody there, {per_page:.0f} KB per idle page, "
        f"{per_stream:.0f} KB per page with an answer on its way."
    )
    _tell(words)
    return words


def _profile(name: str, gateway: RunningGateway, serving: Serving, tokens: int) -> str:
    async def busy() -> str:
        load = asyncio.create_task(_load(name, gateway, serving, AT_ONCE, tokens))
        await asyncio.sleep(AT_ONCE / STARTS_PER_S + 1)
        shares = await asyncio.to_thread(profile.shares, serving.pid, 5)
        await load
        return shares

    return asyncio.run(busy())


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
