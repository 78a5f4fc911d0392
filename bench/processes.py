"""Servers and browsers that are measured: started for a while, with all that they start themselves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

__all__ = ["cpu_seconds_of", "ended_with_block", "free_port", "resident_bytes_of", "until_up", "worker_of"]

GRACE_S = 10.0


@contextmanager
def ended_with_block(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a process group of its own, and end the whole group with the block."""
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_S)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until_up(url: str, process: subprocess.Popen[bytes], log: Path, within_s: float) -> float:
    """Wait until a server answers; returns how many seconds that took.

    Raises:
        RuntimeError: it ended, or doesn't answer in time; the text is the end of what it said.
    """
    start = time.monotonic()
    while process.poll() is None and time.monotonic() < start + within_s:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2):
            return time.monotonic() - start
        time.sleep(0.02)
    said = " ".join(log.read_text(errors="replace").split()[-60:])
    state = "ended" if process.poll() is not None else f"did not answer within {within_s:g} s"
    raise RuntimeError(f"it {state}: {said}")


def worker_of(pid: int, port: int) -> int:
    """Which of the processes that a process has started has a connection from this port of the machine.

    Raises:
        LookupError: none of them.
    """
    for process in psutil.Process(pid).children(recursive=True):
        if any(each.raddr and each.raddr.port == port for each in process.net_connections("tcp")):
            return process.pid
    raise LookupError(f"no process has the connection from port {port}")


def cpu_seconds_of(pid: int) -> float:
    """The processor time of a process and of all that it started."""
    return sum(_of_tree(pid, lambda process: sum(process.cpu_times()[:2])))


def resident_bytes_of(pid: int) -> int:
    """The memory of a process and of all that it started, shared pages counted once per process."""
    return int(sum(_of_tree(pid, lambda process: process.memory_info().rss)))


def _of_tree(pid: int, figure: Any) -> Iterator[float]:
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            yield figure(process)
