"""SQLite's driver, with one call of its thread for each statement.

aiosqlite has a thread for each connection, and calls it to make a cursor, to execute, for the rows, and to
close it; each call wakes two threads. Here all of that is one call, and so is beginning a transaction with
its first statement; or a whole transaction, where it is written as a function of SQLite's own connection.

A task that is cancelled while a statement runs thus leaves no cursor behind, either. SQLite would keep a
closed connection alive for as long as one of its statements is, and with it the transaction and its lock
(https://www.sqlite.org/c3ref/close.html).
"""

# aiosqlite leaves its futures untyped.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite

__all__ = ["WholeCalls", "Work"]

ROWS_AT_ONCE = 64

Work = Callable[[sqlite3.Connection], None]


class Cursor:
    """What SQLAlchemy asks of a cursor: it fetches all rows at once, and has one cursor for each statement.

    Args:
        connection: whose thread is called.
    """

    def __init__(self, connection: WholeCalls) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Cursor:
        """Begin; there is nothing to wait for."""
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> None:
        """Execute a statement, and fetch all its rows."""
        await self._connection.call(partial(self._fetch, sqlite3.Cursor.execute, statement, parameters))

    async def executemany(self, statement: str, parameters: Any) -> None:
        """Execute a statement with one set of parameters after the other."""
        await self._connection.call(partial(self._fetch, sqlite3.Cursor.executemany, statement, parameters))

    def _fetch(
        self, execute: Callable[..., object], statement: str, parameters: Any, db: sqlite3.Connection
    ) -> None:
        cursor = db.cursor()
        execute(cursor, statement, parameters)
        self.description, self.lastrowid = cursor.description, cursor.lastrowid
        self._rows = cursor.fetchall()
        # Of a statement that returns rows, it is only known now.
        self.rowcount = cursor.rowcount
        cursor.close()

    async def fetchall(self) -> list[Any]:
        """The rows."""
        return self._rows

    async def close(self) -> None:
        """End; there is nothing left to close."""


class WholeCalls(aiosqlite.Connection):
    """A connection of aiosqlite's that calls its thread once for each statement.

    Args:
        database: the file.
        options: what else ``sqlite3.connect`` takes.
    """

    def __init__(self, database: str, **options: Any) -> None:
        super().__init__(lambda: sqlite3.connect(database, **options), ROWS_AT_ONCE)
        # A thread that waits for the next statement must not keep the process from ending.
        self._thread.daemon = True
        self._begin: Work | None = None
        self.synchronous = ""

    def cursor(self) -> Any:
        """Make a cursor for one statement."""
        return Cursor(self)

    def begin(self, begin: Work) -> None:
        """Have this called just before the next statement; not at all where the transaction has none."""
        self._begin = begin

    async def call(self, work: Work) -> None:
        """Have the thread do something, after what is left to do before it."""
        begin, self._begin = self._begin, None
        await self._execute(partial(_call, begin, work, self._conn))

    async def transact(self, begin: Work, work: Work) -> None:
        """Have the thread do something as a transaction: all of it, or nothing if it raises an exception.

        Who is cancelled meanwhile doesn't learn which.
        """
        await self._execute(partial(_transact, begin, work, self._conn))

    async def commit(self) -> None:
        """Commit what was begun."""
        if self._begin is None:
            await super().commit()
        self._begin = None

    async def rollback(self) -> None:
        """Take back what was begun."""
        if self._begin is None:
            await super().rollback()
        self._begin = None


def _call(begin: Work | None, work: Work, db: sqlite3.Connection) -> None:
    if begin is not None:
        begin(db)
    work(db)


def _transact(begin: Work, work: Work, db: sqlite3.Connection) -> None:
    begin(db)
    try:
        work(db)
        db.commit()
    except BaseException:
        db.rollback()
        raise
