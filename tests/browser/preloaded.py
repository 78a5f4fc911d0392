"""Processes that begin with the libraries of the site loaded, which take seconds to import."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Granian"]

# What the site imports and is no part of it, but for what looks at the environment as soon as it is imported.
LIBRARIES = [
    "aiosqlite",
    "alembic.migration",
    "argon2",
    "asyncpg",
    "granian.cli",
    "granian.server",
    "httpx",
    "pydantic_settings",
    "redis.asyncio",
    "rich.progress",
    "rich.prompt",
    "socketio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlmodel",
    "starlette.staticfiles",
]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(LIBRARIES)


class Granian:
    """A process that does what a command of granian's says, in a session of its own.

    It is waited for as a ``subprocess.Popen`` is.

    Args:
        command: the program's name and its arguments.
        env: its environment.
        cwd: where it runs.
        log: the file to whose end it prints.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path) -> None:
        self._command = list(command)
        self._process = _context.Process(target=_run, args=(self._command, dict(env), str(cwd), str(log)))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """What it ended with, if it has."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; what it ended with.

        Raises:
            subprocess.TimeoutExpired: it took longer than so many seconds.
        """
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(self._command, timeout or 0)
        return code


def _run(command: list[str], env: dict[str, str], directory: str, log: str) -> None:
    os.setsid()
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(env)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(written, stream)
    # As in a process that was started by its name.
    multiprocessing.set_start_method("fork", force=True)
    sys.argv[:] = command
    from granian.cli import entrypoint  # noqa: PLC0415

    entrypoint()
