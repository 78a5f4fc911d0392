"""A database of either kind, two people in it, and a turn that is still being answered.

A module that is about one kind only says so with a fixture ``kind`` of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import asyncpg
import pytest
from sqlalchemy import text

from chat_ui.store import Database, conversations, messages, runs, users
from chat_ui.store.conversations import Conversation
from chat_ui.store.messages import Message
from chat_ui.store.runs import Run
from chat_ui.store.tables import metadata
from chat_ui.store.users import User
from tests.postgres import PostgresServer

Kind = Literal["sqlite", "postgres"]
Ask = Callable[[str], list[tuple[Any, ...]]]


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
    database = await Database.open(where)
    if kind == "postgres":
        await empty(database)
    yield database
    await database.close()


async def empty(db: Database) -> None:
    # What was done stays on record: the database itself refuses to forget it.
    names = ", ".join(f'"{name}"' for name in metadata.tables if name != "audit")
    async with db.write() as tx:
        await tx.execute(text(f"TRUNCATE {names}"))


@pytest.fixture
async def alice(db: Database) -> User:
    async with db.write() as tx:
        return await users.create(tx, name="alice")


@pytest.fixture
async def bob(db: Database) -> User:
    async with db.write() as tx:
        return await users.create(tx, name="bob")


async def begin_turn(db: Database, owner: str, worker_id: str = "worker-1") -> Turn:
    async with db.write() as tx:
        conversation = await conversations.create(tx, owner, title="Tea", gateway="demo", model="demo-1")
        question = Message(conversation_id=conversation.id, role="user", text="How long?", client_id="send-1")
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
def rows(kind: Kind, where: Path | str) -> Ask:
    """Ask the database itself, or change it, by a connection that the store knows nothing of."""

    def ask_file(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(where, isolation_level=None)) as connection:
            return connection.execute(query).fetchall()

    async def ask_server(query: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(str(where))
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    def ask_server_now(query: str) -> list[tuple[Any, ...]]:
        # In a thread, because the test's own event loop waits for this.
        with ThreadPoolExecutor() as elsewhere:
            return elsewhere.submit(asyncio.run, ask_server(query)).result()

    return ask_file if kind == "sqlite" else ask_server_now


@pytest.fixture
def everything(rows: Ask) -> Callable[[], dict[str, list[tuple[Any, ...]]]]:
    """Read all rows of all tables that a person can own something in."""
    return lambda: {name: rows(f'SELECT * FROM "{name}"') for name in metadata.tables}  # noqa: S608
