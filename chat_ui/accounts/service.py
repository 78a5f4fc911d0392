"""The accounts of a hosted site: what its door, its pages and its limits stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chat_ui.accounts.administration import Administration
from chat_ui.accounts.entry import Entry
from chat_ui.accounts.limits import Limits, allowance_from
from chat_ui.accounts.passwords import Passwords
from chat_ui.accounts.sessions import Sessions
from chat_ui.accounts.throttle import Throttle
from chat_ui.settings import Settings
from chat_ui.store.engine import Database

__all__ = ["Accounts", "open_accounts"]


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who may come in, who is in, and who decides that."""

    entry: Entry
    sessions: Sessions
    administration: Administration
    limits: Limits


def open_accounts(settings: Settings, db: Database) -> Accounts:
    """The accounts that are kept in a database."""
    sessions = Sessions(
        db,
        idle=timedelta(days=settings.session_idle_days),
        longest=timedelta(days=settings.session_days),
    )
    entry = Entry(db, sessions, Throttle(db), Passwords(), settings.sign_up)
    limits = Limits(
        per_minute=settings.messages_per_minute,
        per_minute_and_address=settings.messages_per_minute_per_address,
        at_once=settings.answers_at_once,
        everybody=allowance_from(settings),
    )
    return Accounts(entry, sessions, Administration(db, sessions), limits)
