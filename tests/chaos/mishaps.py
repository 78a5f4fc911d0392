"""What goes wrong with the machine that the site runs on."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

__all__ = ["full_disk", "locked_database", "small_disk"]

DISK_BYTES = 128 * 2**20
BLOCK = bytes(2**20)


@contextmanager
def small_disk(folder: Path) -> Generator[bool]:
    """Mount a small disk of its own on a folder; tells whether that was allowed."""
    folder.mkdir(parents=True)
    options = f"size={DISK_BYTES},mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "chat-ui-chaos", str(folder)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@asynccontextmanager
async def full_disk(database: Path) -> AsyncGenerator[None]:
    """Leave no byte free on the disk of a database, and none in its log either."""
    ballast = database.parent / "ballast"
    await asyncio.to_thread(_fill, ballast, database)
    try:
        yield
    finally:
        ballast.unlink()


def _fill(ballast: Path, database: Path) -> None:
    # A log that has room would take what the disk doesn't.
    with closing(sqlite3.connect(database, timeout=5)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(file, BLOCK)
    os.close(file)


@asynccontextmanager
async def locked_database(database: Path) -> AsyncGenerator[None]:
    """Hold the database as another program does that writes to it."""
    db = sqlite3.connect(database, timeout=10, isolation_level=None, check_same_thread=False)
    with closing(db):
        await asyncio.to_thread(db.execute, "BEGIN IMMEDIATE")
        try:
            yield
        finally:
            db.execute("ROLLBACK")
