"""A chat that stands on a scripted gateway, and leaves nothing running when it closes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any

import pytest

from chat_ui.chat.pace import Pace
from chat_ui.chat.service import DATABASE, Chat, open_chat
from chat_ui.settings import Settings
from chat_ui.store import users

AT_ONCE = Pace(piece=0, journal=0, retry=0, longest_retry=0, drain=0)


@asynccontextmanager
async def opened_cleanly(settings: Settings, pace: Pace = AT_ONCE) -> AsyncGenerator[Chat]:
    """A chat of which no task is left when it has closed."""
    before = asyncio.all_tasks()
    async with open_chat(settings, pace=pace) as chat:
        yield chat
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not [task for task in left if "ScriptedGateway" not in task.get_coro().__qualname__]


@pytest.fixture
async def chat(settings: Settings) -> AsyncGenerator[Chat]:
    async with opened_cleanly(settings) as running:
        yield running


@pytest.fixture
async def mallory(chat: Chat) -> str:
    """Somebody else on the same site."""
    async with chat.db.write() as tx:
        return (await users.create(tx, name="mallory")).id


@pytest.fixture
def rows(settings: Settings) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask the database file itself."""

    def ask(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(settings.data_dir / DATABASE)) as connection:
            return connection.execute(query).fetchall()

    return ask


@pytest.fixture
def locked(settings: Settings) -> Callable[[], Any]:
    """Another program that writes to the database, so that nobody else can."""

    @contextmanager
    def lock() -> Generator[sqlite3.Connection]:
        path = settings.data_dir / DATABASE
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    return lock
