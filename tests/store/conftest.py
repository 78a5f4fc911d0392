"""A database of either kind, two people in it, and a turn that is still being answered.

A module that is about one kind only says so with a fixture ``kind`` of its own.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import asyncpg
import pytest
from sqlalchemy import text

from chat_ui import store
from chat_ui.store import Database, conversations, messages, runs, users
from chat_ui.store.conversations import Conversation
from chat_ui.store.messages import Message
from chat_ui.store.migrate import SHIPPED, Scripts
from chat_ui.store.runs import Run
from chat_ui.store.tables import metadata
from chat_ui.store.users import User
from tests.database import put_new_database
from tests.postgres import PostgresServer

Kind = Literal["sqlite", "postgres"]
Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]
AskAll = Callable[[Iterable[str]], list[Rows]]
Newer = Callable[[str], Scripts]
SHIPPED_SCRIPTS = Path(store.__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Turn:
    """A conversation with one question and an answer that is still streaming."""

    conversation: Conversation
    question: Message
    answer: Message
    run: Run


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "chat.db"


@pytest.fixture(scope="session")
def emptied(postgres: PostgresServer) -> str:
    """The URL of a database that every test finds empty."""
    return postgres.url(postgres.make_database())


@pytest.fixture
def where(kind: Kind, path: Path, request: pytest.FixtureRequest) -> Path | str:
    return path if kind == "sqlite" else request.getfixturevalue("emptied")


@pytest.fixture
async def db(kind: Kind, where: Path | str) -> AsyncIterator[Database]:
    if isinstance(where, Path):
        put_new_database(where)
    database = await Database.open(where)
    if kind == "postgres":
        await empty(database)
    yield database
    await database.close()


async def empty(db: Database) -> None:
    # What was done stays on record: the database itself refuses to forget it.
    names = [table.name for table in reversed(metadata.sorted_tables) if table.name != "audit"]
    # In one statement, which costs a tenth of twenty.
    deleting = " ".join(f'DELETE FROM "{name}";' for name in names)  # noqa: S608
    async with db.write() as tx:
        await tx.execute(text(f"DO $$ BEGIN {deleting} END $$"))


@pytest.fixture
async def alice(db: Database) -> User:
    async with db.write() as tx:
        return await users.create(tx, name="alice")


@pytest.fixture
async def bob(db: Database) -> User:
    async with db.write() as tx:
        return await users.create(tx, name="bob")


async def begin_turn(
    db: Database, owner: str, worker_id: str = "worker-1", *, client_id: str = "send-1"
) -> Turn:
    async with db.write() as tx:
        conversation = await conversations.create(tx, owner, title="Tea", gateway="demo", model="demo-1")
        question = Message(
            conversation_id=conversation.id, role="user", text="How long?", client_id=client_id
        )
        answer = Message(
            conversation_id=conversation.id, parent_id=question.id, role="assistant", status="streaming"
        )
        await messages.add(tx, owner, question)
        await messages.add(tx, owner, answer)
        changed = await conversations.set_leaf(tx, owner, conversation.id, answer.id)
        assert changed is not None
        run = await runs.start(
            tx, owner, conversation_id=conversation.id, message_id=answer.id, worker_id=worker_id
        )
        return Turn(changed, question, answer, run)


@pytest.fixture
async def turn(db: Database, alice: User) -> Turn:
    return await begin_turn(db, alice.id)


@pytest.fixture
def all_rows(kind: Kind, where: Path | str) -> AskAll:
    """Ask the database itself, or change it, by a connection that the store knows nothing of."""

    def ask_file(queries: Iterable[str]) -> list[Rows]:
        with closing(sqlite3.connect(where, isolation_level=None)) as connection:
            return [connection.execute(query).fetchall() for query in queries]

    async def ask_server(queries: Iterable[str]) -> list[Rows]:
        connection = await asyncpg.connect(str(where))
        try:
            return [[tuple(row) for row in await connection.fetch(query)] for query in queries]
        finally:
            await connection.close()

    def ask_server_now(queries: Iterable[str]) -> list[Rows]:
        # In a thread, because the test's own event loop waits for this.
        with ThreadPoolExecutor() as elsewhere:
            return elsewhere.submit(asyncio.run, ask_server(queries)).result()

    return ask_file if kind == "sqlite" else ask_server_now


@pytest.fixture
def rows(all_rows: AskAll) -> Ask:
    """Ask the database itself one thing."""
    return lambda query: all_rows([query])[0]


@pytest.fixture
def everything(all_rows: AskAll) -> Callable[[], dict[str, Rows]]:
    """Read all rows of all tables that a person can own something in."""
    names = list(metadata.tables)
    return lambda: dict(zip(names, all_rows(f'SELECT * FROM "{name}"' for name in names), strict=True))  # noqa: S608


@pytest.fixture
def newer(tmp_path: Path) -> Newer:
    """Make the scripts of a version that goes one revision further than this one."""

    def make(upgrade: str) -> Scripts:
        folder = tmp_path / "100% newer"
        shutil.copytree(SHIPPED_SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        body = "\n".join(f"    {line}" for line in upgrade.strip().splitlines())
        (folder / "versions" / "next.py").write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n\n"
            f"revision = 'next'\ndown_revision = {SHIPPED.head!r}\n\n\ndef upgrade():\n{body}\n"
        )
        return Scripts(str(folder), "next")

    return make
