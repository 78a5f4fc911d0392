"""Many answers at once on one core: how many, how late, beside a server that only passes bytes on.

Bare websocket clients speak the site's own protocol. The server has one core; the gateway and the clients
have the others.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass

import psutil
import uvloop

from bench import measure, report
from bench.crowd import BEGIN_AT_A_TIME, SETTLE_S, Heard, Listen, converse, pass_on, together
from bench.gateway import Answer, RunningGateway, question, running_gateway
from bench.page import open_page
from bench.peers import LEAST, OURS, Peer, Serving, ours
from bench.processes import cpu_seconds_of

__all__ = ["AT_ONCE", "PAGE", "RATE", "add_arguments", "on_one_core", "run"]

PAGE = "docs/benchmarks/many.md"
RATE = 30.0
WINDOW_S = 12.0
COUNTS = (1, 100, 150, 200, 300, 400, 600, 800)
HALVINGS, LEAST_STEP = 2, 30
P99_MS, MAX_MS = 250.0, 1000.0
# Where gateway and clients take this part of what they have, or the gateway says less than this part of what
# it should, they are what is measured.
MOST_OURS, LEAST_SAID = 0.9, 0.97
AT_ONCE = 100
ONCE_TOKENS = 60
IDLE_PAGES = 200
IDLE_SETTLE_S = 2.0
PATIENCE_S = 30.0
PASSES = "httpx to Starlette"
HEADER = (
    *("", "at once", "begun in s", "p50 ms", "p99 ms", "max ms", "lost"),
    *("server CPU", "CPU µs/token", "frames/token", "harness CPU", "well"),
)


@dataclass(frozen=True, slots=True)
class Load:
    """How so many answers at once went, while all of them streamed.

    Args:
        count: how many.
        begun_in_s: how long it took until each had its first token.
        heard: what the clients heard.
        lost: how many tokens of the whole answers never arrived.
        server: how many cores the server used.
        harness: which part of the cores that they have the gateway and the clients used.
        failure: why there was nothing to be measured.
    """

    count: int
    begun_in_s: float
    heard: Heard
    lost: int
    server: float
    harness: float
    failure: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nobody would have noticed."""
        if self.lost or not self.heard.delays:
            return False
        _, p99, most = measure.tail(self.heard.delays)
        return p99 < P99_MS and most < MAX_MS

    @property
    def is_stuck(self) -> bool:
        """Whether it was the gateway and the clients that could do no more."""
        return bool(self.heard.delays) and (
            self.harness > MOST_OURS or self.heard.written < LEAST_SAID * self.count * RATE * WINDOW_S
        )

    @property
    def holds(self) -> bool:
        """Whether more can be tried."""
        return self.is_well and not self.is_stuck

    @property
    def verdict(self) -> str:
        """Whether all is well, in a word."""
        if self.is_stuck:
            return "harness at its limit"
        return "yes" if self.is_well else "no"

    def row(self) -> list[str]:
        """The figures as the table has them."""
        heard = self.heard
        if not heard.delays:
            return [str(self.count), *["-"] * (len(HEADER) - 3), self.failure]
        return [
            str(self.count),
            f"{self.begun_in_s:.1f}",
            *(f"{delay:.0f}" for delay in measure.tail(heard.delays)),
            str(self.lost),
            f"{self.server:.0%}",
            f"{self.server * WINDOW_S * 1e6 / heard.written:.0f}",
            f"{heard.frames / len(heard.delays):.2f}",
            f"{self.harness:.0%}",
            self.verdict,
        ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument(
        "--counts", nargs="+", type=int, default=COUNTS, help="of conversations (%(default)s)"
    )


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""
    parts = [report.circumstances("reflex", "uvicorn", "httpx", "starlette"), _conditions()]
    rows: list[list[str]] = []
    limits: list[str] = []
    for name, peer, listen in ((OURS, ours(), converse), (PASSES, LEAST, pass_on)):
        with on_one_core(peer) as (gateway, serving):
            if name == OURS:
                parts.append(uvloop.run(_memory(gateway, serving)))
                parts.append(uvloop.run(_sends_at_once(gateway, serving)))
            loads = _walk(arguments.counts, lambda count: uvloop.run(_load(listen, gateway, serving, count)))  # noqa: B023
            rows += [[name, *load.row()] for load in loads]
            limits.append(_limit(name, loads))
    return "\n\n".join([*parts, report.table(HEADER, rows), "\n".join(limits)])


def _conditions() -> str:
    return (
        f"Every conversation streams {RATE:g} tokens/s; {BEGIN_AT_A_TIME} begin at a time, the next when one "
        "of them has its first token, and none ends before all is measured. What counts is the "
        f"{WINDOW_S:g} s that begin {SETTLE_S:g} s after the last has begun, in which all of them stream: "
        "the delay of every token written then, from the gateway's write to the client's socket, and "
        "processor time. One core for the server, the other for the gateway and the clients, which are the "
        f"harness. All is well with nothing lost, p99 under {P99_MS:.0f} ms and none over "
        f"{MAX_MS / 1000:g} s."
    )


def _limit(name: str, loads: list[Load]) -> str:
    """Up to where all is well, in words."""
    well = max((load.count for load in loads if load.holds), default=0)
    words = f"- {name}: all is well up to {well} at once"
    ends = next((load for load in loads if not load.holds), None)
    if ends is None:
        return f"{words}, the most that was tried."
    if ends.is_stuck:
        return (
            f"{words}. At {ends.count} the gateway and the clients are at their limit: its own lies higher."
        )
    return f"{words}; it breaks at {ends.count}."


def _walk(counts: Sequence[int], load: Callable[[int], Load]) -> list[Load]:
    """Go upward until it breaks, and then look more closely where; in the order of the counts."""
    loads: list[Load] = []
    for count in counts:
        loads.append(load(count))
        if not loads[-1].holds:
            break
    for _ in range(HALVINGS):
        well = max((one.count for one in loads if one.holds), default=0)
        broken = min((one.count for one in loads if not one.holds), default=well)
        if broken - well < LEAST_STEP:
            break
        loads.append(load((well + broken) // 2))
    return sorted(loads, key=lambda one: one.count)


@contextmanager
def on_one_core(peer: Peer) -> Iterator[tuple[RunningGateway, Serving]]:
    """Serve a peer on a core of its own, and the gateway and this process on the others."""
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


async def _load(listen: Listen, gateway: RunningGateway, serving: Serving, count: int) -> Load:
    try:
        async with together(listen, serving.port, gateway, count, RATE) as crowd:
            begin, before = time.monotonic_ns(), _used(gateway, serving)
            await asyncio.sleep(WINDOW_S)
            end, after = time.monotonic_ns(), _used(gateway, serving)
    except OSError as error:
        failure = str(error) or "not all begun in time"
        report.tell(f"{count}: {failure}")
        return Load(count, 0, Heard(0, [], 0), 0, 0, 0, failure)
    server, *harness = ((now - then) / WINDOW_S for now, then in zip(after, before, strict=True))
    share = max(*harness, sum(harness) / max(1, len(measure.CORES) - 1))
    load = Load(count, crowd.begun_in_s, crowd.between(begin, end), crowd.lost, server, share)
    report.tell(" ".join(load.row()))
    return load


def _used(gateway: RunningGateway, serving: Serving) -> tuple[float, float, float]:
    """The processor time, in seconds, that server, gateway and clients have taken."""
    return serving.cpu_seconds(), cpu_seconds_of(gateway.pid), time.process_time()


async def _sends_at_once(gateway: RunningGateway, serving: Serving) -> str:
    asked = [f"{question(ONCE_TOKENS, RATE, 'k')} once {number}" for number in range(AT_ONCE)]
    async with AsyncExitStack() as stack:
        opened = [stack.enter_async_context(open_page(serving.port)) for _ in asked]
        pages = await asyncio.gather(*opened)
        await asyncio.gather(*(page.ask(text) for page, text in zip(pages, asked, strict=True)))
        await asyncio.wait_for(asyncio.gather(*(page.ended.wait() for page in pages)), PATIENCE_S)
    written = {stream["question"]: stream["written"] for stream in gateway.log()}
    waits = [
        (page.arrived[0] - written[text][0]) / 1e6
        for page, text in zip(pages, asked, strict=True)
        if page.arrived
    ]
    return report.tell(
        f"With {AT_ONCE} messages sent at the same instant, the first token took from the gateway to the "
        f"socket {statistics.median(waits):.0f} ms at p50 and {max(waits):.0f} ms at most."
    )


async def _memory(gateway: RunningGateway, serving: Serving) -> str:
    async with open_page(serving.port) as page:
        await page.ask("Hello")
        await asyncio.wait_for(page.ended.wait(), PATIENCE_S)
    empty = serving.resident_bytes()
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(open_page(serving.port)) for _ in range(IDLE_PAGES)))
        await asyncio.sleep(IDLE_SETTLE_S)
        idle = serving.resident_bytes()
        async with together(converse, serving.port, gateway, AT_ONCE, RATE):
            busy = serving.resident_bytes()
    per_page, per_stream = (idle - empty) / IDLE_PAGES / 1024, (busy - idle) / AT_ONCE / 1024
    return report.tell(
        f"Memory: {empty / 2**20:.0f} MB with nobody there, {per_page:.0f} KB per idle page, "
        f"{per_stream:.0f} KB per page with an answer on its way."
    )
