"""Who serves the site from a SQLite file: one process, which a lock beside the file tells from those gone."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from chat_ui.store.errors import StoreError

__all__ = ["claimed", "is_claimed"]

# A process that is being replaced, by a restart or by a change of its code, may take a moment to end.
PATIENCE_S = 5.0
LOOK_S = 0.05


@asynccontextmanager
async def claimed(database: Path, *, patience: float = PATIENCE_S) -> AsyncGenerator[None]:
    """Be the only process that serves the site from this file, for as long as the context is open.

    The lock is the operating system's: it goes with the process, even one that is killed.

    Args:
        database: the SQLite file.
        patience: how long another process may take to end, in seconds.

    Raises:
        StoreError: another process serves it, or that can't be found out.
    """
    lock = _lock_of(database)
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(
            f"The lock {lock} can't be opened: {error.strerror}. Let the user that runs the site write it, "
            "or delete it: it is made anew."
        ) from error
    try:
        deadline = time.monotonic() + patience
        while not _lock(handle):
            if time.monotonic() >= deadline:
                raise StoreError(
                    f"Another copy of the site is running on the database {database}. Close that one, or "
                    "give this one a folder of its own with CHAT_UI_DATA_DIR. For several processes on one "
                    "history, keep it in PostgreSQL (CHAT_UI_DATABASE_URL) and set CHAT_UI_REDIS_URL."
                )
            await asyncio.sleep(LOOK_S)
        yield
    finally:
        os.close(handle)


def is_claimed(database: Path) -> bool:
    """Whether a process serves the site from this file now."""
    try:
        handle = os.open(_lock_of(database), os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(handle)
    finally:
        os.close(handle)


def _lock_of(database: Path) -> Path:
    """Not the database itself: to close it by hand would drop SQLite's own locks on it."""
    return database.with_name(f"{database.name}.lock")


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
