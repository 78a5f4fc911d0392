from __future__ import annotations

import asyncio
import resource
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, text

from chat_ui.store import ConflictError, Database, StoreError, conversations, users
from chat_ui.store.users import User


class UndoneError(Exception):
    """Ends a transaction that is to leave nothing."""


@pytest.fixture
def kind() -> str:
    return "sqlite"


async def test_a_new_file_is_for_its_owner_only(path: Path) -> None:
    db = await Database.open(path)
    async with db.write() as tx:
        await users.create(tx, name="alice")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["chat.db", "chat.db-shm", "chat.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    await db.close()


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}", "sqlite+aiosqlite:///{}"])
async def test_a_file_is_named_by_path_or_url(path: Path, form: str) -> None:
    db = await Database.open(form.format(path))
    await db.close()
    assert db.path == path


async def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "100% o'clock?mode=ro#1" / "ch at.db")
    async with db.write() as tx:
        await users.local_user(tx)
    await db.close()
    assert db.path.stat().st_size > 0


@pytest.mark.parametrize(
    "where",
    [
        "oracle://u:secret@h/db",
        "mysql://h/db",
        "sqlite://",
        "sqlite:///:memory:",
        ":memory:",
        "a://b:c:d",
    ],
)
async def test_another_database_is_refused_in_words(where: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:////path/to/file.db") as caught:
        await Database.open(where)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("way", "pragmas"),
    [
        ("write", {"query_only": 0, "journal_size_limit": 67108864, "synchronous": 2}),
        ("read", {"query_only": 1}),
    ],
)
async def test_connections_have_their_pragmas(db: Database, way: str, pragmas: dict[str, int]) -> None:
    wanted = {
        "journal_mode": "wal",
        "busy_timeout": 5000,
        "foreign_keys": 1,
        "temp_store": 2,
        "trusted_schema": 0,
        **pragmas,
    }
    async with getattr(db, way)() as tx:
        found = {name: (await tx.execute(text(f"PRAGMA {name}"))).scalar() for name in wanted}
        assert found == wanted
        assert (await tx.execute(text("PRAGMA mmap_size"))).scalar() in (None, 0)


async def test_only_a_durable_commit_waits_for_the_disk(db: Database) -> None:
    async def level(durable: bool) -> int:
        async with db.write(durable=durable) as tx:
            return (await tx.execute(text("PRAGMA synchronous"))).scalar_one()

    assert [await level(durable) for durable in (True, False, False, True)] == [2, 1, 1, 2]


async def test_a_write_holds_the_lock_from_its_first_statement(path: Path, db: Database) -> None:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        async with db.write() as tx:
            await tx.execute(text("SELECT 1"))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


async def test_a_statement_is_one_call_of_the_drivers_thread(db: Database) -> None:
    async with db.write() as tx:
        driver: Any = (await tx.get_raw_connection()).driver_connection
    calls: list[object] = []
    thread, driver._tx = (
        driver._tx,
        SimpleNamespace(put_nowait=lambda call: (calls.append(call), thread.put_nowait(call))),
    )
    async with db.write() as tx:
        await tx.execute(text("SELECT 1"))
        assert (await tx.execute(text("SELECT 2"))).scalar() == 2
    async with db.write():
        pass
    driver._tx = thread
    # Two statements, of which the first begins the transaction, and the commit.
    assert len(calls) == 3


async def test_what_is_written_at_once_is_one_call_of_the_drivers_thread_and_waits_for_no_disk(
    db: Database,
) -> None:
    async with db.write() as tx:
        driver: Any = (await tx.get_raw_connection()).driver_connection
    calls: list[object] = []
    levels: list[int] = []
    thread, driver._tx = (
        driver._tx,
        SimpleNamespace(put_nowait=lambda call: (calls.append(call), thread.put_nowait(call))),
    )

    def look(file: sqlite3.Connection) -> None:
        assert file.in_transaction
        levels.extend(file.execute("PRAGMA synchronous").fetchone())

    assert db.at_once is not None
    await db.at_once(look)
    driver._tx = thread
    assert (len(calls), levels) == (1, [1])
    async with db.write() as tx:
        assert (await tx.execute(text("PRAGMA synchronous"))).scalar_one() == 2


