"""How soon the site answers once its page has been compiled, and what memory it has with nobody there."""

from __future__ import annotations

import argparse
import time

from bench import report
from bench.gateway import Answer, running_gateway
from bench.measure import Spread
from bench.peers import ours

__all__ = ["PAGE", "add_arguments", "run"]

PAGE = "docs/benchmarks/many.md"
SETTLE_S = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument("--rounds", type=int, default=5)


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""
    seconds: list[float] = []
    megabytes: list[float] = []
    with running_gateway(Answer(tokens=10, rate=0)) as gateway:
        for number in range(arguments.rounds + 1):
            with ours().serving(gateway.base_url) as serving:
                time.sleep(SETTLE_S)
                # The first time, the page may have to be compiled.
                if number:
                    seconds.append(serving.up_after_s)
                    megabytes.append(serving.resident_bytes() / 2**20)
    header = ["", f"{arguments.rounds} rounds: the median, the least and the most"]
    rows = [
        ["seconds from the command to the first answer", Spread.of(seconds)],
        ["MB with nobody there", Spread.of(megabytes)],
    ]
    return "\n\n".join([report.circumstances("reflex", "uvicorn"), report.table(header, rows)])
