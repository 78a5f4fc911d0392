"""The database of the site: one writer, several readers, and transactions that end cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from chat_ui.store import dropping, sqlite
from chat_ui.store.errors import StoreError
from chat_ui.store.migrate import migrate, migrate_now

__all__ = ["Database"]

BACKUPS = "backups"

_Result = TypeVar("_Result")


async def _to_the_end(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Await work that must not be cut in two; a cancellation is passed on once it is done."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                continue
        if not task.cancelled():
            task.exception()
        raise


class _Lane:
    """Connections of one kind, and the queue of those who want to use one."""

    def __init__(self, path: Path, *, writes: bool, connections: int, busy_timeout: float) -> None:
        self._path = path
        self._writes = writes
        self._connections = connections
        self._free = asyncio.Semaphore(connections)
        self._closed = False
        self._engine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=str(path)),
            connect_args={
                "async_creator_fn": dropping.connect,
                "timeout": busy_timeout,
                "isolation_level": None,
            },
            pool_size=connections,
            max_overflow=0,
            hide_parameters=True,
        )
        sqlite.shape_connections(self._engine.sync_engine, writes=writes)

    @asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncGenerator[AsyncSession]:
        async with self._free:
            if self._closed:
                raise StoreError(f"The database {self._path} is closed: the site is shutting down.")
            session = AsyncSession(self._engine)
            with sqlite.explained(self._path):
                try:
                    await _to_the_end(session.connection(execution_options=options))
                    yield session
                    if self._writes:
                        await _to_the_end(session.commit())
                finally:
                    await _to_the_end(session.close())

    async def close(self) -> None:
        """Wait for the transactions under way, then close the connections; later ones are refused."""
        for _ in range(self._connections):
            await self._free.acquire()
        try:
            if self._writes and not self._closed:
                await self._checkpoint()
            self._closed = True
            await self._engine.dispose()
        finally:
            for _ in range(self._connections):
                self._free.release()

    async def _checkpoint(self) -> None:
        async with self._engine.connect() as connection:
            # By the driver: SQLite doesn't checkpoint inside a transaction, and the engine would begin one.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")


class Database:
    """The open database: where every transaction begins.

    Make one with ``Database.open``, and close it when the site stops.
    """

    def __init__(self, path: Path, *, busy_timeout: float, readers: int) -> None:
        self.path = path
        self._writer = _Lane(path, writes=True, connections=1, busy_timeout=busy_timeout)
        self._readers = _Lane(path, writes=False, connections=readers, busy_timeout=busy_timeout)

    @staticmethod
    def prepare(where: str | Path) -> None:
        """Make, check and update a database ahead of ``open``, before any event loop runs.

        Args:
            where: a path, or an SQLAlchemy URL of a SQLite file.

        Raises:
            StoreError: the database can't be used; the text says why and what to do.
        """
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
            where: a path, or an SQLAlchemy URL of a SQLite file.
            backups: folder for the copy made before an update; ``backups`` beside the file otherwise.
            busy_timeout: how long to wait for another program's write, in seconds.
            readers: how many transactions may read at once.

        Raises:
            StoreError: the database can't be used; the text says why and what to do.
        """
        path = sqlite.locate(where)
        await migrate(path, backups=backups or path.parent / BACKUPS, busy_timeout=busy_timeout)
        return cls(path, busy_timeout=busy_timeout, readers=readers)

    @asynccontextmanager
    async def write(self, *, durable: bool = True) -> AsyncGenerator[AsyncSession]:
        """Begin a transaction that may write; it is committed at the end of the block.

        There is one at a time. An exception or a cancellation inside the block takes everything back; a
        cancellation that comes during the commit is passed on after it. Await nothing but the database
        in the block, because everybody else's writes wait for it.

        Args:
            durable: whether the commit waits until the disk has it. Without, it survives the end of the
                process but perhaps not a power cut.

        Raises:
            ConflictError: a row contradicts those already stored.
            StoreError: the file can't be used, or is locked for longer than the busy timeout.
        """
        async with self._writer.transaction(durable=durable) as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """Begin a transaction that sees one unchanging state of the database and can't write.

        Raises:
            StoreError: the file can't be used, or the block tried to write.
        """
        async with self._readers.transaction() as tx:
            yield tx

    async def close(self) -> None:
        """Wait for the transactions under way, fold the log into the file, and close every connection."""
        await self._readers.close()
        await self._writer.close()