async def test_of_what_fails_when_it_is_written_at_once_nothing_is_kept(db: Database) -> None:
    make = 'INSERT INTO "user" (id, name, role, created_at) VALUES (?, ?, ?, ?)'

    def add(file: sqlite3.Connection, name: str) -> None:
        file.execute(make, (name, name, "user", "2026-01-01 00:00:00"))

    def add_and_fail(file: sqlite3.Connection) -> None:
        add(file, "alice")
        raise UndoneError

    def add_twice(file: sqlite3.Connection) -> None:
        add(file, "alice")
        add(file, "alice")

    assert db.at_once is not None
    with pytest.raises(UndoneError):
        await db.at_once(add_and_fail)
    with pytest.raises(ConflictError):
        await db.at_once(add_twice)
    await db.at_once(lambda file: add(file, "bob"))
    async with db.read() as tx:
        assert (await tx.execute(text('SELECT name FROM "user"'))).scalars().all() == ["bob"]


async def test_what_is_written_at_once_needs_no_connection_from_before(db: Database) -> None:
    assert db.at_once is not None
    await db.at_once(lambda file: None)
    # As where a commit has failed.
    await db._writer._engine.dispose()
    written: list[bool] = []
    await db.at_once(lambda file: written.append(file.in_transaction))
    assert written == [True]


async def test_a_read_can_not_write_and_holds_nobody_up(db: Database, alice: User) -> None:
    with pytest.raises(StoreError, match="read-only"):
        async with db.read() as tx:
            await users.create(tx, name="carol")
    async with db.read() as tx, db.write() as other:
        await users.create(other, name="carol")
        assert len((await tx.execute(text('SELECT * FROM "user"'))).all()) == 1


async def test_a_read_sees_one_state(db: Database) -> None:
    count = text('SELECT count(*) FROM "user"')
    async with db.read() as tx:
        before = (await tx.execute(count)).scalar()
        async with db.write() as other:
            await users.create(other, name="carol")
        assert (await tx.execute(count)).scalar() == before == 0


async def test_an_exception_takes_everything_back(db: Database, rows: Callable[[str], list[Any]]) -> None:
    async def write() -> None:
        async with db.write() as tx:
            await users.create(tx, name="carol")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()
    assert rows('SELECT * FROM "user"') == []


async def test_what_the_commit_refuses_is_taken_back_and_in_nobodys_way(
    db: Database, rows: Callable[[str], list[Any]]
) -> None:
    async def write() -> None:
        async with db.write() as tx:
            await users.create(tx, name="carol")
            await tx.execute(text("CREATE TABLE one (id INTEGER PRIMARY KEY)"))
            later = "REFERENCES one(id) DEFERRABLE INITIALLY DEFERRED"
            await tx.execute(text(f"CREATE TABLE other (one_id INTEGER {later})"))
            await tx.execute(text("INSERT INTO other VALUES (1)"))

    with pytest.raises(ConflictError):
        await write()
    async with db.write() as tx:
        await users.create(tx, name="dora")
    assert rows('SELECT name FROM "user"') == [("dora",)]


async def test_a_refused_row_is_a_conflict(db: Database, rows: Callable[[str], list[Any]]) -> None:
    async def write() -> None:
        async with db.write() as tx:
            await users.create(tx, name="carol")
            await users.create(tx, name="carol")

    with pytest.raises(ConflictError, match=r"user\.name"):
        await write()
    assert rows('SELECT * FROM "user"') == []


async def test_many_writers_that_read_first_all_succeed(path: Path) -> None:
    # Without patience, two that wrote at once would fail; they take turns before they reach the file.
    db = await Database.open(path, busy_timeout=0)
    async with db.write() as tx:
        owner = (await users.local_user(tx)).id
        made = await conversations.create(tx, owner, title="0", gateway="demo", model=None)

    async def add_one() -> int:
        async with db.write() as tx:
            seen = await conversations.get(tx, owner, made.id)
            assert seen is not None
            changed = await conversations.rename(tx, owner, made.id, str(int(seen.title) + 1))
            assert changed is not None
            return changed.revision

    revisions = await asyncio.gather(*(add_one() for _ in range(20)))
    assert sorted(revisions) == list(range(2, 22))
    async with db.read() as tx:
        last = await conversations.get(tx, owner, made.id)
    await db.close()
    assert last is not None
    assert last.title == "20"


