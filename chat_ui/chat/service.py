"""The running chat: what a page, or any other client, stands on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from chat_ui.accounts.people import Person, local_person
from chat_ui.accounts.service import Accounts, open_accounts
from chat_ui.chat.asking import Asker
from chat_ui.chat.configured import profiles_from, wallet_from
from chat_ui.chat.feed import Feed, MemoryFeed
from chat_ui.chat.gateways import Gateways
from chat_ui.chat.pace import Pace
from chat_ui.chat.purse import budget_of
from chat_ui.chat.redis_feed import open_redis_feed
from chat_ui.chat.runs import Runs
from chat_ui.chat.titles import Titles
from chat_ui.chat.trash import keep_purging
from chat_ui.chat.workers import at_work
from chat_ui.settings import Settings
from chat_ui.store import connections
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
        titles: those that a model is to write.
    """

    settings: Settings
    db: Database
    feed: Feed
    gateways: Gateways
    runs: Runs
    budget: Budget
    person: Person | None
    accounts: Accounts | None
    titles: Titles = field(default_factory=Titles)


@asynccontextmanager
async def open_chat(settings: Settings, *, pace: Pace | None = None) -> AsyncGenerator[Chat]:
    """Open the chat for as long as the context is open.

    Answers that a dead process left unfinished are marked interrupted, with the text they had: at once where
    no other process can run the site, and else as soon as it is sure that theirs is dead.

    Args:
        settings: of this process.
        pace: how often growing answers are told and saved.

    Raises:
        StoreError: the database can't be opened; the text says which file and what to do.
        SettingsError: a gateway of the settings can't be used as it stands.
    """
    async with AsyncExitStack() as stack:
        db = await Database.open(database_of(settings))
        stack.push_async_callback(db.close)
        is_alone = await stack.enter_async_context(db.served())
        gateways = Gateways(settings, connections.load(settings.data_dir))
        stack.push_async_callback(gateways.aclose)
        worker_id = new_id()
        feed = await stack.enter_async_context(_open_feed(settings, worker_id))
        budget = _budget(settings)
        asker = Asker(db, feed, gateways, budget)
        pace = pace or Pace(drain=settings.grace_seconds)
        running = Runs(db, feed, asker, worker_id=worker_id, pace=pace)
        await stack.enter_async_context(at_work(db, feed, running, is_alone=is_alone))
        stack.push_async_callback(running.drain)
        person = None if settings.hosted else await local_person(db)
        accounts = open_accounts(settings, db) if settings.hosted else None
        chat = Chat(settings, db, feed, gateways, running, budget, person, accounts)
        stack.push_async_callback(chat.titles.drain)
        stack.push_async_callback(_end, asyncio.create_task(keep_purging(chat)))
        if not is_alone:
            stack.push_async_callback(_end, asyncio.create_task(gateways.keep_up()))
        yield chat


@asynccontextmanager
async def _open_feed(settings: Settings, worker_id: str) -> AsyncGenerator[Feed]:
    if settings.redis_url is None:
        yield MemoryFeed()
        return
    async with open_redis_feed(settings.redis_url.get_secret_value(), worker_id) as feed:
        yield feed


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
