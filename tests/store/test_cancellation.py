"""A task may be cancelled at any moment; what it wrote is then there as a whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from chat_ui.store import Database, conversations, messages, runs, users
from chat_ui.store.messages import Message
from chat_ui.store.runs import JournalEntry


@pytest.fixture
def kind() -> str:
    return "sqlite"


Rows = Callable[[str], list[Any]]
NAMES = 'SELECT name FROM "user" ORDER BY name'


async def write_two(db: Database) -> None:
    async with db.write() as tx:
        await users.create(tx, name="first")
        await users.create(tx, name="second")


async def write_two_after_nothing(db: Database) -> None:
    # What a connection is told once is told by now.
    async with db.write():
        pass
    await write_two(db)


async def still_usable(db: Database, rows: Rows) -> None:
    before = rows(NAMES)
    async with db.write() as tx:
        await users.create(tx, name="third")
    assert rows(NAMES) == [*before, ("third",)]
    async with db.read() as tx:
        assert len((await tx.execute(text(NAMES))).all()) == len(before) + 1


async def cancelled_at(db: Database, work: Coroutine[Any, Any, None], moment: str, times: int = 1) -> int:
    """Cancel a write at the moment when the engine reports a statement that begins so.

    Returns:
        How many connections that cost.
    """
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    reports = iter(range(1_000))
    lost: list[object] = []

    def seen(statement: str) -> None:
        if statement.startswith(moment.rstrip("2")) and next(reports) == moment.endswith("2"):
            task.cancel()
            for _ in range(times - 1):
                loop.call_soon(task.cancel)

    listeners: dict[str, Callable[..., None]] = {
        # Just before it begins: the engine isn't asked to say so.
        "set_connection_execution_options": lambda connection, options: seen("BEGIN"),
        "before_cursor_execute": lambda connection, cursor, statement, *rest: seen(statement),
        "commit": lambda connection: seen("COMMIT"),
        "rollback": lambda connection: seen("ROLLBACK"),
        "invalidate": lambda *details: lost.append(details),
    }
    engine = db._writer._engine.sync_engine
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert next(reports) > 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    for name, listener in listeners.items():
        event.remove(engine, name, listener)
    return len(lost)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize(
    ("moment", "kept", "lost"),
    [
        ("BEGIN", [], 0),
        ("BEGIN2", [], 0),
        ("INSERT", [], 1),
        ("INSERT2", [], 1),
        ("COMMIT", [("first",), ("second",)], 0),
    ],
)
async def test_a_write_is_whole_or_not_there(
    db: Database, rows: Rows, moment: str, kept: list[Any], lost: int, times: int
) -> None:
    work = write_two_after_nothing if moment == "BEGIN2" else write_two
    assert await cancelled_at(db, work(db), moment, times) == lost
    assert rows(NAMES) == kept
    await still_usable(db, rows)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_cancelled_while_it_takes_back(db: Database, rows: Rows, times: int) -> None:
    async def fail() -> None:
        async with db.write() as tx:
            await users.create(tx, name="first")
            raise ZeroDivisionError

    assert await cancelled_at(db, fail(), "ROLLBACK", times) == 0
    assert rows(NAMES) == []
    await still_usable(db, rows)


@pytest.mark.parametrize("steps", range(40))
async def test_a_write_is_whole_wherever_it_is_cut(db: Database, rows: Rows, steps: int) -> None:
    task = asyncio.create_task(write_two(db))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert rows(NAMES) in ([], [("first",), ("second",)])
    await still_usable(db, rows)


async def test_cancelled_while_it_waits_for_its_turn(db: Database, rows: Rows) -> None:
    async with db.write() as tx:
        waiting = asyncio.create_task(write_two(db))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await users.create(tx, name="holder")
    assert rows(NAMES) == [("holder",)]
    await still_usable(db, rows)


async def test_cancelled_while_another_program_has_the_lock(path: Path, rows: Rows) -> None:
    db = await Database.open(path, busy_timeout=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await cancelled_at(db, write_two(db), "BEGIN")
        other.execute("ROLLBACK")
    await still_usable(db, rows)
    await db.close()


async def test_cancelled_between_two_statements(db: Database, rows: Rows) -> None:
    between = asyncio.Event()

    async def write() -> None:
        async with db.write() as tx:
            await users.create(tx, name="first")
            between.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await between.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert rows(NAMES) == []
    await still_usable(db, rows)


@pytest.mark.parametrize("way", ["read", "write"])
async def test_cancelled_in_a_long_statement(db: Database, rows: Rows, way: str) -> None:
    count = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
        "SELECT max(i) FROM n"
    )
    begun = asyncio.Event()

    async def ask() -> None:
        async with getattr(db, way)() as tx:
            begun.set()
            await tx.execute(count)

    tasks = [asyncio.create_task(ask()) for _ in range(6)]
    await begun.wait()
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    await still_usable(db, rows)


async def test_a_cancelled_journal_lets_go_of_the_lock(path: Path) -> None:
    """Wherever it is cancelled: SQLite may be in the middle of a statement then."""
    db = await Database.open(path, busy_timeout=0.5)
    async with db.write() as tx:
        owner = (await users.local_user(tx)).id
        made = await conversations.create(tx, owner, title="Here", gateway="demo", model=None)
        answer = Message(conversation_id=made.id, role="assistant", status="streaming")
        await messages.add(tx, owner, answer)
        run = await runs.start(tx, owner, conversation_id=made.id, message_id=answer.id, worker_id="one")

    async def journal(seq: int) -> None:
        async with db.write(durable=False) as tx:
            entries = [JournalEntry(seq + part, "text", "x") for part in range(2)]
            await runs.append(tx, owner, run.id, entries)

    for steps in range(150):
        task = asyncio.create_task(journal(1 + steps * 1000))
        for _ in range(steps * 37 % 3000):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        async with db.write() as tx:
            await conversations.touch(tx, owner, made.id)
    await db.close()
