"""The real site, built for production and started on a port of its own."""

import fcntl
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import gettempdir

import psutil

from chat_ui import cli, page
from tests.browser.preloaded import Preloaded

ROOT = Path(__file__).resolve().parents[2]
COMPILED = ROOT / ".web-tests"
PORT_OF_NOBODY = 9
NOT_COPIED = shutil.ignore_patterns("node_modules")
START_WITHIN_S = 60
FIRST_PORT, PORTS, BLOCKS = 20_000, 300, 40


def _environment() -> dict[str, str]:
    """The environment of a site that knows of no gateway and shares nothing with the person's own."""
    private = ("CHAT_UI_", "OPENAI_", "REFLEX_")
    return {name: value for name, value in os.environ.items() if not name.startswith(private)}


@contextmanager
def built() -> Iterator[Path]:
    """Have the page compiled, in a directory that is nobody else's until the block ends.

    It is compiled once; test runs side by side have a copy each: ``.web-tests-1``, ``.web-tests-2`` …
    """
    with _held(ROOT):
        COMPILED.mkdir(exist_ok=True)
        page.compile_page(COMPILED, _environment(), PORT_OF_NOBODY)
    for number in itertools.count(1):
        directory = COMPILED.with_name(f"{COMPILED.name}-{number}")
        directory.mkdir(exist_ok=True)
        with _held(directory, wait=False) as is_ours:
            if not is_ours:
                continue
            shutil.rmtree(directory / "build", ignore_errors=True)
            shutil.copytree(COMPILED, directory, dirs_exist_ok=True, ignore=NOT_COPIED)
            yield directory
            return


@contextmanager
def _held(directory: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a directory until the block ends, or the process; tell whether nobody else held it."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        is_ours = True
    except BlockingIOError:
        is_ours = False
    try:
        yield is_ours
    finally:
        os.close(handle)


@cache
def _ports() -> Iterator[int]:
    """Some hundred ports, again and again, that no other process gives out as long as this one runs.

    They are below those that a system gives to whoever connects somewhere: these could be taken before a site
    listens on them, or while it starts again.
    """
    for block in range(BLOCKS):
        handle = os.open(Path(gettempdir()) / f"chat-ui-ports-{block}", os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            # Until this process ends.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        first = FIRST_PORT + block * PORTS
        return itertools.cycle(range(first, first + PORTS))
    raise AssertionError("too many processes give out ports")


def free_port() -> int:
    """A port on which nobody listens."""
    for port in itertools.islice(_ports(), PORTS):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("every port is taken")


class Site:
    """One site: a process, a data folder, and an address.

    Args:
        compiled: where the page was compiled.
        data_dir: where it keeps everything; a second start finds it again.
        env: settings beside the defaults.
        workers: how many processes serve it; more than one need settings for what they share.
        port: where; any that is free, unless the settings name the address.
    """

    def __init__(
        self,
        compiled: Path,
        data_dir: Path,
        env: Mapping[str, str] | None = None,
        *,
        workers: int = 1,
        port: int | None = None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.data_dir = data_dir
        self.env = dict(env or {})
        self.workers = workers
        self._compiled = compiled
        self._log = data_dir.parent / f"{data_dir.name}.log"
        self._process: Preloaded | subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What its processes have printed."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command, env = cli.production(
            self._compiled,
            _environment(),
            host="127.0.0.1",
            port=self.port,
            workers=self.workers,
            redis_url=self.env.get("CHAT_UI_REDIS_URL"),
            json_lines="CHAT_UI_HOSTED" in self.env,
        )
        env |= {"CHAT_UI_DATA_DIR": str(self.data_dir), **self.env}
        self._process = self._run(command, env)
        self._wait_until_up()

    def _run(self, command: Sequence[str], env: Mapping[str, str]) -> Preloaded | subprocess.Popen[bytes]:
        # What comes before its arguments starts Python.
        return Preloaded("chat_ui.served:main", command[2:], env, ROOT, self._log)

    def update(self, folder: Path) -> None:
        """Show another build of the page from the next start on: the same page by another name.

        Args:
            folder: where to make it; there is none yet.
        """
        shutil.copytree(self._compiled, folder, ignore=NOT_COPIED, copy_function=os.link)
        client = folder / "build" / "client"
        [scripts] = (client / "assets").glob("manifest-*.js")
        name, newer = scripts.stem, f"{scripts.stem}-newer"
        for file in (scripts, *client.rglob("*.html")):
            text = file.read_text().replace(name, newer)
            # The name is a link to the file of the build before.
            file.unlink()
            file.with_name(f"{file.name}.gz").unlink(missing_ok=True)
            file.with_stem(newer if file == scripts else file.stem).write_text(text)
        self._compiled = folder

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, f"the site ended by itself:\n{self.log[-3000:]}"
            try:
                with urllib.request.urlopen(f"{self.url}/ping", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"the site didn't start:\n{self.log[-3000:]}")

    def worker_ids(self) -> set[int]:
        """The processes that serve it now."""
        assert self._process is not None
        found: set[int] = set()
        for child in psutil.Process(self._process.pid).children():
            # One may end while it is looked at.
            with suppress(psutil.NoSuchProcess):
                if "resource_tracker" not in " ".join(child.cmdline()):
                    found.add(child.pid)
        # One alone has nobody above it.
        return found or {self._process.pid}

    def kill(self) -> None:
        """End every one of its processes at once, with nothing said to them before."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int | None:
        """End it as an operator would; returns what it ended with, if it was running."""
        return self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        # It may have ended by itself.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            return process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait()
