"""Transactions that end cleanly, whatever happens to who began them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_ui.monitoring.metrics import DATABASE
from chat_ui.store.driver import Work
from chat_ui.store.errors import StoreError

__all__ = ["AtOnce", "Lane", "Lanes", "to_the_end"]

_Result = TypeVar("_Result")


class Lane:
    """Connections of one kind, and the queue of those who want to use one.

    Args:
        engine: makes the connections.
        name: what errors call the database.
        connections: how many transactions there may be at once.
        writes: whether they are committed.
        explained: turns the driver's errors into words.
        before_close: what is left to do once no transaction is under way.
    """

    def __init__(  # noqa: PLR0913
        self,
        engine: AsyncEngine,
        *,
        name: str,
        connections: int,
        writes: bool,
        explained: Callable[[], AbstractContextManager[None]],
        before_close: Callable[[AsyncEngine], Awaitable[None]] | None = None,
    ) -> None:
        self._engine = engine
        self._name = name
        self._connections = connections
        self._writes = writes
        self._explained = explained
        self._before_close = before_close
        self._free = asyncio.Semaphore(connections)
        self._closed = False
        self._seconds = DATABASE.labels("write" if writes else "read")

    @asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncGenerator[AsyncConnection]:
        """Begin a transaction with these execution options; it ends with the block."""
        async with self.turn():
            connection = self._engine.connect()
            try:
                await to_the_end(_begin(connection, options))
                yield connection
            except BaseException:
                if connection.sync_connection is not None:
                    await to_the_end(connection.close())
                raise
            await to_the_end(_end(connection, commit=self._writes))

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait until there may be one more transaction, which whoever waited carries out in the block."""
        with self._seconds.time():
            async with self._free:
                if self._closed:
                    words = f"The database {self._name} is closed: the site is shutting down."
                    raise StoreError(words, "closing")
                with self._explained():
                    yield

    async def close(self) -> None:
        """Wait for the transactions under way, then close the connections; later ones are refused."""
        async with AsyncExitStack() as stack:
            for _ in range(self._connections):
                await self._free.acquire()
                stack.callback(self._free.release)
            stack.push_async_callback(self._engine.dispose)
            was_closed, self._closed = self._closed, True
            if self._before_close is not None and not was_closed:
                await self._before_close(self._engine)


AtOnce = Callable[[Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Lanes:
    """The kinds of transactions that a database has.

    Args:
        writer: those that may write.
        readers: those that can't.
        at_once: what carries out a small one that writes in a single call, where there is such a thing.
    """

    writer: Lane
    readers: Lane
    at_once: AtOnce | None = None


async def _begin(connection: AsyncConnection, options: dict[str, Any]) -> None:
    def begin(connection: Connection) -> None:
        connection.execution_options(**options).begin()

    await connection.start()
    await connection.run_sync(begin)


async def _end(connection: AsyncConnection, *, commit: bool) -> None:
    try:
        if commit:
            await connection.commit()
    except Exception:
        # The engine takes the transaction for ended, which may be open still: the next must not come upon it.
        await connection.invalidate()
        raise
    finally:
        await connection.close()


async def to_the_end(work: Coroutine[Any, Any, _Result]) -> _Result:
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
