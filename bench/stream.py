"""One answer in one browser: how soon its tokens are seen and what they cost, beside other chats.

Every chat asks the same gateway the same question, in production mode, in a Chromium of its own; so does a
page that only shows text as it comes, which is the least that a page can do. Each is measured in turn, in
another order every time. Watching the page and counting its bytes costs it time, so what a token costs is
measured over a second answer, unwatched.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import measure, plots, report
from bench.browser import Tab, open_tab
from bench.gateway import Answer, RunningGateway, question, running_gateway
from bench.numbered import CODE_LINES, one_of_everything
from bench.peers import CACHE, LEAST, OURS, PEERS, Peer, Serving

__all__ = ["PAGE", "add_arguments", "run"]

PAGE = "docs/benchmarks/stream.md"
PAINT = (Path(__file__).parent / "paint.js").read_text()
RATE, HIGH_RATE = 50.0, 200.0
MEASURED = (*PEERS, LEAST)
# What a page fetches for anything that answers are made of is there before one is measured.
WARM_UP_LINES = 6
WARM_UP_TOKENS = one_of_everything(WARM_UP_LINES)
FILES = ("Document", "Script", "Stylesheet", "Font", "Image")
PATIENCE_S = 180.0
IDLE_S = 2.0
QUIET_S = 1.0
HEADER = (
    *("", "p50 ms", "p99 ms", "max ms", "wire B/token"),
    *("browser ms/1k", "server ms/1k", "first load KB"),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one chat did in one round.

    Args:
        delays: for each token, milliseconds from the gateway's write to the paint.
        wire: bytes to the browser per token.
        wire_high: the same at the high rate; ours alone.
        browser: milliseconds of the page's main thread per 1,000 tokens.
        server: milliseconds of processor time of the server per 1,000 tokens.
        first_load: kilobytes that an empty browser loads.
    """

    delays: list[float]
    wire: float
    wire_high: float | None
    browser: float
    server: float
    first_load: float

    def row(self) -> list[float]:
        """The figures as the table has them."""
        return [*measure.tail(self.delays), self.wire, self.browser, self.server, self.first_load]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    names = [peer.name for peer in MEASURED]
    parser.add_argument(
        "--only", nargs="+", metavar="CHAT", choices=names, help=f"some of: {', '.join(names)}"
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the order")


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""
    peers = [peer for peer in MEASURED if not arguments.only or peer.name in arguments.only]
    figures: dict[str, list[Figures]] = {peer.name: [] for peer in peers}
    failures: dict[str, str] = {}
    chance = random.Random(arguments.seed)
    with running_gateway(Answer(tokens=WARM_UP_TOKENS, rate=RATE)) as gateway:
        for number in range(arguments.rounds):
            for peer in chance.sample(peers, len(peers)):
                report.tell(f"round {number + 1}: {peer.version}")
                try:
                    figures[peer.name].append(_measured(peer, gateway, arguments.tokens))
                    report.tell("  " + ", ".join(f"{figure:.1f}" for figure in figures[peer.name][-1].row()))
                except (RuntimeError, TimeoutError, OSError) as error:
                    failures[peer.name] = str(error) or type(error).__name__
                    report.tell(f"  failed: {failures[peer.name]}")
    if arguments.write:
        plots.delays({name: measured[-1].delays for name, measured in figures.items() if measured})
        plots.costs({name: _row(measured) for name, measured in figures.items() if measured}, HEADER[1:])
    return "\n\n".join(_told(peers, figures, failures, arguments))


def _told(
    peers: list[Peer],
    figures: dict[str, list[Figures]],
    failures: dict[str, str],
    arguments: argparse.Namespace,
) -> Iterable[str]:
    yield report.circumstances("reflex")
    yield (
        f"{arguments.tokens:,} tokens at {RATE:g}/s, {arguments.rounds} "
        f"{'round' if arguments.rounds == 1 else 'rounds; the median of each'}."
    )
    rows = [[peer.version, *map(_written, _row(figures[peer.name]))] for peer in peers if figures[peer.name]]
    yield report.table(HEADER, rows)
    high = [measured.wire_high for measured in figures.get(OURS, []) if measured.wire_high is not None]
    if high:
        yield f"At {HIGH_RATE:g}/s, {OURS} takes {_written(statistics.median(high))} B/token on the wire."
    for peer in MEASURED:
        if peer not in peers:
            yield f"Not measured this time: {peer.version}."
        elif peer.name in failures:
            yield f"Failed: {peer.version}: {failures[peer.name]}"


def _row(measured: list[Figures]) -> list[float]:
    return [
        statistics.median(column) for column in zip(*(figures.row() for figures in measured), strict=True)
    ]


def _written(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 10 else f"{figure:.1f}"


def _measured(peer: Peer, gateway: RunningGateway, tokens: int) -> Figures:
    with peer.serving(gateway.base_url) as serving:
        return asyncio.run(_measured_in_browser(peer, serving, gateway, tokens))


async def _measured_in_browser(peer: Peer, serving: Serving, gateway: RunningGateway, tokens: int) -> Figures:
    async with open_tab() as tab:
        chat = Conversation(peer, serving, tab, gateway)
        try:
            first_load = await chat.first_load()
            delays, wire = await chat.watched(tokens, RATE, "k")
            browser, server = await chat.unwatched(tokens, RATE, "j")
            wire_high = (await chat.watched(tokens, HIGH_RATE, "q"))[1] if peer.name == OURS else None
        except BaseException:
            with contextlib.suppress(Exception):
                await tab.screenshot(CACHE / f"{peer.name} when it failed.png")
            raise
    return Figures(delays, wire, wire_high, browser, server, first_load / 1024)


class Conversation:
    """A chat that is open in a browser, and answers of it that are measured one by one.

    Its ``bytes`` count what has reached the page.

    Args:
        peer: which chat.
        serving: where it is.
        tab: the browser.
        gateway: what it asks.
    """

    def __init__(self, peer: Peer, serving: Serving, tab: Tab, gateway: RunningGateway) -> None:
        self._peer = peer
        self._serving = serving
        self._tab = tab
        self._gateway = gateway
        self._warm_ups = iter("wvu")
        self.bytes = 0
        self._moved = time.monotonic()
        self._counts_files = False
        self._files: set[str] = set()
        tab.listen("Network.requestWillBeSent", self._note_request)
        tab.listen("Network.webSocketFrameReceived", self._count_frame)
        tab.listen("Network.dataReceived", self._count_data)
        tab.listen("Network.loadingFinished", self._count_file)

    async def first_load(self) -> int:
        """Load the page of a new conversation for the first time; returns its bytes."""
        await self._tab.call("Performance.enable", timeDomain="threadTicks")
        await self._tab.call("Network.enable")
        self.bytes, self._counts_files = 0, True
        await self._tab.open(self._serving.url)
        await self._until_usable()
        while time.monotonic() < self._moved + QUIET_S:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        self._counts_files = False
        return self.bytes

    async def watched(
        self, tokens: int, rate: float, mark: str, *, code_lines: int = CODE_LINES
    ) -> tuple[list[float], float]:
        """Ask in a new page and look on; returns each token's delay in ms, and bytes per token."""
        await self._begin()
        await self._tab.call("Network.enable")
        await self._tab.evaluate(f"({PAINT})({json.dumps(mark)}, {tokens})")
        self.bytes = 0
        await self._ask(question(tokens, rate, mark, code_lines))
        await self._until_painted(tokens, mark)
        await asyncio.sleep(QUIET_S)
        wire = self.bytes / tokens
        await self._tab.call("Network.disable")
        stamps = await self._tab.evaluate("window.bench.stamps")
        await self._tab.evaluate("window.bench.observer.disconnect()")
        began = (await self._tab.metrics())["NavigationStart"] * 1e3
        written = [moment / 1e6 for moment in self._stream(mark)["written"]]
        delays = [began + stamp - moment for stamp, moment in zip(stamps, written, strict=True)]
        return delays, wire

    async def unwatched(self, tokens: int, rate: float, mark: str) -> tuple[float, float]:
        """Ask in a new page and leave it alone; returns ms per 1,000 tokens of the page and of the server."""
        await self._begin()
        await asyncio.sleep(QUIET_S)
        idle_cpu = self._serving.cpu_seconds()
        await asyncio.sleep(IDLE_S)
        idle_cpu = (self._serving.cpu_seconds() - idle_cpu) / IDLE_S
        start, page, server = time.monotonic(), await self._tab.metrics(), self._serving.cpu_seconds()
        await self._ask(question(tokens, rate, mark))
        await asyncio.sleep(tokens / rate)
        await self._until_shown(tokens, mark)
        await asyncio.sleep(QUIET_S)
        page_after = await self._tab.metrics()
        server = self._serving.cpu_seconds() - server - idle_cpu * (time.monotonic() - start)
        return (page_after["TaskDuration"] - page["TaskDuration"]) * 1e6 / tokens, server * 1e6 / tokens

    async def _begin(self) -> None:
        # A chat that keeps its conversations shows the warm-ups of before.
        mark = next(self._warm_ups)
        await self._tab.open(self._serving.url + self._serving.chat)
        await self._until_usable()
        await asyncio.sleep(QUIET_S)
        await self._ask(question(WARM_UP_TOKENS, RATE, mark, WARM_UP_LINES))
        await self._until_shown(WARM_UP_TOKENS, mark)
        await asyncio.sleep(QUIET_S)

    async def _ask(self, text: str) -> None:
        await self._tab.write(self._peer.input, text, self._peer.button)

    async def _until_usable(self) -> None:
        field = json.dumps(self._peer.input)
        usable = f"(field => !!field && !field.disabled)(document.querySelector({field}))"
        await self._tab.until(usable, "a field to write in appears")

    async def _until_shown(self, tokens: int, mark: str) -> None:
        last = json.dumps(f"{mark}{tokens - 1}")
        await self._tab.until(f"document.body.textContent.includes({last})", "the answer appears", PATIENCE_S)

    async def _until_painted(self, tokens: int, mark: str) -> None:
        end = f"window.bench.painted >= {tokens - 1}"
        await self._tab.until(end, f"{tokens} tokens appear", tokens / RATE + PATIENCE_S)

    def _stream(self, mark: str) -> dict[str, Any]:
        asked = f"marked {mark}"
        return [stream for stream in self._gateway.log() if asked in stream["question"]][-1]

    def _count_frame(self, said: dict[str, Any]) -> None:
        frame = said["response"]
        size = (
            len(frame["payloadData"]) * 3 // 4 if frame["opcode"] == 2 else len(frame["payloadData"].encode())
        )
        self._count(size + (2 if size < 126 else 4 if size < 65536 else 10))

    def _note_request(self, said: dict[str, Any]) -> None:
        if said.get("type") in FILES:
            self._files.add(said["requestId"])

    def _count_data(self, said: dict[str, Any]) -> None:
        if not self._counts_files and said["requestId"] not in self._files:
            self._count(said["encodedDataLength"] or said["dataLength"])

    def _count_file(self, said: dict[str, Any]) -> None:
        if self._counts_files:
            self._count(said["encodedDataLength"])

    def _count(self, size: float) -> None:
        self.bytes += int(size)
        self._moved = time.monotonic()
