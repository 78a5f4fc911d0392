"""What whoever runs a hosted site does about its accounts from a terminal, where nobody need sign in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from chat_ui.accounts.errors import AccountError
from chat_ui.accounts.people import Person
from chat_ui.accounts.service import Accounts, open_accounts
from chat_ui.chat.service import database_of
from chat_ui.settings import Settings, SettingsError, get_settings
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError

__all__ = ["first_link", "invite_link", "reset_link"]

# In the audit log.
OPERATOR = Person("", "the operator, in a terminal", is_admin=True)


def first_link() -> str:
    """The link that makes the first admin; blank on a local site, and where there is an admin.

    Raises:
        SystemExit: it can't be made; the text says why.
    """

    async def make(accounts: Accounts) -> str:
        return await accounts.entry.first_link() or ""

    return _link(make) if _settings().hosted else ""


def invite_link(role: Literal["user", "admin"]) -> str:
    """A link by which somebody new comes in.

    Raises:
        SystemExit: it can't be made; the text says why.
    """
    return _link(lambda accounts: accounts.administration.invite(OPERATOR, role, ""))


def reset_link(name: str) -> str:
    """A link by which somebody sets a new password.

    Raises:
        SystemExit: it can't be made; the text says why.
    """

    async def make(accounts: Accounts) -> str:
        people = await accounts.administration.people(OPERATOR)
        known = next((person.id for person in people if person.name == name.casefold()), "")
        return await accounts.administration.reset(OPERATOR, known, "")

    return _link(make)


def _link(work: Callable[[Accounts], Awaitable[str]]) -> str:
    settings = _settings()
    if not settings.hosted:
        raise SystemExit("There are no accounts on a local site. Set CHAT_UI_HOSTED=1 for a hosted one.")
    try:
        token = asyncio.run(_with_accounts(settings, work))
    except (StoreError, AccountError) as error:
        raise SystemExit(str(error)) from None
    return f"{settings.public_url}/link/{token}" if token else ""


def _settings() -> Settings:
    try:
        return get_settings()
    except SettingsError as error:
        raise SystemExit(f"Chat UI can't start. {error}") from None


async def _with_accounts(settings: Settings, work: Callable[[Accounts], Awaitable[str]]) -> str:
    db = await Database.open(database_of(settings))
    try:
        return await work(open_accounts(settings, db))
    finally:
        await db.close()
