"""The database of the site: where every transaction begins, whichever database it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store import claim, migrate_postgres, postgres, sqlite, sqlite_lanes
from chat_ui.store.lanes import AtOnce, Lanes
from chat_ui.store.migrate import migrate, migrate_now

__all__ = ["Database"]

BACKUPS = "backups"


class Database:
    """The open database: where every transaction begins.

    Make one with ``Database.open``, and close it when the site stops.

    Args:
        lanes: its transactions.
        path: the file, where it is a SQLite one.
    """

    def __init__(self, lanes: Lanes, path: Path | None = None) -> None:
        self.path = path
        self._writer = lanes.writer
        self._readers = lanes.readers
        self._at_once = lanes.at_once

    @property
    def at_once(self) -> AtOnce | None:
        """Carries out a function of SQLite's own connection as a transaction, by one call of its thread.

        It doesn't wait for the disk, and is for what is written all the time: by ``write``, through
        SQLAlchemy, the same costs more than twice as much. None on PostgreSQL. It raises what ``write``
        raises, and what the function does, of which nothing is kept then.
        """
        return self._at_once

    @staticmethod
    def prepare(where: str | Path) -> None:
        """Make, check and update a database ahead of ``open``, before any event loop runs.

        Args:
            where: a path, or an SQLAlchemy URL of a SQLite file or of a PostgreSQL database.

        Raises:
            StoreError: the database can't be used; the text says why and what to do.
        """
        if (server := postgres.locate(where)) is not None:
            asyncio.run(migrate_postgres.migrate(server))
            return
        path = sqlite.locate(where)
        migrate_now(path, path.parent / BACKUPS)

    @classmethod
    async def open(
        cls,
        where: str | Path,
        *,
        backups: Path | None = None,
        busy_timeout: float = 5.0,
        readers: int = 4,
    ) -> Database:
        """Open a database, made where it is missing and brought up to date where it is older.

        Args:
            where: a path, or an SQLAlchemy URL of a SQLite file or of a PostgreSQL database.
            backups: folder for the copy of a SQLite file that is made before an update; ``backups`` beside
                the file otherwise.
            busy_timeout: how long to wait for another program's write to a SQLite file, in seconds.
            readers: how many transactions may read at once.

        Raises:
            StoreError: the database can't be used; the text says why and what to do.
        """
        if (server := postgres.locate(where)) is not None:
            await migrate_postgres.migrate(server)
            return cls(postgres.lanes(server, readers=readers))
        path = sqlite.locate(where)
        await migrate(path, backups=backups or path.parent / BACKUPS, busy_timeout=busy_timeout)
        return cls(sqlite_lanes.lanes(path, busy_timeout=busy_timeout, readers=readers), path)

    @classmethod
    async def attach(cls, where: str | Path) -> Database:
        """Open a database as it is: nothing is made, and nothing brought up to date.

        Args:
            where: a path, or an SQLAlchemy URL of a SQLite file or of a PostgreSQL database.

        Raises:
            StoreError: there is none; a server is only asked by the first transaction.
        """
        if (server := postgres.locate(where)) is not None:
            return cls(postgres.lanes(server, readers=1))
        path = sqlite.locate(where)
        sqlite.find(path)
        return cls(sqlite_lanes.lanes(path, busy_timeout=5.0, readers=1), path)

    @asynccontextmanager
    async def write(self, *, durable: bool = True) -> AsyncGenerator[AsyncConnection]:
        """Begin a transaction that may write; it is committed at the end of the block.

        On SQLite there is one at a time. On PostgreSQL there are several, of other processes too: what must
        not change between reading and writing is held with ``users.lock``. An exception or a cancellation
        inside the block takes everything back; a cancellation that comes during the commit is passed on
        after it. Await nothing but the database in the block, because everybody else's writes wait for it.

        Args:
            durable: whether the commit waits until the disk has it. Without, it survives the end of the
                process but perhaps not a power cut.

        Raises:
            ConflictError: a row contradicts those already stored.
            StoreError: the database can't be used, or was locked for too long.
        """
        async with self._writer.transaction(durable=durable) as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """Begin a transaction that sees one unchanging state of the database and can't write.

        Raises:
            StoreError: the database can't be used, or the block tried to write.
        """
        async with self._readers.transaction() as tx:
            yield tx

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[bool]:
        """Be a process that serves the site from this database, for as long as the context is open.

        A SQLite file is served by one. It is free the moment that one is gone, however it went.

        Yields:
            Whether no other process can serve it meanwhile.

        Raises:
            StoreError: another process serves the site from this file.
        """
        if self.path is None:
            yield False
            return
        async with claim.claimed(self.path):
            yield True

    async def close(self) -> None:
        """Wait for the transactions under way, and close every connection."""
        await self._readers.close()
        await self._writer.close()
