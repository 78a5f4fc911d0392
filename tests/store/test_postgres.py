"""What is PostgreSQL's own: how it is named, updated, cut off and found again, and its errors in words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from chat_ui.store import ConflictError, Database, StoreError, users
from chat_ui.store.migrate import SHIPPED
from chat_ui.store.postgres import locate
from chat_ui.store.tables import metadata
from chat_ui.store.users import User
from tests.postgres import PostgresServer

Rows = Callable[[str], list[Any]]


@pytest.fixture
def kind() -> str:
    return "postgres"


@pytest.fixture
def bare(postgres: PostgresServer) -> str:
    """The URL of a database without any table."""
    return postgres.url(postgres.make_database())


async def test_those_who_start_together_update_once(bare: str) -> None:
    opened = await asyncio.gather(*(Database.open(bare) for _ in range(4)))
    async with opened[0].read() as tx:
        assert (await tx.execute(text("SELECT version_num FROM alembic_version"))).all() == [(SHIPPED.head,)]
    for db in opened:
        await db.close()


async def test_the_migrations_make_the_tables_that_are_declared(bare: str) -> None:
    await asyncio.to_thread(Database.prepare, bare)
    engine = create_async_engine(str(locate(bare)))
    async with engine.connect() as connection:
        found = await connection.run_sync(
            lambda plain: compare_metadata(
                MigrationContext.configure(plain, opts={"compare_type": True}), metadata
            )
        )
    await engine.dispose()
    assert found == []


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("CREATE TABLE other (id int)", "holds another program's tables"),
        (
            "CREATE TABLE alembic_version AS SELECT 'next' AS version_num",
            r"newer version of the site .*'next'",
        ),
    ],
)
async def test_tables_of_others_are_left_alone(postgres: PostgresServer, before: str, words: str) -> None:
    name = postgres.make_database()
    postgres.ask(before, name)
    with pytest.raises(StoreError, match=words):
        await Database.open(postgres.url(name))
    assert postgres.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name) == "1\n"


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("postgresql://u:secret@127.0.0.1:9/chat", r"chat on 127\.0\.0\.1 can't be reached"),
        ("postgresql:///chat?host=/nowhere", r"chat on /nowhere can't be reached"),
        ("postgresql://?host=/nowhere", r"database of this user on /nowhere can't be reached"),
        ("postgresql://h/chat?schema=a&connect_timeout=5", r"says connect_timeout, schema, which .* Take"),
        (
            "postgresql://h/chat?sslmode=please",
            r"CHAT_UI_DATABASE_URL can't be used as it is.*must be one of",
        ),
        ("postgresql://h/chat?sslmode=verify-full", r"can't be used as it is.*does not exist"),
        ("postgres://u:secret@[::1", r"postgresql://user:password@host/database"),
        ("{here}?host={folder}&user=nobody-there", "doesn't let the site in"),
        ("postgresql:///missing?host={folder}&user=postgres", r"missing on .* doesn't exist\. Make it"),
    ],
)
async def test_what_can_not_be_opened_is_said_in_words(
    postgres: PostgresServer, bare: str, where: str, words: str
) -> None:
    here, _, rest = bare.partition("?")
    folder = rest.partition("host=")[2].partition("&")[0]
    with pytest.raises(StoreError, match=words) as caught:
        await Database.open(where.format(here=here, folder=folder))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_a_url_means_what_other_programs_take_it_for(scheme: str) -> None:
    url = locate(f"{scheme}://u:p@h:5433/chat?sslmode=require")
    assert url is not None
    assert url.render_as_string(hide_password=False) == "postgresql+asyncpg://u:p@h:5433/chat?ssl=require"
    assert locate("sqlite:///postgresql://") is None


async def test_nothing_waits_for_ever(db: Database) -> None:
    async with db.write() as tx:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        found = [(await tx.execute(text(f"SHOW {name}"))).scalar_one() for name in names]
    assert found == ["30s", "10s", "1min"]

    async def wait_for_ever() -> None:
        async with db.write() as tx:
            await tx.execute(text("SET LOCAL statement_timeout TO '20ms'"))
            await tx.execute(text("SELECT pg_sleep(30)"))

    with pytest.raises(StoreError, match="took too long over a query"):
        await wait_for_ever()


async def test_only_a_durable_commit_waits_for_the_disk(db: Database) -> None:
    async def level(durable: bool) -> str:
        async with db.write(durable=durable) as tx:
            return (await tx.execute(text("SHOW synchronous_commit"))).scalar_one()

    first, *others = [await level(durable) for durable in (True, False, True)]
    assert others == ["off", first]


async def test_a_read_sees_one_state_and_can_not_write(db: Database, alice: User) -> None:
    count = text('SELECT count(*) FROM "user"')
    async with db.read() as tx:
        before = (await tx.execute(count)).scalar()
        async with db.write() as other:
            await users.create(other, name="carol")
        assert (await tx.execute(count)).scalar() == before == 1
    with pytest.raises(StoreError, match="read-only"):
        async with db.read() as tx:
            await users.create(tx, name="dora")


async def test_who_is_locked_is_written_for_by_one_at_a_time(db: Database, alice: User) -> None:
    async def add_one() -> None:
        async with db.write() as tx:
            await users.lock(tx, alice.id)
            seen = (await tx.execute(text('SELECT name FROM "user"'))).scalar_one()
            await asyncio.sleep(0)
            await tx.execute(text('UPDATE "user" SET name = :name'), {"name": f"{seen}+"})

    await asyncio.gather(*(add_one() for _ in range(12)))
    async with db.read() as tx:
        assert (await tx.execute(text('SELECT name FROM "user"'))).scalar_one() == "alice" + "+" * 12


async def test_a_server_that_was_restarted_is_found_again(postgres: PostgresServer, db: Database) -> None:
    async with db.write() as tx:
        await users.create(tx, name="before")

    async def write_meanwhile() -> None:
        async with db.write() as tx:
            await users.create(tx, name="meanwhile")
            await asyncio.to_thread(postgres.stop, "fast")

    with pytest.raises(StoreError, match=r"being shut down|has dropped the connection"):
        await write_meanwhile()
    with pytest.raises(StoreError, match="can't be reached"):
        async with db.read():
            pytest.fail("nobody is there")
    await asyncio.to_thread(postgres.start)
    async with db.write() as tx:
        await users.create(tx, name="after")
    async with db.read() as tx:
        names = (await tx.execute(text('SELECT name FROM "user" ORDER BY name'))).scalars().all()
    assert names == ["after", "before"]


@pytest.mark.parametrize("steps", range(0, 60, 3))
async def test_a_write_is_whole_wherever_it_is_cut(db: Database, rows: Rows, steps: int) -> None:
    async def write_two() -> None:
        async with db.write() as tx:
            await users.create(tx, name="first")
            await users.create(tx, name="second")

    task = asyncio.create_task(write_two())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert rows('SELECT name FROM "user" ORDER BY name') in ([], [("first",), ("second",)])
    async with db.write() as tx:
        await users.create(tx, name="third")


async def test_cancelled_in_a_long_statement_it_lets_go_at_once(db: Database, rows: Rows) -> None:
    begun = asyncio.Event()

    async def ask() -> None:
        async with db.write() as tx:
            begun.set()
            await tx.execute(text("SELECT pg_sleep(60)"))

    tasks = [asyncio.create_task(ask()) for _ in range(8)]
    await begun.wait()
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    async with db.write() as tx:
        await users.create(tx, name="next")
    asked = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'"
    assert rows(asked) == [(0,)]


async def test_a_closed_database_says_so(db: Database) -> None:
    await db.close()
    with pytest.raises(StoreError, match=r"is closed: the site is shutting down"):
        async with db.write():
            pytest.fail("it is closed")


async def test_a_refused_row_is_a_conflict_that_names_the_constraint(db: Database, alice: User) -> None:
    with pytest.raises(ConflictError, match=re.escape('"uq_user_name"')):
        async with db.write() as tx:
            await users.create(tx, name="alice")
