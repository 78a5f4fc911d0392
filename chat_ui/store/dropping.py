"""Connections to SQLite that let go of their lock when they are dropped in the middle of something.

A task that is cancelled while a statement runs leaves a cursor behind. SQLite keeps a closed connection
alive for as long as one of its statements is (https://www.sqlite.org/c3ref/close.html), and with it the
transaction and its lock: nobody could write until the garbage collector comes by. So whatever such a
connection had begun is rolled back before it is closed.

aiosqlite hands whatever it does to a thread, and is woken by it. Making and closing a cursor takes SQLite no
time, so that is done here: half as many wakings for each statement.
"""

# aiosqlite leaves its futures untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from aiosqlite import Connection, Cursor
from aiosqlite.context import contextmanager

__all__ = ["DroppableConnection", "connect"]

ROWS_AT_ONCE = 64
# Whether SQLite was built so that threads may share a connection (PEP 249), as everybody builds it.
SHARED = sqlite3.threadsafety == 3


class QuickCursor(Cursor):
    """A cursor of aiosqlite's that is closed at once, unless its statement is still running."""

    async def close(self) -> None:
        """Close the cursor."""
        try:
            self._cursor.close()
        except sqlite3.ProgrammingError:
            await super().close()


class DroppableConnection(Connection):
    """A connection of aiosqlite's that rolls back before it closes, however it is closed."""

    def __init__(self, database: str, **options: Any) -> None:
        options["check_same_thread"] = not SHARED
        super().__init__(lambda: sqlite3.connect(database, **options), ROWS_AT_ONCE)
        # A thread that waits for the next statement must not keep the process from ending.
        self._thread.daemon = True

    @contextmanager
    async def cursor(self) -> Cursor:
        """Make a cursor."""
        return QuickCursor(self, self._conn.cursor()) if SHARED else await super().cursor()

    def stop(self) -> asyncio.Future[Any] | None:
        """Close the connection without waiting for it."""
        self._tx.put_nowait((None, self._let_go))
        return super().stop()

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._execute(self._let_go)
        await super().close()

    def _let_go(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            self._connection.rollback()


def connect(database: str, **options: Any) -> DroppableConnection:
    """Make a connection, to be awaited; takes what ``sqlite3.connect`` takes."""
    return DroppableConnection(database, **options)
