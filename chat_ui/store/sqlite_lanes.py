"""The transactions of a SQLite file: one connection writes, several others read."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chat_ui.store.driver import WholeCalls, Work
from chat_ui.store.lanes import Lane, Lanes
from chat_ui.store.sqlite import READER_PRAGMAS, WRITER_PRAGMAS, explained

__all__ = ["lanes"]


def lanes(path: Path, *, busy_timeout: float, readers: int) -> Lanes:
    """How a file is written and read: by one connection, and by several others that can't write."""
    writing = _engine(path, 1, busy_timeout)
    reading = _engine(path, readers, busy_timeout)
    opened: set[WholeCalls] = set()
    _shape_connections(writing.sync_engine, writes=True)
    _shape_connections(reading.sync_engine, writes=False)
    _note_open_ones(writing.sync_engine, opened)

    lane = partial(Lane, name=str(path), explained=partial(explained, path))
    writer = lane(writing, connections=1, writes=True, before_close=_checkpoint)

    async def at_once(work: Work) -> None:
        async with writer.turn():
            if not opened:
                async with writing.connect():
                    pass
            [driver] = opened
            await driver.transact(partial(_begin_writing, driver, "NORMAL"), work)

    return Lanes(writer, lane(reading, connections=readers, writes=False), at_once)


def _engine(path: Path, connections: int, busy_timeout: float) -> AsyncEngine:
    return create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={
            "async_creator_fn": WholeCalls,
            "timeout": busy_timeout,
            "isolation_level": None,
        },
        pool_size=connections,
        max_overflow=0,
        # A lane ends every transaction itself.
        pool_reset_on_return=None,
        hide_parameters=True,
    )


async def _checkpoint(engine: AsyncEngine) -> None:
    """Take the log into the file; without room for that it stays beside it, and nothing is lost."""
    with suppress(DBAPIError, sqlite3.Error):
        async with engine.connect() as connection:
            # By the driver: SQLite doesn't checkpoint inside a transaction, and the engine would begin one.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")


def _shape_connections(engine: Engine, *, writes: bool) -> None:
    """Give an engine's connections their pragmas and their way to begin a transaction.

    A writing transaction takes the file's write lock with its first statement, even if that reads: one that
    asks for the lock later fails wherever somebody else wrote in between. Its execution option ``durable``
    says whether the commit waits for the disk.
    """
    pragmas = WRITER_PRAGMAS if writes else READER_PRAGMAS

    @event.listens_for(engine, "connect")
    def _(dbapi_connection: Any, record: Any) -> None:
        cursor = dbapi_connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        driver = _driver_of(connection.connection.dbapi_connection)
        begin = _begin_reading
        if writes:
            durable = connection.get_execution_options().get("durable", True)
            begin = partial(_begin_writing, driver, "FULL" if durable else "NORMAL")
        driver.begin(begin)


def _note_open_ones(engine: Engine, opened: set[WholeCalls]) -> None:
    """Know an engine's connections; it has a new one where one has failed."""

    @event.listens_for(engine, "connect")
    def _(dbapi_connection: Any, record: Any) -> None:
        opened.add(_driver_of(dbapi_connection))

    @event.listens_for(engine, "close")
    def _(dbapi_connection: Any, record: Any) -> None:
        opened.discard(_driver_of(dbapi_connection))


def _driver_of(dbapi_connection: Any) -> WholeCalls:
    return dbapi_connection.driver_connection


def _begin_reading(db: sqlite3.Connection) -> None:
    db.execute("BEGIN")


def _begin_writing(driver: WholeCalls, level: str, db: sqlite3.Connection) -> None:
    if driver.synchronous != level:
        db.execute(f"PRAGMA synchronous={level}")
        driver.synchronous = level
    db.execute("BEGIN IMMEDIATE")
