"""The journal on disk, written for all running answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from chat_ui.store import runs
from chat_ui.store.engine import Database
from chat_ui.store.errors import ConflictError, NotFoundError, StoreError
from chat_ui.store.runs import JournalBatch

__all__ = ["Journal", "until_tick"]


class Journal:
    """Writes what running answers have said: what waits at the same time goes in one transaction.

    Answers end their batches in the same moments (see ``until_tick``); a transaction for each would be a good
    part of what an answer costs on a busy site.

    Args:
        db: where it is kept.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: dict[asyncio.Future[None], JournalBatch] = {}
        self._writing: asyncio.Task[None] | None = None

    async def write(self, batch: JournalBatch) -> None:
        """Write a batch; it is on disk, or at least with the system, when this returns.

        Raises:
            StoreError: it could not be written.
        """
        written = asyncio.get_running_loop().create_future()
        self._waiting[written] = batch
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_waiting(), name="journal")
        try:
            await written
        finally:
            self._waiting.pop(written, None)

    async def _write_waiting(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, {}
            failure = await self._failure(list(together.values()))
            if failure is None or len(together) == 1 or not _is_about_a_row(failure):
                _answer(together, failure)
                continue
            # One that can't be written must not keep the others from the disk.
            for written, batch in together.items():
                _answer([written], await self._failure([batch]))

    async def _failure(self, batches: Sequence[JournalBatch]) -> Exception | None:
        try:
            await runs.append_now(self._db, batches)
        except Exception as error:
            return error
        return None


def _answer(waiting: Iterable[asyncio.Future[None]], failure: Exception | None) -> None:
    for written in waiting:
        if not written.done():
            if failure is None:
                written.set_result(None)
            else:
                written.set_exception(failure)


def _is_about_a_row(failure: Exception) -> bool:
    """Whether the database took the others; where it takes nothing at all, each try may last seconds."""
    return isinstance(failure, NotFoundError | ConflictError) or not isinstance(failure, StoreError)


def until_tick(seconds: float) -> float:
    """How long it is to the next multiple of so many seconds, which is the same moment for all who wait."""
    return seconds - asyncio.get_running_loop().time() % seconds if seconds > 0 else 0.0
