"""A database, two people in it, and a turn that is still being answered."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chat_ui.store import Database, conversations, messages, runs, users
from chat_ui.store.conversations import Conversation
from chat_ui.store.messages import Message
from chat_ui.store.runs import Run
from chat_ui.store.tables import metadata
from chat_ui.store.users import User


@dataclass(frozen=True, slots=True)
class Turn:
    """A conversation with one question and an answer that is still streaming."""

    conversation: Conversation
    question: Message
    answer: Message
    run: Run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "chat.db"


@pytest.fixture
async def db(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(path)
    yield database
    await database.close()


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
def rows(path: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask the file itself, by a connection that the store knows nothing of."""

    def ask(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(query).fetchall()

    return ask


@pytest.fixture
def everything(
    rows: Callable[[str], list[tuple[Any, ...]]],
) -> Callable[[], dict[str, list[tuple[Any, ...]]]]:
    """Read all rows of all tables that a person can own something in."""
    return lambda: {name: rows(f'SELECT * FROM "{name}"') for name in metadata.tables}  # noqa: S608
