"""A site as deploy/debian.sh sets it up, reached through Caddy and TLS."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from chat_ui.page import ROOT
from tests.browser.site import free_port
from tests.deploy.test_files import tool
from tests.postgres import PostgresServer, running_postgres
from tests.redis_server import RedisServer, running_redis
from tests.scripted import KEY

PATIENCE_S = 60
TOKENS_PER_DAY = 3000


@dataclass(frozen=True, slots=True)
class Deployed:
    """The site, and what it stands on.

    Args:
        url: by which people reach it.
        folder: where it was set up.
        port: where the site itself listens.
        gateway_port: where it expects its gateway.
        said: what the script printed.
        postgres: its database server.
        database: its database there.
        redis: its Redis.
    """

    url: str
    folder: Path
    port: int
    gateway_port: int
    said: str
    postgres: PostgresServer
    database: str
    redis: RedisServer

    @property
    def root(self) -> Path:
        """The root certificate of Caddy's own authority."""
        return self.folder / "home" / ".local/share/caddy/pki/authorities/local/root.crt"

    def trust(self) -> ssl.SSLContext:
        """What believes that authority."""
        return ssl.create_default_context(cafile=self.root)

    def env(self) -> dict[str, str]:
        """The settings, as the script wrote them."""
        lines = (self.folder / "etc" / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Do something from the operator's terminal."""
        app = self.folder / "app"
        return subprocess.run(
            [app / ".venv" / "bin" / "python", "-m", "chat_ui", *arguments],
            cwd=app,
            env=_bare_environment() | self.env() | env,
            capture_output=True,
            text=True,
            check=False,
        )

    def workers(self) -> set[int]:
        """The processes that serve it now."""
        main = psutil.Process(int((self.folder / "etc" / "site.pid").read_text()))
        found: set[int] = set()
        for child in main.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "resource_tracker" not in " ".join(child.cmdline()) and not child.children():
                    found.add(child.pid)
        return found

    def sockets_of(self, worker: int) -> int:
        """How many connections somebody has to a worker."""
        return sum(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == self.port
            for one in psutil.Process(worker).net_connections("tcp")
        )

    @property
    def log(self) -> str:
        """What the site has printed."""
        return (self.folder / "etc" / "site.log").read_text()


def _bare_environment() -> dict[str, str]:
    private = ("CHAT_UI_", "OPENAI_", "REFLEX_", "VIRTUAL_ENV", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(private)}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Set it up as docs/hosting.md has it, with servers of the tests' own."""
    tool("caddy")
    folder = tmp_path_factory.mktemp("deployed")
    with running_postgres() as postgres, running_redis() as redis:
        database = postgres.make_database()
        https, port, gateway = free_port(), free_port(), free_port()
        env = _bare_environment() | {
            "HOME": str(folder / "home"),
            "CHAT_UI_APP": str(folder / "app"),
            "CHAT_UI_ETC": str(folder / "etc"),
            "CHAT_UI_DATA_DIR": str(folder / "data"),
            "CHAT_UI_PORT": str(port),
            "CHAT_UI_HTTP_PORT": str(free_port()),
            "CHAT_UI_CADDY_ADMIN": "off",
            "CHAT_UI_NO_PACKAGES": "1",
            # Nobody else could read what lies here.
            "CHAT_UI_USER": "",
            "CHAT_UI_PYTHON": sys.executable,
            "CHAT_UI_DATABASE_URL": postgres.url(database),
            "CHAT_UI_REDIS_URL": redis.url(),
            "CHAT_UI_TOKENS_PER_DAY": str(TOKENS_PER_DAY),
            "CHAT_UI_GATEWAY_URL": f"http://127.0.0.1:{gateway}/v1",
            "CHAT_UI_GATEWAY_KEY": KEY,
        }
        script = [ROOT / "deploy" / "debian.sh", f"localhost:{https}", "--internal-ca"]
        began = time.monotonic()
        done = subprocess.run(
            script, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        try:
            assert done.returncode == 0, done.stdout[-5000:]
            print(f"Set up in {time.monotonic() - began:.0f} s")
            site = Deployed(
                f"https://localhost:{https}", folder, port, gateway, done.stdout, postgres, database, redis
            )
            until_there(site.root)
            yield site
        finally:
            for name in ("caddy", "site"):
                end(folder / "etc" / f"{name}.pid")


def until_there(file: Path) -> None:
    """Wait until another program has made a file."""
    deadline = time.monotonic() + PATIENCE_S
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} isn't there"
        time.sleep(0.05)


def end(file: Path) -> None:
    """End a process that the script has started, by the id that it left."""
    if not file.exists():
        return
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        process = psutil.Process(int(file.read_text()))
        everything = [process, *process.children(recursive=True)]
        for one in everything:
            one.terminate()
        _, left = psutil.wait_procs(everything, timeout=30)
        for one in left:
            one.kill()


def links_in(said: str) -> list[str]:
    """The links that the script printed: the admin's, then somebody's."""
    return re.findall(r"https://\S+/link/\S+", said)
