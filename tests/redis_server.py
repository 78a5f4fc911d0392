"""A Redis server of the tests' own."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgres import is_required

__all__ = ["LOUD", "RedisServer", "running_redis"]

LOUD = "NO REDIS TESTS: no Redis was found (apt install redis-server)"
START_WITHIN_S = 20


class RedisServer:
    """A server that listens on a socket in a folder of its own.

    Args:
        folder: that folder.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "socket"
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        """The URL of one of its databases."""
        return f"unix://{self._socket}?db={database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        nothing_kept = ("--save", "", "--appendonly", "no")
        self._process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self._socket), *nothing_kept],
            stdout=subprocess.DEVNULL,
            cwd=self._socket.parent,
        )
        deadline = time.monotonic() + START_WITHIN_S
        while self.ask("PING") != b"+PONG\r\n":
            assert time.monotonic() < deadline, "Redis didn't start"
            time.sleep(0.01)

    def ask(self, command: str) -> bytes:
        """Send it one command; returns the beginning of what it says, or nothing where it isn't there."""
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(self._socket))
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(4096)
            except OSError:
                return b""

    def stop(self) -> None:
        """End it; whoever is connected loses the connection."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have it do nothing while the context is open, as a machine that has gone without a word."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A server for as long as the context is open; skips where there is no Redis, and in CI fails."""
    if shutil.which("redis-server") is None:
        (pytest.fail if is_required() else pytest.skip)(LOUD)
    # Not where pytest keeps temporary files: a socket's path has to be short.
    folder = Path(tempfile.mkdtemp(prefix="chat-ui-redis-"))
    server = RedisServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
