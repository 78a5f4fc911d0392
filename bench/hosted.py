"""A hosted site under load and abuse: people signed in, PostgreSQL and Redis beside it, two workers.

First many people stream while more sit idle and others sign in; then somebody does what they shouldn't, and
what counts is whether those who stream notice. All of it on loopback, bounded in count and time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench import abuse, measure, report
from bench.gateway import Answer, RunningGateway, question, running_gateway
from bench.page import open_page
from bench.processes import cpu_seconds_of, ended_with_block, free_port, resident_bytes_of, until_up
from bench.signing import Member, members, sign_in
from chat_ui import cli
from tests.postgres import running_postgres
from tests.redis_server import running_redis

__all__ = ["PAGE", "Site", "Steady", "add_arguments", "idle", "run", "serving", "steady"]

PAGE = "docs/benchmarks/hosted.md"
RATE = 20.0
ANSWER_S = 30
WARM_UP_S = 40.0
SAMPLE_S = 5.0
IDLE_OPENED_PER_S = 50
ABUSED_S = 30.0
ABUSED_PEOPLE = 20
FILES = 20_000
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Site:
    """A hosted site that runs.

    Args:
        port: where it listens.
        pid: its first process.
        database_url: its database.
        gateway: whom it asks.
    """

    port: int
    pid: int
    database_url: str
    gateway: RunningGateway


@dataclass(slots=True)
class Streamed:
    """What came of the answers of some people.

    Args:
        delays: milliseconds from the gateway's write to the socket, of every token that arrived.
        lost: how many tokens never did.
        answers: how many answers there were.
        errors: what went wrong, by its kind.
    """

    delays: list[float] = field(default_factory=list)
    lost: int = 0
    answers: int = 0
    errors: list[str] = field(default_factory=list)

    def row(self) -> list[str]:
        """The figures as the tables have them."""
        if len(self.delays) < 2:
            return [str(self.answers), "-", "-", "-", str(self.lost), str(len(self.errors))]
        figures = (f"{delay:.0f}" for delay in measure.tail(self.delays))
        return [str(self.answers), *figures, str(self.lost), str(len(self.errors))]


@dataclass(frozen=True, slots=True)
class Steady:
    """How it went while people streamed and others signed in.

    Args:
        streamed: what came of the answers.
        warm: bytes of memory of all the site's processes, every some seconds after a warm-up.
        cpu: how many cores were in use.
        waits: seconds that each sign-in took.
    """

    streamed: Streamed
    warm: list[int]
    cpu: float
    waits: list[float]

    def memory(self) -> tuple[float, float]:
        """What it took in the first third and in the last: the middle sample, for some fall on a burst."""
        third = max(1, len(self.warm) // 3)
        return statistics.median(self.warm[:third]), statistics.median(self.warm[-third:])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument("--people", type=int, default=100, help="who stream at once (%(default)s)")
    parser.add_argument("--idle", type=int, default=1000, help="pages that are only open (%(default)s)")
    parser.add_argument("--minutes", type=float, default=3, help="of streaming (%(default)s; by hand 30)")
    parser.add_argument("--workers", type=int, default=2, help="of the site (%(default)s)")


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(FILES, hard)), hard))
    with serving(arguments.workers) as site:
        return asyncio.run(_measured(site, arguments))


@contextmanager
def serving(workers: int) -> Iterator[Site]:
    """A site with servers of its own, and limits that are in nobody's way."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres, redis = stack.enter_context(running_postgres()), stack.enter_context(running_redis())
        gateway = stack.enter_context(running_gateway(Answer(tokens=10, rate=0)))
        page = folder / "page"
        (page / "build" / "client").mkdir(parents=True)
        (page / "build" / "client" / "index.html").write_text("<!doctype html><p>The page.</p>")
        port, database_url = free_port(), postgres.url(postgres.make_database())
        command, env = cli.production(
            page, os.environ, host="127.0.0.1", port=port, workers=workers, redis_url=redis.url()
        )
        env |= {
            "CHAT_UI_HOSTED": "1",
            "CHAT_UI_PUBLIC_URL": f"http://localhost:{port}",
            "CHAT_UI_DATA_DIR": str(folder / "data"),
            "CHAT_UI_DATABASE_URL": database_url,
            "CHAT_UI_REDIS_URL": redis.url(),
            "CHAT_UI_GATEWAY_URL": gateway.base_url,
            "CHAT_UI_MESSAGES_PER_MINUTE": "1000",
            "CHAT_UI_MESSAGES_PER_MINUTE_PER_ADDRESS": "100000",
            "CHAT_UI_LOG_LEVEL": "warning",
            # The bench says where people come from.
            "CHAT_UI_TRUSTED_PROXIES": "1",
        }
        log = folder / "log"
        with log.open("wb") as out:
            process = stack.enter_context(ended_with_block(command, env=env, stdout=out, stderr=out))
            until_up(f"http://localhost:{port}/ping", process, log, 60)
            yield Site(port, process.pid, database_url, gateway)


