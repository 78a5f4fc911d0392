"""The real site, built for production and started on a port of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD_DIR = ROOT / ".web-tests"
START_WITHIN_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(port: int, **more: str) -> dict[str, str]:
    """The environment of a site that knows of no gateway and shares nothing with the person's own."""
    private = ("CHAT_UI_", "OPENAI_", "REFLEX_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    return inherited | {
        "REFLEX_WEB_WORKDIR": str(BUILD_DIR),
        "REFLEX_FRONTEND_PORT": str(port),
        "REFLEX_API_URL": f"http://localhost:{port}",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        **more,
    }


def build(port: int) -> None:
    """Compile the page as ``reflex run --env prod`` does; it is bound to the port."""
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(port), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


class Site:
    """One site: a process, a data folder, and an address.

    Args:
        port: where the page was built to find it.
        data_dir: where it keeps everything; a second start finds it again.
        env: settings beside the defaults.
    """

    def __init__(self, port: int, data_dir: Path, env: Mapping[str, str] | None = None) -> None:
        self.port = port
        self.url = f"http://localhost:{port}"
        self.data_dir = data_dir
        self.env = dict(env or {})
        self._log = data_dir.parent / f"{data_dir.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What its processes have printed."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            shutil.which("granian", path=str(Path(sys.executable).parent)) or "granian",
            "--interface=asgi",
            "--factory",
            "--host=127.0.0.1",
            f"--port={self.port}",
            "chat_ui.chat_ui:app",
        ]
        env = environment(
            self.port,
            CHAT_UI_DATA_DIR=str(self.data_dir),
            REFLEX_ENV_MODE="prod",
            __REFLEX_SKIP_COMPILE="true",
            __REFLEX_MOUNT_FRONTEND_COMPILED_APP="true",
            **self.env,
        )
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._wait_until_up()

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

    def kill(self) -> None:
        """End every one of its processes at once, with nothing said to them before."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an operator would."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
