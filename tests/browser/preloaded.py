"""Processes that begin with what the site imports loaded, which takes seconds."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

__all__ = ["Preloaded"]

# What the site imports, but for the app itself: the settings are read as soon as that is imported.
MODULES = [
    "alembic.migration",
    "argon2",
    "asyncpg",
    "chat_ui.served",
    "chat_ui.state.current",
    "chat_ui.state.websocket",
    "chat_ui.ui.pages.admin",
    "chat_ui.ui.pages.conversation",
    "chat_ui.ui.pages.new_chat",
    "chat_ui.ui.pages.settings",
    "chat_ui.web.app",
    "chat_ui.web.connection",
    "redis.asyncio",
    "reflex.app",
    "rich.progress",
    "rich.prompt",
    "socketio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "starlette.staticfiles",
    "uvicorn.supervisors",
]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(MODULES)


class Preloaded:
    """A process that does what a command says, in a session of its own.

    It is waited for as a ``subprocess.Popen`` is.

    Args:
        program: what is called in it, as in an entry point: ``chat_ui.served:main``.
        command: the program's name and its arguments.
        env: its environment.
        cwd: where it runs.
        log: the file to whose end it prints.
    """

    def __init__(
        self, program: str, command: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        self._command = list(command)
        arguments = (program, self._command, dict(env), str(cwd), str(log))
        self._process = _context.Process(target=_run, args=arguments)
        with pytest.MonkeyPatch.context() as patch:
            # What is preloaded, as the first process begins, is as it is in production.
            patch.setenv("REFLEX_ENV_MODE", "prod")
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


def _run(program: str, command: list[str], env: dict[str, str], directory: str, log: str) -> None:
    os.setsid()
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(env)
    # Whatever this process begins has it too, by the same number.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = os.fdopen(0)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(written, stream)
    assert "rxconfig" not in sys.modules, "the site was configured before it had its environment"
    # What was loaded stays: there is no use in looking for garbage there.
    gc.freeze()
    # As in a process that was started by its name.
    multiprocessing.set_start_method("fork", force=True)
    sys.argv[:] = command
    module, _, name = program.partition(":")
    getattr(importlib.import_module(module), name)()
