"""A PostgreSQL server of the tests' own, from the binaries that Debian installs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["LOUD", "PostgresServer", "is_required", "running_postgres"]

LOUD = "NO POSTGRESQL TESTS: no PostgreSQL was found (apt install postgresql)"
# Nothing of it has to survive a power cut, and nobody but the tests may connect to it.
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "listen_addresses": "''",
    "max_connections": "60",
    "shared_buffers": "32MB",
}


def is_required() -> bool:
    """Whether a missing server fails the tests, as in CI, and doesn't only skip them."""
    return bool(os.environ.get("CI"))


def _binaries() -> Path | None:
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return versions[-1].parent if versions else None


class PostgresServer:
    """A running server.

    Args:
        folder: its data, and its socket.
        binaries: where its programs lie.
    """

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._binaries = binaries
        self._made = 0

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql:///{database}?host={self._folder}&user=postgres"

    def make_database(self, template: str = "template0") -> str:
        """Make a database; returns its name."""
        self._made += 1
        name = f"chat_{self._made}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    def ask(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the server's own program would; returns what it printed."""
        command = [self._binaries / "psql", "-h", self._folder, "-U", "postgres", "-d", database]
        done = subprocess.run(
            [*command, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        self._control("start", "-w", "-o", f"{options} -k {self._folder}", "-l", str(self._folder / "log"))

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; whoever is connected loses the connection."""
        self._control("stop", "-w", "-m", mode)

    def _control(self, *arguments: str) -> None:
        _run_unprivileged([self._binaries / "pg_ctl", "-D", self._folder / "data", "-s", *arguments])


def _run_unprivileged(command: list[Path | str]) -> None:
    """Run a program that refuses to be run by root."""
    user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
    subprocess.run(command, user=user, stdout=subprocess.DEVNULL, check=True, cwd="/")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server for as long as the context is open; skips where there is no PostgreSQL, and in CI fails."""
    binaries = _binaries()
    if binaries is None:
        (pytest.fail if is_required() else pytest.skip)(LOUD)
    # Not where pytest keeps temporary files: a socket's path has to be short, and its folders open to all.
    folder = Path(tempfile.mkdtemp(prefix="chat-ui-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        _run_unprivileged(
            [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "--no-sync"]
        )
        server = PostgresServer(folder, binaries)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
