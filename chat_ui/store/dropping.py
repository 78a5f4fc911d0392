"""Connections to SQLite that let go of their lock when they are dropped in the middle of something.

A task that is cancelled while a statement runs leaves a cursor behind. SQLite keeps a closed connection
alive for as long as one of its statements is (https://www.sqlite.org/c3ref/close.html), and with it the
transaction and its lock: nobody could write until the garbage collector comes by. So whatever such a
connection had begun is rolled back before it is closed.
"""

# aiosqlite leaves its futures untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from aiosqlite import Connection

__all__ = ["DroppableConnection", "connect"]

ROWS_AT_ONCE = 64


class DroppableConnection(Connection):
    """A connection of aiosqlite's that rolls back before it closes, however it is closed."""

    def __init__(self, database: str, **options: Any) -> None:
        super().__init__(lambda: sqlite3.connect(database, **options), ROWS_AT_ONCE)
        # A thread that waits for the next statement must not keep the process from ending.
        self._thread.daemon = True

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
