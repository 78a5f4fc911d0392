"""Old and new side by side: after an update of the tables, the code of before still reads and writes.

What that code knows is what the tables were like at its revision, so that is what it is made of here: rows of
every table with each value that it may write, put there before the update and after it, read, changed and
deleted again by the columns of that time alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, inspect, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chat_ui.store import Database, StoreError, messages, migrate_postgres, users
from chat_ui.store.ids import new_id
from chat_ui.store.migrate import SHIPPED, Scripts, alembic_config, migrate
from chat_ui.store.postgres import locate
from tests.database import put_new_database
from tests.postgres import PostgresServer

from .conftest import Kind, Newer, begin_turn

REVISIONS = [
    script.revision for script in ScriptDirectory.from_config(alembic_config(SHIPPED)).walk_revisions()
]
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
# As many rows as there are values of the column with the most, and one of nothing but what must be there.
WHOLE_ROWS = 6
# The database itself refuses that.
APPEND_ONLY = "audit"

FORBIDDEN = {
    "drops a column": 'op.drop_column("message", "provider")',
    "renames a column": 'op.alter_column("message", "provider", new_column_name="vendor")',
    "drops a table": 'op.drop_table("worker")',
    "wants more than the old code gives": (
        'op.add_column("worker", sa.Column("since", sa.Text(), nullable=False))'
    ),
    "takes less than the old code gives": (
        'with op.batch_alter_table("invite") as invite:\n'
        "    invite.create_check_constraint(\"fewer\", \"kind IN ('setup', 'invite')\")"
    ),
    "holds on to what the old code deletes": (
        'op.create_table("mark", sa.Column("id", sa.Text(), primary_key=True),'
        ' sa.Column("message_id", sa.Text(), sa.ForeignKey("message.id"), nullable=False))'
    ),
}
ADDITIONS = """
op.add_column("conversation", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
op.create_table("added", sa.Column("id", sa.Text(), primary_key=True))
op.execute("INSERT INTO added VALUES ('once')")
"""


@pytest.fixture
async def engine(kind: Kind, path: Path, request: pytest.FixtureRequest) -> AsyncIterator[AsyncEngine]:
    """A database without any table."""
    if kind == "sqlite":
        path.parent.mkdir()
        made = create_async_engine(f"sqlite+aiosqlite:///{path}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        made = create_async_engine(str(locate(server.url(server.make_database()))))
    yield made
    await made.dispose()


async def brought_to(engine: AsyncEngine, revision: str, scripts: Scripts = SHIPPED) -> MetaData:
    """Bring the tables to a revision; returns what they are like then."""

    def upgrade(connection: Connection) -> MetaData:
        config = alembic_config(scripts)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        known = MetaData()
        known.reflect(connection)
        known.remove(known.tables["alembic_version"])
        for table in known.tables.values():
            for check in inspect(connection).get_check_constraints(table.name):
                for column in table.columns:
                    if re.search(rf"\b{column.name}\b", check["sqltext"]):
                        column.info["allowed"] = re.findall(r"'([^']*)'", check["sqltext"])
        return known

    async with engine.begin() as connection:
        return await connection.run_sync(upgrade)


def value(column: Column[Any], name: str, number: int) -> object:
    """What stands in a column of a row. All rows of a name and number belong together."""
    if allowed := column.info.get("allowed"):
        return allowed[number % len(allowed)]
    kind = column.type.python_type
    return {str: f"{name}-{number}", datetime: MOMENT, bool: False, int: number + 1}[kind]


def rows_of(table: Table, name: str) -> list[dict[str, object]]:
    whole = [{c.name: value(c, name, number) for c in table.columns} for number in range(WHOLE_ROWS)]
    bare = {c.name: value(c, name, WHOLE_ROWS) for c in table.columns if not c.nullable}
    return [*whole, bare]


async def write(engine: AsyncEngine, known: MetaData, name: str) -> None:
    async with engine.begin() as connection:
        for table in known.sorted_tables:
            *whole, bare = rows_of(table, name)
            await connection.execute(table.insert(), whole)
            await connection.execute(table.insert(), bare)


async def read(engine: AsyncEngine, known: MetaData) -> dict[str, Sequence[Any]]:
    async with engine.connect() as connection:
        return {
            table.name: (await connection.execute(select(table).order_by(*table.primary_key))).all()
            for table in known.sorted_tables
        }


async def delete_all(engine: AsyncEngine, known: MetaData) -> None:
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        for table in reversed(known.sorted_tables):
            if table.name != APPEND_ONLY:
                await connection.execute(table.delete())


async def code_of_before_goes_on(engine: AsyncEngine, before: str, after: str, scripts: Scripts) -> None:
    old = await brought_to(engine, before, scripts)
    await write(engine, old, f"before-{after}")
    earlier = await read(engine, old)
    new = await brought_to(engine, after, scripts)
    assert await read(engine, old) == earlier
    await write(engine, old, f"since-{after}")
    added = {table.name: len(rows_of(table, "")) for table in old.sorted_tables}
    assert {name: len(rows) for name, rows in (await read(engine, old)).items()} == {
        name: len(rows) + added[name] for name, rows in earlier.items()
    }
    await write(engine, new, f"new-{after}")
    await read(engine, old)
    await delete_all(engine, old)


async def test_the_code_of_the_revision_before_reads_and_writes(engine: AsyncEngine) -> None:
    for before, after in pairwise(reversed(REVISIONS)):
        await code_of_before_goes_on(engine, before, after, SHIPPED)


@pytest.mark.parametrize("what", FORBIDDEN)
async def test_a_migration_that_would_stop_it_is_found(path: Path, newer: Newer, what: str) -> None:
    put_new_database(path)
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    scripts = newer(FORBIDDEN[what])
    with pytest.raises((DatabaseError, AssertionError)):
        await code_of_before_goes_on(engine, SHIPPED.head, scripts.head, scripts)
    await engine.dispose()


async def test_who_runs_goes_on_when_the_tables_become_newer(postgres: PostgresServer, newer: Newer) -> None:
    url = postgres.url(postgres.make_database())
    old = await Database.open(url)
    async with old.write() as tx:
        owner = (await users.create(tx, name="alice")).id

    async def ask() -> None:
        turn = await begin_turn(old, owner, client_id=new_id())
        async with old.read() as tx:
            assert await messages.get(tx, owner, turn.question.id) == turn.question

    await ask()
    server = locate(url)
    assert server is not None
    await migrate_postgres.migrate(server, scripts=newer(ADDITIONS))
    # By the same connections, with what they had prepared before.
    await ask()
    await old.close()


async def test_those_who_start_together_update_an_old_database_once(
    kind: Kind, path: Path, postgres: PostgresServer, newer: Newer
) -> None:
    where = path if kind == "sqlite" else postgres.url(postgres.make_database())
    await (await Database.open(where)).close()
    scripts, server = newer(ADDITIONS), locate(where)

    async def start() -> None:
        if server is None:
            await migrate(path, backups=path.parent / "backups", scripts=scripts)
        else:
            await migrate_postgres.migrate(server, scripts=scripts)

    await asyncio.gather(*(start() for _ in range(4)))
    # Nor does one of the version before take it back: it says that it is too old.
    with pytest.raises(StoreError, match="newer version of the site"):
        await Database.open(where)
    db = await Database.attach(where)
    async with db.read() as tx:
        assert (await tx.execute(text("SELECT id FROM added"))).all() == [("once",)]
        assert (await tx.execute(text("SELECT version_num FROM alembic_version"))).all() == [(scripts.head,)]
    await db.close()