async def test_writers_of_two_programs_take_turns(path: Path, db: Database, alice: User) -> None:
    async with db.write() as tx:
        made = await conversations.create(tx, alice.id, title="0", gateway="demo", model=None)
    program = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)\n"
        "for _ in range(200):\n"
        "    db.execute('BEGIN IMMEDIATE')\n"
        "    (title,) = db.execute('SELECT title FROM conversation').fetchone()\n"
        "    db.execute('UPDATE conversation SET title = ?', (str(int(title) + 1),))\n"
        "    db.execute('COMMIT')\n"
        "db.close()\n"
    )
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(path))
    for _ in range(200):
        async with db.write(durable=False) as tx:
            seen = await conversations.get(tx, alice.id, made.id)
            assert seen is not None
            await conversations.rename(tx, alice.id, made.id, str(int(seen.title) + 1))
    assert await other.wait() == 0
    async with db.read() as tx:
        last = await conversations.get(tx, alice.id, made.id)
    assert last is not None
    assert last.title == "400"


async def test_a_write_waits_for_another_program(path: Path, db: Database) -> None:
    loop = asyncio.get_running_loop()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def about_to_begin(connection: object, options: object) -> None:
            loop.call_later(0.05, other.execute, "COMMIT")

        event.listen(db._writer._engine.sync_engine, "set_connection_execution_options", about_to_begin)
        async with db.write() as tx:
            await users.create(tx, name="carol")
        assert not other.in_transaction


async def test_a_lock_that_stays_is_an_error_in_words(path: Path) -> None:
    db = await Database.open(path, busy_timeout=0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program") as caught:
            async with db.write() as tx:
                await tx.execute(text("SELECT 1"))
        assert str(path) in str(caught.value)
        async with db.read() as tx:
            await tx.execute(text('SELECT * FROM "user"'))
        other.execute("ROLLBACK")
    async with db.write() as tx:
        await users.create(tx, name="carol")
    await db.close()


async def test_more_readers_than_connections_wait_their_turn(path: Path) -> None:
    db = await Database.open(path, readers=2)

    async def count() -> int:
        async with db.read() as tx:
            return (await tx.execute(text('SELECT count(*) FROM "user"'))).scalar_one()

    assert await asyncio.gather(*(count() for _ in range(30))) == [0] * 30
    await db.close()


async def test_closing_folds_the_log_and_refuses_what_comes_later(path: Path, db: Database) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with db.write() as tx:
            entered.set()
            await leave.wait()
            await users.create(tx, name="carol")

    writing = asyncio.create_task(write())
    await entered.wait()
    closing_down = asyncio.create_task(db.close())
    late = asyncio.create_task(db.write().__aenter__())
    leave.set()
    await writing
    await closing_down
    with pytest.raises(StoreError, match="closed"):
        await late
    assert [file.name for file in path.parent.iterdir()] == ["chat.db"]
    await db.close()


async def test_closing_folds_the_log_though_another_program_has_the_file_open(path: Path) -> None:
    db = await Database.open(path)
    async with db.write() as tx:
        await users.create(tx, name="carol")
    with closing(sqlite3.connect(path)) as other:
        other.execute('SELECT count(*) FROM "user"').fetchall()
        await db.close()
        assert path.with_name("chat.db-wal").stat().st_size == 0


async def test_what_has_no_room_when_the_site_closes_stays_in_the_log(path: Path) -> None:
    db = await Database.open(path)
    async with db.write() as tx:
        for number in range(20):
            await users.create(tx, name=f"{number} {'x' * 20_000}")
    room = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, room[1]))
    try:
        await db.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, room)
    db = await Database.open(path)
    async with db.read() as tx:
        assert len(await users.everybody(tx)) == 20
    await db.close()
