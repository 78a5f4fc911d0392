"""Much text: opening a conversation of 10,000 messages, reading back and typing in it, and a long answer.

A long answer is flat where a token costs no more at its end than at its start.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import report
from bench.browser import open_tab
from bench.gateway import Answer, RunningGateway, running_gateway
from bench.page import open_page
from bench.peers import Peer, Serving, ours
from bench.reading import read_in_browser
from bench.seed import write_history
from bench.stream import Conversation

__all__ = ["PAGE", "add_arguments", "run"]

PAGE = "docs/benchmarks/long.md"
OPENINGS = 20
LONG_RATE = 400.0
CODE_LINES = 500
SAMPLE_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--tokens", type=int, default=20_000)


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""

    def seeded(folder: Path) -> str:
        return "/c/" + asyncio.run(write_history(folder, arguments.messages))

    with running_gateway(Answer(tokens=10, rate=0)) as gateway:
        peer = replace(ours(), prepare=seeded)
        with peer.serving(gateway.base_url) as serving:
            opened = asyncio.run(_opened(serving, arguments.messages))
            read = asyncio.run(read_in_browser(peer, serving))
        with ours().serving(gateway.base_url) as serving:
            flat = asyncio.run(_flat(ours(), gateway, serving, arguments.tokens))
    return "\n\n".join([report.circumstances("reflex"), opened, read, flat])


async def _opened(serving: Serving, messages: int) -> str:
    """Open the conversation without a browser: what the server alone takes."""
    waits: list[float] = []
    for _ in range(OPENINGS):
        async with open_page(serving.port, serving.chat) as page:
            start = time.monotonic()
            await page.follow()
            await asyncio.wait_for(page.shown.wait(), 30)
            waits.append((time.monotonic() - start) * 1e3)
    return report.tell(
        f"A conversation of {messages:,} messages is open {statistics.median(waits):.0f} ms after it was "
        f"asked for, {max(waits):.0f} ms at most of {OPENINGS} times: its end, with texts, at the websocket."
    )


@dataclass(frozen=True, slots=True)
class Sample:
    """What an answer has cost so far: tokens, bytes, and milliseconds of page and server."""

    tokens: int
    wire: float
    browser: float
    server: float


async def _flat(peer: Peer, gateway: RunningGateway, serving: Serving, tokens: int) -> str:
    async with open_tab() as tab:
        chat = Conversation(peer, serving, tab, gateway)
        await chat.first_load()
        samples: list[Sample] = []
        watching = asyncio.create_task(chat.watched(tokens, LONG_RATE, "k", code_lines=CODE_LINES))
        while not watching.done():
            await asyncio.sleep(SAMPLE_S)
            if (painted := await tab.evaluate("window.bench?.painted ?? 0")) > 0:
                page = await tab.metrics()
                cost = chat.bytes, page["TaskDuration"] * 1e3, serving.cpu_seconds() * 1e3
                samples.append(Sample(painted, *cost))
        await watching
    first, last = _between(samples, 0.1, 0.3), _between(samples, 0.8, 1.0)
    header = ["per 1,000 tokens", "10 to 30 %", "80 to 100 %", "times"]
    rows: list[list[Any]] = [
        [name, f"{one:,.0f}", f"{other:,.0f}", f"{other / one:.2f}"]
        for name, one, other in zip(("bytes", "browser ms", "server ms"), first, last, strict=True)
    ]
    report.tell(str(rows))
    about = f"An answer of {tokens:,} tokens at {LONG_RATE:g}/s, with code blocks of {CODE_LINES} lines:"
    return about + "\n\n" + report.table(header, rows)


def _between(samples: list[Sample], begin: float, end: float) -> tuple[float, float, float]:
    """Costs per 1,000 tokens in a part of the answer."""
    count = samples[-1].tokens
    part = [sample for sample in samples if begin * count <= sample.tokens <= end * count]
    first, last = part[0], part[-1]
    tokens = (last.tokens - first.tokens) / 1000
    return (
        (last.wire - first.wire) / tokens,
        (last.browser - first.browser) / tokens,
        (last.server - first.server) / tokens,
    )
