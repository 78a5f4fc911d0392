from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from chat_ui.store import Database, StoreError, messages
from chat_ui.store.migrate import SHIPPED, migrate
from chat_ui.store.tables import metadata
from chat_ui.store.users import User

from .conftest import SHIPPED_SCRIPTS, Newer, Turn


@pytest.fixture
def kind() -> str:
    return "sqlite"


Rows = Callable[[str], list[Any]]
Everything = Callable[[], dict[str, list[tuple[Any, ...]]]]

REBUILD = """
with op.batch_alter_table("conversation", recreate="always") as batch:
    batch.add_column(sa.Column("pinned", sa.Boolean(), nullable=False, server_default="0"))
"""

FAILURES = {
    "half way": 'op.create_table("extra", sa.Column("id", sa.Text()))\nraise RuntimeError("half way")',
    "don't exist": "op.execute(\"UPDATE message SET parent_id = 'gone'\")",
}


async def test_an_empty_file_gets_the_tables_and_no_copy(path: Path, rows: Rows) -> None:
    assert await migrate(path, backups=path.parent / "backups") is None
    assert rows("SELECT version_num FROM alembic_version") == [(SHIPPED.head,)]
    assert not (path.parent / "backups").exists()


async def test_the_migrations_make_the_tables_that_are_declared(path: Path) -> None:
    await migrate(path, backups=path.parent / "backups")
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_the_migrations_make_the_constraints_that_are_declared(path: Path, rows: Rows) -> None:
    def constraints(asked: Rows) -> dict[str, set[str]]:
        made = asked("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'")
        return {
            name: {
                re.sub(r"\s+", " ", line.strip().rstrip(","))
                for line in sql.splitlines()
                if "CONSTRAINT" in line
            }
            for name, sql in made
        }

    await migrate(path, backups=path.parent / "backups")
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        declared = constraints(lambda query: [tuple(row) for row in connection.exec_driver_sql(query)])
    engine.dispose()
    assert len(declared) == 15
    assert constraints(rows) == declared


def test_the_head_that_is_noted_is_the_newest_revision() -> None:
    assert ScriptDirectory(str(SHIPPED_SCRIPTS)).get_heads() == [SHIPPED.head]


async def test_an_older_database_is_copied_first(
    path: Path, db: Database, turn: Turn, rows: Rows, newer: Newer
) -> None:
    await db.close()
    before = rows("SELECT * FROM message")
    copy = await migrate(path, backups=path.parent / "backups", scripts=newer(REBUILD))
    assert copy is not None
    assert re.fullmatch(rf"chat-{SHIPPED.head}-\d{{8}}T\d{{12}}Z\.db", copy.name)
    assert list(copy.parent.iterdir()) == [copy]
    assert (stat.S_IMODE(copy.parent.stat().st_mode), stat.S_IMODE(copy.stat().st_mode)) == (0o700, 0o600)
    with closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("SELECT * FROM message").fetchall() == before


async def test_an_update_keeps_every_row(
    path: Path, db: Database, turn: Turn, everything: Everything, newer: Newer
) -> None:
    await db.close()
    before = everything()
    await migrate(path, backups=path.parent / "backups", scripts=newer(REBUILD))
    before["conversation"] = [(*row, 0) for row in before["conversation"]]
    assert everything() == before


async def test_a_copy_is_a_database_that_opens(
    path: Path, db: Database, turn: Turn, alice: User, newer: Newer
) -> None:
    await db.close()
    copy = await migrate(path, backups=path.parent / "backups", scripts=newer(REBUILD))
    assert copy is not None
    old = await Database.open(copy)
    async with old.read() as tx:
        assert await messages.get(tx, alice.id, turn.question.id) == turn.question
    await old.close()


@pytest.mark.parametrize("failure", FAILURES)
async def test_an_update_that_fails_changes_nothing(
    path: Path, turn: Turn, everything: Everything, newer: Newer, failure: str
) -> None:
    before = everything()
    with pytest.raises(StoreError, match=failure) as caught:
        await migrate(path, backups=path.parent / "backups", scripts=newer(FAILURES[failure]))
    (copy,) = (path.parent / "backups").iterdir()
    assert str(copy) in str(caught.value)
    assert everything() == before
    assert await migrate(path, backups=path.parent / "backups") is None


async def test_no_update_without_a_copy(
    path: Path, db: Database, turn: Turn, rows: Rows, newer: Newer
) -> None:
    await db.close()
    (path.parent / "backups").write_text("in the way")
    with pytest.raises(StoreError, match="copy"):
        await migrate(path, backups=path.parent / "backups", scripts=newer(REBUILD))
    assert rows("SELECT version_num FROM alembic_version") == [(SHIPPED.head,)]


async def test_a_newer_database_is_refused(path: Path, rows: Rows, newer: Newer) -> None:
    await migrate(path, backups=path.parent / "backups", scripts=newer(REBUILD))
    before = rows("SELECT * FROM sqlite_master")
    with pytest.raises(StoreError, match=r"newer version of the site .*'next'"):
        await Database.open(path)
    assert rows("SELECT * FROM sqlite_master") == before
    assert not (path.parent / "backups").exists()


async def test_those_who_start_together_update_once(path: Path, rows: Rows) -> None:
    await asyncio.gather(*(migrate(path, backups=path.parent / "backups") for _ in range(6)))
    assert rows("SELECT version_num FROM alembic_version") == [(SHIPPED.head,)]


async def test_the_log_is_switched_on_once_another_program_lets_go(path: Path, rows: Rows) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.1, other.execute, "COMMIT")
        await migrate(path, backups=path.parent / "backups")
    assert rows("PRAGMA journal_mode") == [("wal",)]


def test_a_database_that_is_up_to_date_opens_without_alembic(path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from chat_ui.store import Database\n"
        "async def main():\n"
        "    await (await Database.open(sys.argv[1])).close()\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules)\n"
    )
    said = [subprocess.check_output([sys.executable, "-c", program, path], text=True) for _ in range(2)]
    assert said == ["True\n", "False\n"]


async def test_logging_is_left_alone(path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("alembic").handlers)
    await migrate(path, backups=path.parent / "backups")
    assert (root.level, list(root.handlers), logging.getLogger("alembic").handlers) == before
