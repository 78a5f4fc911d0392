"""The tables.

Rows stay inside this package: queries read the columns into the values that the modules beside this
one define. What a person owns carries ``owner_id`` and goes when the person goes.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, false
from sqlmodel import Field

from chat_ui.store.columns import ExactDecimal, UtcTime, Words
from chat_ui.store.preferences import AS_IT_IS, Preferences, PreferencesAsJson
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

__all__ = [
    "MessageStatus",
    "Part",
    "PaymentState",
    "Role",
    "RunStatus",
    "UserRole",
    "UserStatus",
    "conversation",
    "message",
    "metadata",
    "payment",
    "person_defaults",
    "pinned_payee",
    "run",
    "run_journal",
    "user",
    "worker",
]

Role = Literal["user", "assistant", "tool", "system"]
MessageStatus = Literal["streaming", "complete", "stopped", "interrupted", "failed"]
RunStatus = Literal["running", "complete", "stopped", "interrupted", "failed"]
Part = Literal["text", "reasoning", "tool_calls"]
UserRole = Literal["user", "admin"]
UserStatus = Literal["active", "disabled"]
PaymentState = Literal["reserved", "sent", "settled", "released", "unknown"]


def _preferences() -> Any:
    return Field(default=AS_IT_IS, sa_type=PreferencesAsJson, sa_column_kwargs={"server_default": ""})


class UserRow(Table, table=True):
    """A person; ``password`` is a hash, and who has none can't sign in."""

    __tablename__ = "user"
    __table_args__ = (UniqueConstraint("name"),)

    id: str = key()
    name: str = words()
    created_at: datetime = time()
    role: str = Field(sa_type=Words, sa_column_kwargs={"server_default": "user"})
    status: str = Field(sa_type=Words, sa_column_kwargs={"server_default": "active"})
    password: str | None = words_or_none()


class ConversationRow(Table, table=True):
    """A conversation; ``leaf_id`` is the last message of the branch that is shown."""

    __tablename__ = "conversation"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision"),
        # Read backwards for the most recent first.
        Index(None, "owner_id", "deleted_at", "updated_at", "id"),
    )

    id: str = key()
    owner_id: str = parent("user.id")
    title: str = words()
    gateway: str = words()
    model: str | None = words_or_none()
    # Not a foreign key: two tables that point at each other can't be made one after the other.
    leaf_id: str | None = words_or_none()
    revision: int
    created_at: datetime = time()
    updated_at: datetime = time()
    deleted_at: datetime | None = time_or_none()
    preferences: Preferences = _preferences()
    # Of the one request that had a model write the title, where one did.
    title_cost: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    title_currency: str | None = words_or_none()
    title_tokens: int | None = None


class MessageRow(Table, table=True):
    """A message; its parent is the message that it follows."""

    __tablename__ = "message"
    __table_args__ = (
        one_of("role", Role),
        one_of("status", MessageStatus),
        UniqueConstraint("owner_id", "client_id"),
        Index(None, "conversation_id", "created_at", "id"),
    )

    id: str = key()
    owner_id: str = parent("user.id")
    conversation_id: str = parent("conversation.id")
    # No cascade: SQLite stops a cascade that goes deeper than 1,000 rows, and threads grow longer.
    # A deleted conversation takes its messages all at once.
    parent_id: str | None = Field(default=None, foreign_key="message.id", index=True, sa_type=Words)
    role: str = words()
    status: str = words()
    text: str = words()
    reasoning: str = words()
    tool_calls: str = Field(sa_type=Words, sa_column_kwargs={"server_default": ""})
    gateway: str | None = words_or_none()
    model: str | None = words_or_none()
    client_id: str | None = words_or_none()
    error: str | None = words_or_none()
    error_kind: str | None = words_or_none()
    finish_reason: str | None = words_or_none()
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    currency: str | None = words_or_none()
    request_id: str | None = words_or_none()
    served_model: str | None = words_or_none()
    provider: str | None = words_or_none()
    route_reason: str | None = words_or_none()
    alias: str | None = words_or_none()
    receipt: str | None = words_or_none()
    first_token_ms: int | None = None
    thought_ms: int | None = None
    duration_ms: int | None = None
    created_at: datetime = time()
    finished_at: datetime | None = time_or_none()
    edited_at: datetime | None = time_or_none()
    # Whatever follows a deleted message is out of sight with it.
    deleted_at: datetime | None = Field(default=None, sa_type=UtcTime, index=True)


class RunRow(Table, table=True):
    """One generation of one message."""

    __tablename__ = "run"
    __table_args__ = (
        one_of("status", RunStatus),
        UniqueConstraint("message_id"),
        Index(None, "conversation_id", "status"),
        Index(None, "status"),
        Index(None, "owner_id"),
    )

    id: str = key()
    owner_id: str = parent("user.id")
    conversation_id: str = parent("conversation.id")
    message_id: str = parent("message.id")
    worker_id: str = words()
    status: str = words()
    stop_asked: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    started_at: datetime = time()
    ended_at: datetime | None = time_or_none()


class RunJournalRow(Table, table=True):
    """A piece of the answer that a run is still writing."""

    __tablename__ = "run_journal"
    __table_args__ = (one_of("part", Part),)

    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE", sa_type=Words)
    seq: int = Field(primary_key=True)
    owner_id: str = parent("user.id")
    part: str = words()
    text: str = words()


class WorkerRow(Table, table=True):
    """A process that runs the site; ``beats`` rises for as long as it lives."""

    __tablename__ = "worker"

    id: str = key()
    beats: int


class PaymentRow(Table, table=True):
    """A payment to a gateway, from before it was signed; ``atomic`` is a whole number, of any size.

    It refers to its conversation and message by id only: what was spent stays spent when they go.
    """

    __tablename__ = "payment"
    __table_args__ = (
        one_of("state", PaymentState),
        Index(None, "owner_id", "created_at"),
        Index(None, "owner_id", "conversation_id"),
        Index(None, "message_id"),
    )

    nonce: str = key()
    owner_id: str = parent("user.id")
    conversation_id: str = words()
    message_id: str = words()
    gateway: str = words()
    network: str = words()
    asset: str = words()
    payee: str = words()
    atomic: str = words()
    state: str = words()
    transaction: str | None = words_or_none()
    valid_before: datetime = time()
    created_at: datetime = time()
    updated_at: datetime = time()


class PinnedPayeeRow(Table, table=True):
    """Whom a gateway's host is paid through, and whom it has proposed instead since."""

    __tablename__ = "pinned_payee"

    owner_id: str = Field(primary_key=True, foreign_key="user.id", ondelete="CASCADE", sa_type=Words)
    host: str = key()
    network: str = key()
    asset: str = key()
    payee: str = words()
    proposed: str | None = words_or_none()
    pinned_at: datetime = time()


class PersonDefaultsRow(Table, table=True):
    """What a person wants where a conversation says nothing else."""

    __tablename__ = "person_defaults"

    owner_id: str = Field(primary_key=True, foreign_key="user.id", ondelete="CASCADE", sa_type=Words)
    preferences: Preferences = _preferences()
    titles_by_model: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    gateway: str | None = words_or_none()
    model: str | None = words_or_none()


user = metadata.tables["user"]
conversation = metadata.tables["conversation"]
message = metadata.tables["message"]
run = metadata.tables["run"]
run_journal = metadata.tables["run_journal"]
payment = metadata.tables["payment"]
pinned_payee = metadata.tables["pinned_payee"]
person_defaults = metadata.tables["person_defaults"]
worker = metadata.tables["worker"]
