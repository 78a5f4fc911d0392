"""Where the server's time goes while a hundred answers stream, by whose code it is; needs py-spy."""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import uvloop

from bench import report
from bench.crowd import converse, together
from bench.gateway import RunningGateway
from bench.many import AT_ONCE, PAGE, RATE, on_one_core
from bench.peers import Serving, ours

__all__ = ["PAGE", "add_arguments", "run"]

# Whose a frame is; the innermost that matches has the sample.
OWNERS = {
    "our client of the gateway": r"chat_ui/gateway",
    "our chat: runs, feed, journal": r"chat_ui/chat|chat_ui/accounts",
    "our wire": r"chat_ui/state",
    "the database": r"chat_ui/store|sqlalchemy|aiosqlite|sqlmodel",
    "httpx": r"httpx|httpcore|h11|httptools|anyio",
    "Socket.IO": r"socketio|engineio",
    "Reflex": r"reflex",
    "the event loop and uvicorn": r"uvicorn|websockets|asyncio|uvloop|_loop",
}
SAMPLES_PER_S = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument("--seconds", type=int, default=5, help="for how long to look (%(default)s)")


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown.

    Raises:
        RuntimeError: py-spy isn't there, or may not look.
    """
    with on_one_core(ours()) as (gateway, serving):
        shares = uvloop.run(_while_answers_stream(gateway, serving, arguments.seconds))
    return f"{report.circumstances('reflex', 'uvicorn', 'httpx')}\n\n{shares}"


async def _while_answers_stream(gateway: RunningGateway, serving: Serving, seconds: int) -> str:
    async with together(converse, serving.port, gateway, AT_ONCE, RATE):
        return await asyncio.to_thread(_shares, serving.pid, seconds)


def _shares(pid: int, seconds: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        stacks = Path(folder) / "stacks"
        command = ["py-spy", "record", "--format=raw", "--full-filenames", "--subprocesses", "--gil"]
        done = subprocess.run(
            [
                *command,
                f"--rate={SAMPLES_PER_S}",
                f"--duration={seconds}",
                f"--output={stacks}",
                f"--pid={pid}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if not stacks.exists():
            raise RuntimeError(f"py-spy: {done.stderr}")
        found = Counter[str]()
        for line in stacks.read_text().splitlines():
            stack, _, samples = line.rpartition(" ")
            found[_owner(stack)] += int(samples)
    total = sum(found.values())
    rows = [[owner, f"{samples / total:.0%}"] for owner, samples in found.most_common()]
    return (
        f"The interpreter was busy {total / SAMPLES_PER_S / seconds:.0%} of the time, with:\n\n"
        + report.table(["whose code", "share"], rows)
    )


def _owner(stack: str) -> str:
    for frame in reversed(stack.split(";")):
        for owner, path in OWNERS.items():
            if re.search(path, frame):
                return owner
    return "else"
