"""The tables of accounts: how people get in, what they use, and who did what.

A session and an invitation are kept by the hash of their token only, so that whoever reads the database can't
use them.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from chat_ui.store.columns import Words
from chat_ui.store.schema import (
    Table,
    key,
    metadata,
    one_of,
    parent,
    time,
    time_or_none,
    words,
    words_or_none,
)

__all__ = ["InviteKind", "allowance", "attempt", "audit", "invite", "session", "usage"]

InviteKind = Literal["setup", "invite", "reset"]
UsageState = Literal["reserved", "settled"]


def _count() -> int:
    # Ten digits are not enough for a year's tokens of a busy site.
    return Field(sa_type=BigInteger)


def _count_or_none() -> int | None:
    return Field(default=None, sa_type=BigInteger)


class SessionRow(Table, table=True):
    """Somebody's browser that is signed in; ``id`` is the hash of its token."""

    __tablename__ = "session"
    __table_args__ = (Index(None, "owner_id"),)

    id: str = key()
    owner_id: str = parent("user.id")
    created_at: datetime = time()
    seen_at: datetime = time()
    address: str = words()
    agent: str = words()


class InviteRow(Table, table=True):
    """A link that lets somebody in once; ``owner_id`` is whose password it sets, where they are known."""

    __tablename__ = "invite"
    __table_args__ = (one_of("kind", InviteKind),)

    id: str = key()
    kind: str = words()
    role: str = words()
    owner_id: str | None = Field(default=None, foreign_key="user.id", ondelete="CASCADE", sa_type=Words)
    created_at: datetime = time()
    expires_at: datetime = time()
    used_at: datetime | None = time_or_none()


class AttemptRow(Table, table=True):
    """Something of which there may be only so many in a while; ``key`` says what and whose."""

    __tablename__ = "attempt"
    __table_args__ = (Index(None, "key", "at"),)

    id: str = key()
    key: str = words()
    at: datetime = time()


class AuditRow(Table, table=True):
    """Who did what to whom, from where. Triggers refuse to change or delete a row."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at", "id"),)

    id: str = key()
    at: datetime = time()
    # No foreign key: what somebody did stays when they go.
    actor_id: str | None = words_or_none()
    actor: str = words()
    action: str = words()
    subject: str = words()
    address: str = words()


class UsageRow(Table, table=True):
    """What one answer may take, and at its end what it took; costs are whole millionths of a dollar.

    It refers to its run by id only: what was used stays used when a conversation goes.
    """

    __tablename__ = "usage"
    __table_args__ = (
        one_of("state", UsageState),
        Index(None, "owner_id", "created_at"),
        Index(None, "address", "created_at"),
    )

    run_id: str = key()
    owner_id: str = parent("user.id")
    address: str = words()
    gateway: str = words()
    model: str = words()
    state: str = words()
    input_tokens: int = _count()
    output_tokens: int = _count()
    micros: int = _count()
    # What a million tokens cost, in the same unit; none where nobody says.
    input_price: int | None = _count_or_none()
    output_price: int | None = _count_or_none()
    created_at: datetime = time()


class AllowanceRow(Table, table=True):
    """What one person may use, where it isn't what everybody may."""

    __tablename__ = "allowance"

    owner_id: str = Field(primary_key=True, foreign_key="user.id", ondelete="CASCADE", sa_type=Words)
    tokens_per_day: int | None = _count_or_none()
    tokens_per_month: int | None = _count_or_none()
    micros_per_day: int | None = _count_or_none()
    micros_per_month: int | None = _count_or_none()


session = metadata.tables["session"]
invite = metadata.tables["invite"]
attempt = metadata.tables["attempt"]
audit = metadata.tables["audit"]
usage = metadata.tables["usage"]
allowance = metadata.tables["allowance"]
