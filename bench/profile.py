"""Where a server's time goes, by whose code it is, sampled from outside."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from bench import report

__all__ = ["shares"]

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
RATE = 200


def shares(pid: int, seconds: int) -> str:
    """Watch a process for some seconds; returns a table of shares.

    Raises:
        RuntimeError: py-spy isn't there, or may not look.
    """
    with tempfile.TemporaryDirectory() as folder:
        stacks = Path(folder) / "stacks"
        command = ["py-spy", "record", "--format=raw", "--full-filenames", "--subprocesses", "--gil"]
        done = subprocess.run(
            [*command, f"--rate={RATE}", f"--duration={seconds}", f"--output={stacks}", f"--pid={pid}"],
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
    return f"The interpreter was busy {total / RATE / seconds:.0%} of the time, with:\n\n" + report.table(
        ["whose code", "share"], rows
    )


def _owner(stack: str) -> str:
    for frame in reversed(stack.split(";")):
        for owner, path in OWNERS.items():
            if re.search(path, frame):
                return owner
    return "else"