async def _measured(site: Site, arguments: argparse.Namespace) -> str:
    people = await members(site.database_url, arguments.people)
    async with idle(site, people, arguments.idle):
        report.tell(f"{arguments.idle} pages are open; {resource_words(site)}")
        went = await steady(site, people, 60 * arguments.minutes)
        abused = [
            (name, *await _abused(site, people[:ABUSED_PEOPLE], name, verb))
            for name, verb in abuse.VERBS.items()
        ]
    header = ["", "answers", "p50 ms", "p99 ms", "max ms", "lost", "errors", "memory MB"]
    beginning, end = went.memory()
    rows = [["steady", *went.streamed.row(), f"{beginning / MIB:.0f} to {end / MIB:.0f}"]]
    rows += [[name, *streamed.row(), f"{most / MIB:.0f}"] for name, streamed, most in abused]
    signing_in = (
        f"A sign-in took {statistics.median(went.waits) * 1000:.0f} ms at p50 and "
        f"{max(went.waits) * 1000:.0f} ms at most; the site used {went.cpu * 100:.0f}% of a core."
    )
    circumstances = report.circumstances("reflex", "uvicorn", "redis", "asyncpg")
    return "\n\n".join((circumstances, _conditions(arguments), report.table(header, rows), signing_in))


def _conditions(arguments: argparse.Namespace) -> str:
    return (
        f"{arguments.people} people stream at {RATE:g} tokens/s for {arguments.minutes:g} minutes, in "
        f"answers of {ANSWER_S} s, begun one after the other; {arguments.idle} pages are idle, somebody "
        f"signs in each second. {arguments.workers} workers; gateway, clients, PostgreSQL and Redis on the "
        "same cores. Delays go from the gateway's write to the client's socket, and count once all have "
        "begun. Memory is that of all the site's processes after a warm-up, in the first third and in the "
        f"last. In the lines below, {ABUSED_PEOPLE - 1} people stream while one does what the line says for "
        f"{ABUSED_S:g} s; there memory is the most that was seen."
    )


@asynccontextmanager
async def idle(site: Site, people: Sequence[Member], count: int) -> AsyncIterator[None]:
    """Keep so many pages open, that do nothing."""
    leave = asyncio.Event()

    async def sit(number: int) -> None:
        await asyncio.sleep(number / IDLE_OPENED_PER_S)
        async with open_page(site.port, cookie=people[number % len(people)].cookie):
            opened.release()
            await leave.wait()

    opened = asyncio.Semaphore(0)
    sitting = [asyncio.create_task(sit(number)) for number in range(count)]
    try:
        async with asyncio.timeout(count / IDLE_OPENED_PER_S + 120):
            for _ in range(count):
                await opened.acquire()
        yield
    finally:
        leave.set()
        await asyncio.gather(*sitting, return_exceptions=True)


