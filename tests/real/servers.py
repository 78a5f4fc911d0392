"""Servers in processes of their own, and a relay before them that sees who hangs up."""

import os
import queue
import select
import signal
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

__all__ = ["HangUp", "Relay", "Server", "free_port", "relayed", "running", "tail"]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where its API is (`/v1` included) and the key that opens it."""

    base_url: str
    key: str

    def get(self, path: str) -> Any:
        """Return the JSON at a path beside `/v1`."""
        url = self.base_url.removesuffix("/v1") + path
        return httpx.get(url, headers={"Authorization": f"Bearer {self.key}"}, trust_env=False).json()

    def journal(self) -> list[dict[str, Any]]:
        """Return what aimock was asked, oldest first: `path`, `headers`, `body` and `response` of each."""
        return self.get("/__aimock/journal")


@dataclass(frozen=True, slots=True)
class HangUp:
    """A client closed its connection: after how many bytes, and whether an answer was still being sent."""

    received: int
    mid_answer: bool
    at: float = field(default_factory=time.monotonic)


class Relay(socketserver.ThreadingTCPServer):
    """Passes bytes to a server and back, and notes who hangs up: aimock itself doesn't tell."""

    daemon_threads = True

    def __init__(self, upstream: Server) -> None:
        self.hang_ups: queue.Queue[HangUp] = queue.Queue()
        self.key = upstream.key
        url = httpx.URL(upstream.base_url)
        self.target = (url.host, url.port)
        super().__init__(("127.0.0.1", 0), _Passage)
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}/v1"

    def hang_up_mid_answer(self, timeout: float = 5) -> HangUp:
        """Wait for a client that goes before its answer is complete; a `queue.Empty` says that none did."""
        deadline = time.monotonic() + timeout
        while True:
            hang_up = self.hang_ups.get(timeout=max(0, deadline - time.monotonic()))
            if hang_up.mid_answer:
                return hang_up

    def forget(self) -> None:
        """Drop what was noted so far."""
        while not self.hang_ups.empty():
            self.hang_ups.get_nowait()


class _Passage(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        relay = self.server
        assert isinstance(relay, Relay)
        received, tail = 0, b""
        with socket.create_connection(relay.target) as upstream:
            while True:
                for source in select.select([self.request, upstream], [], [])[0]:
                    try:
                        data = source.recv(65536)
                    except ConnectionResetError:
                        data = b""
                    if source is upstream:
                        received, tail = received + len(data), (tail + data)[-5:]
                    elif not data:
                        # A chunked answer ends in an empty chunk.
                        mid_answer = received > 0 and tail != b"0\r\n\r\n"
                        relay.hang_ups.put(HangUp(received, mid_answer))
                    if not data:
                        return
                    (self.request if source is upstream else upstream).sendall(data)


@contextmanager
def relayed(server: Server) -> Iterator[Relay]:
    """Stand before a server until the block ends."""
    with Relay(server) as relay:
        threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True).start()
        yield relay
        relay.shutdown()


@contextmanager
def running(command: list[str], ready: str, log: Path, *, patience: float, **env: str) -> Iterator[None]:
    """Run a server until the block ends; enter it once the server answers 200 at `ready`.

    Raises:
        RuntimeError: It ended, or wasn't ready within `patience` seconds; with the end of what it printed.
    """
    environment = {**os.environ, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost", **env}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            # Not in the project: uv would hold the server to the app's pins.
            cwd=log.parent,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own, to be ended whole: uv starts the server as a child.
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + patience
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} started no server ({process.poll()=}):\n{tail(log)}")
            time.sleep(0.1)
        yield
    finally:
        for signum in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, signum)
                process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def tail(log: Path, lines: int = 60) -> str:
    """Return the end of what a server printed."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
