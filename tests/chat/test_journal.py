"""What many answers say goes to disk together."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from chat_ui.chat.journal import Journal, until_tick
from chat_ui.store import Database, NotFoundError, StoreError, users
from chat_ui.store.runs import JournalBatch, JournalEntry
from tests.store.conftest import begin_turn

ANSWERS = 20


class Counted:
    """A database that counts the transactions that write."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.writes = 0
        self.is_away = False

    async def at_once(self, work: Any) -> None:
        self.writes += 1
        if self.is_away:
            raise StoreError("The database is away.", "away")
        assert self._db.at_once is not None
        await self._db.at_once(work)


@pytest.fixture
async def batches(tmp_path: Path) -> Any:
    """One database, and a batch of each of several people's running answers."""
    db = await Database.open(tmp_path / "chat.db")
    said = [JournalEntry(1, "text", "Said.")]
    waiting: list[JournalBatch] = []
    for number in range(ANSWERS):
        async with db.write() as tx:
            owner = (await users.create(tx, name=f"person {number}")).id
        waiting.append(JournalBatch(owner, (await begin_turn(db, owner)).run.id, said))
    yield Counted(db), waiting
    await db.close()


def journaled(path: Path) -> set[str]:
    with closing(sqlite3.connect(path / "chat.db")) as connection:
        return {run for (run,) in connection.execute("SELECT run_id FROM run_journal")}


async def test_what_waits_at_the_same_time_is_one_transaction(batches: Any, tmp_path: Path) -> None:
    db, waiting = batches
    journal = Journal(cast("Database", db))
    await asyncio.gather(*map(journal.write, waiting))
    assert db.writes == 1
    assert journaled(tmp_path) == {batch.run_id for batch in waiting}


async def test_one_that_can_not_be_written_keeps_no_other_from_the_disk(batches: Any, tmp_path: Path) -> None:
    db, waiting = batches
    journal = Journal(cast("Database", db))
    nobodys = JournalBatch(waiting[0].owner, "no such run", waiting[0].entries)
    *written, refused = await asyncio.gather(*map(journal.write, [*waiting, nobodys]), return_exceptions=True)
    assert written == [None] * ANSWERS
    assert isinstance(refused, NotFoundError)
    assert journaled(tmp_path) == {batch.run_id for batch in waiting}


async def test_where_the_database_takes_nothing_it_is_asked_once_for_all(
    batches: Any, tmp_path: Path
) -> None:
    db, waiting = batches
    journal = Journal(cast("Database", db))
    db.is_away = True
    refused = await asyncio.gather(*map(journal.write, waiting), return_exceptions=True)
    assert {type(failure) for failure in refused} == {StoreError}
    assert db.writes == 1
    assert journaled(tmp_path) == set()


async def test_who_leaves_keeps_no_other_from_the_disk(batches: Any, tmp_path: Path) -> None:
    db, waiting = batches
    journal = Journal(cast("Database", db))
    tasks = [asyncio.create_task(journal.write(batch)) for batch in waiting]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.wait(tasks)
    assert journaled(tmp_path) >= {batch.run_id for batch in waiting[1:]}


async def test_everybody_waits_for_the_same_moment() -> None:
    loop = asyncio.get_running_loop()
    moment = loop.time() + until_tick(1000.0)
    assert (loop.time() + until_tick(1000.0)) == pytest.approx(moment, abs=0.01)
    assert moment == pytest.approx(round(moment / 1000) * 1000, abs=0.01)
    assert until_tick(0) == 0