async def steady(
    site: Site, people: Sequence[Member], seconds: float, *, answer_s: float = ANSWER_S
) -> Steady:
    """Stream and sign in for a while."""
    memory: list[tuple[float, int]] = []
    waits: list[float] = []
    began, cpu = time.monotonic(), cpu_seconds_of(site.pid)

    async def watch() -> None:
        while True:
            memory.append((time.monotonic() - began, resident_bytes_of(site.pid)))
            await asyncio.sleep(SAMPLE_S)

    async def come_and_go() -> None:
        async with httpx.AsyncClient(base_url=f"http://localhost:{site.port}", timeout=30) as client:
            while True:
                at = time.monotonic()
                await sign_in(client, people[len(waits) % len(people)])
                waits.append(time.monotonic() - at)
                await asyncio.sleep(1)

    beside = [asyncio.create_task(watch()), asyncio.create_task(come_and_go())]
    try:
        streamed = await _stream(site, people, seconds, answer_s, begun_within_s=min(answer_s, seconds / 2))
    finally:
        for task in beside:
            task.cancel()
        failed = await asyncio.gather(*beside, return_exceptions=True)
    streamed.errors += [
        repr(one)
        for one in failed
        if isinstance(one, Exception) and not isinstance(one, asyncio.CancelledError)
    ]
    warm = [size for at, size in memory if at >= min(WARM_UP_S, seconds / 3)]
    used = (cpu_seconds_of(site.pid) - cpu) / (time.monotonic() - began)
    report.tell(
        f"steady: {' '.join(streamed.row())}; {resource_words(site)}; {dict(Counter(streamed.errors))}"
    )
    return Steady(streamed, warm, used, waits or [0.0])


async def _abused(site: Site, people: Sequence[Member], name: str, verb: abuse.Verb) -> tuple[Streamed, int]:
    """Stream while somebody does what they shouldn't."""
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, resident_bytes_of(site.pid))
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    doing = asyncio.create_task(verb(abuse.Target(site.port, people[-1].cookie), ABUSED_S))
    try:
        streamed = await _stream(site, people[:-1], ABUSED_S, begun_within_s=1)
        await doing
    finally:
        watching.cancel()
        doing.cancel()
        await asyncio.gather(watching, doing, return_exceptions=True)
    report.tell(f"{name}: {' '.join(streamed.row())}; at most {most / MIB:.0f} MB")
    return streamed, most


async def _stream(
    site: Site,
    people: Sequence[Member],
    seconds: float,
    answer_s: float = ANSWER_S,
    *,
    begun_within_s: float,
) -> Streamed:
    """Have everybody ask again and again, so that each has an answer on its way all the time.

    Delays count once all have begun. People begin one after the other, and so do all their answers.
    """
    streamed, deadline = Streamed(), time.monotonic() + seconds
    all_have_begun = time.monotonic_ns() + begun_within_s * 1e9
    tokens = int(min(answer_s, seconds) * RATE)

    async def person(number: int, member: Member) -> list[tuple[str, list[int]]]:
        heard: list[tuple[str, list[int]]] = []
        await asyncio.sleep(number * begun_within_s / len(people))
        while time.monotonic() < deadline:
            asked = f"{question(tokens, RATE, 'k')} for {deadline:.0f}-{number}-{len(heard)}"
            try:
                async with open_page(site.port, cookie=member.cookie) as page:
                    await page.ask(asked)
                    await asyncio.wait_for(page.ended.wait(), tokens / RATE + 30)
                    heard.append((asked, page.arrived))
            except (OSError, TimeoutError, RuntimeError) as error:
                streamed.errors.append(repr(error))
        return heard

    answers = await asyncio.gather(*(person(number, member) for number, member in enumerate(people)))
    written = {stream["question"]: stream["written"] for stream in site.gateway.log()}
    for asked, arrived in (one for heard in answers for one in heard):
        streamed.answers += 1
        at = written.get(asked, [])
        streamed.lost += tokens - len(arrived)
        streamed.delays += [
            (came - left) / 1e6 for came, left in zip(arrived, at, strict=False) if left >= all_have_begun
        ]
    return streamed


def resource_words(site: Site) -> str:
    """The memory of the site's processes, in words."""
    return f"{resident_bytes_of(site.pid) / MIB:.0f} MB"
