"""The running chat: what a page, or any other client, stands on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chat_ui.accounts.people import Person, local_person
from chat_ui.accounts.service import Accounts, open_accounts
from chat_ui.chat.asking import Asker
from chat_ui.chat.configured import profiles_from, wallet_from
from chat_ui.chat.feed import Feed, MemoryFeed
from chat_ui.chat.gateways import Gateways
from chat_ui.chat.outcome import SHUT_DOWN
from chat_ui.chat.purse import budget_of
from chat_ui.chat.runs import Pace, Runs
from chat_ui.chat.trash import keep_purging
from chat_ui.settings import Settings
from chat_ui.store import connections, runs
from chat_ui.store.engine import Database
from chat_ui.store.ids import new_id
from chat_ui.store.payments import Budget

__all__ = ["DATABASE", "Chat", "check_chat", "database_of", "open_chat"]

DATABASE = "chat.db"


@dataclass(frozen=True, slots=True)
class Chat:
    """What one process of the site shares between everybody it serves.

    Args:
        settings: of this process.
        db: conversations and messages.
        feed: what happens in them.
        gateways: who can be asked.
        runs: answers on their way.
        budget: what a person may spend on answers that are paid per request.
        person: the one person of a local site; None on a hosted one.
        accounts: of a hosted site; None on a local one.
    """

    settings: Settings
    db: Database
    feed: Feed
    gateways: Gateways
    runs: Runs
    budget: Budget
    person: Person | None
    accounts: Accounts | None


@asynccontextmanager
async def open_chat(settings: Settings, *, pace: Pace | None = None) -> AsyncGenerator[Chat]:
    """Open the chat for as long as the context is open.

    Answers that a dead process left unfinished are marked interrupted first, with the text they had.

    Args:
        settings: of this process.
        pace: how often growing answers are told and saved.

    Raises:
        StoreError: the database can't be opened; the text says which file and what to do.
        SettingsError: a gateway of the settings can't be used as it stands.
    """
    worker_id = new_id()
    db = await Database.open(database_of(settings))
    try:
        async with db.write() as tx:
            await runs.interrupt_leftovers(tx, worker_id=worker_id, error=SHUT_DOWN)
        saved = connections.load(settings.data_dir)
        gateways = Gateways(settings, saved)
        feed = MemoryFeed()
        budget = _budget(settings)
        asker = Asker(db, feed, gateways, budget)
        pace = pace or Pace(drain=settings.grace_seconds)
        running = Runs(db, feed, asker, worker_id=worker_id, pace=pace)
        person = None if settings.hosted else await local_person(db)
        accounts = open_accounts(settings, db) if settings.hosted else None
        chat = Chat(settings, db, feed, gateways, running, budget, person, accounts)
        purging = asyncio.create_task(keep_purging(chat))
        try:
            yield chat
        finally:
            await _end(purging)
            await running.drain()
            await gateways.aclose()
    finally:
        await db.close()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def check_chat(settings: Settings) -> None:
    """See whether the chat can be opened, before any event loop runs; makes the database where it is missing.

    Raises:
        StoreError: the database can't be used; the text says which file and what to do.
        SettingsError: a gateway of the settings can't be used as it stands.
    """
    profiles_from(settings, connections.load(settings.data_dir))
    wallet_from(settings)
    Database.prepare(database_of(settings))


def _budget(settings: Settings) -> Budget:
    return budget_of(
        per_message=settings.x402_per_message,
        per_conversation=settings.x402_per_conversation,
        per_day=settings.x402_per_day,
    )


def database_of(settings: Settings) -> str | Path:
    """Where the database is: a path, or an SQLAlchemy URL."""
    return settings.database_url or settings.data_dir / DATABASE
