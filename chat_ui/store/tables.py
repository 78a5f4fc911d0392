"""The tables.

Rows stay inside this package: queries read the columns into the values that the modules beside this
one define. What a person owns carries ``owner_id`` and goes when the person goes.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal, get_args

from sqlalchemy import CheckConstraint, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chat_ui.store.columns import ExactDecimal, UtcTime, Words

__all__ = [
    "MessageStatus",
    "Part",
    "PaymentState",
    "Role",
    "RunStatus",
    "conversation",
    "message",
    "metadata",
    "payment",
    "pinned_payee",
    "run",
    "run_journal",
    "user",
]

Role = Literal["user", "assistant", "tool", "system"]
MessageStatus = Literal["streaming", "complete", "stopped", "interrupted", "failed"]
RunStatus = Literal["running", "complete", "stopped", "interrupted", "failed"]
Part = Literal["text", "reasoning", "tool_calls"]
PaymentState = Literal["reserved", "sent", "settled", "released", "unknown"]

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _one_of(column: str, choices: Any) -> CheckConstraint:
    words = ", ".join(f"'{choice}'" for choice in get_args(choices))
    return CheckConstraint(f"{column} IN ({words})", name=column)


def _id() -> Any:
    return Field(primary_key=True, sa_type=Words)


def _parent(column: str) -> Any:
    return Field(foreign_key=column, ondelete="CASCADE", sa_type=Words)


def _words() -> Any:
    return Field(sa_type=Words)


def _words_or_none() -> Any:
    return Field(default=None, sa_type=Words)


def _time() -> Any:
    return Field(sa_type=UtcTime)


def _time_or_none() -> Any:
    return Field(default=None, sa_type=UtcTime)


class _Table(SQLModel, registry=registry(metadata=metadata)):
    __tablename__: ClassVar[Any]


class UserRow(_Table, table=True):
    """A person."""

    __tablename__ = "user"
    __table_args__ = (UniqueConstraint("name"),)

    id: str = _id()
    name: str = _words()
    created_at: datetime = _time()


class ConversationRow(_Table, table=True):
    """A conversation; ``leaf_id`` is the last message of the branch that is shown."""

    __tablename__ = "conversation"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision"),
        # Read backwards for the most recent first.
        Index(None, "owner_id", "deleted_at", "updated_at", "id"),
    )

    id: str = _id()
    owner_id: str = _parent("user.id")
    title: str = _words()
    gateway: str = _words()
    model: str | None = _words_or_none()
    # Not a foreign key: two tables that point at each other can't be made one after the other.
    leaf_id: str | None = _words_or_none()
    revision: int
    created_at: datetime = _time()
    updated_at: datetime = _time()
    deleted_at: datetime | None = _time_or_none()


class MessageRow(_Table, table=True):
    """A message; its parent is the message that it follows."""

    __tablename__ = "message"
    __table_args__ = (
        _one_of("role", Role),
        _one_of("status", MessageStatus),
        UniqueConstraint("owner_id", "client_id"),
        Index(None, "conversation_id", "created_at", "id"),
    )

    id: str = _id()
    owner_id: str = _parent("user.id")
    conversation_id: str = _parent("conversation.id")
    # No cascade: SQLite stops a cascade that goes deeper than 1,000 rows, and threads grow longer.
    # A deleted conversation takes its messages all at once.
    parent_id: str | None = Field(default=None, foreign_key="message.id", index=True, sa_type=Words)
    role: str = _words()
    status: str = _words()
    text: str = _words()
    reasoning: str = _words()
    tool_calls: str = Field(sa_type=Words, sa_column_kwargs={"server_default": ""})
    gateway: str | None = _words_or_none()
    model: str | None = _words_or_none()
    client_id: str | None = _words_or_none()
    error: str | None = _words_or_none()
    error_kind: str | None = _words_or_none()
    finish_reason: str | None = _words_or_none()
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    currency: str | None = _words_or_none()
    request_id: str | None = _words_or_none()
    served_model: str | None = _words_or_none()
    provider: str | None = _words_or_none()
    route_reason: str | None = _words_or_none()
    alias: str | None = _words_or_none()
    receipt: str | None = _words_or_none()
    first_token_ms: int | None = None
    duration_ms: int | None = None
    created_at: datetime = _time()
    finished_at: datetime | None = _time_or_none()


class RunRow(_Table, table=True):
    """One generation of one message."""

    __tablename__ = "run"
    __table_args__ = (
        _one_of("status", RunStatus),
        UniqueConstraint("message_id"),
        Index(None, "conversation_id", "status"),
        Index(None, "status"),
        Index(None, "owner_id"),
    )

    id: str = _id()
    owner_id: str = _parent("user.id")
    conversation_id: str = _parent("conversation.id")
    message_id: str = _parent("message.id")
    worker_id: str = _words()
    status: str = _words()
    started_at: datetime = _time()
    ended_at: datetime | None = _time_or_none()


class RunJournalRow(_Table, table=True):
    """A piece of the answer that a run is still writing."""

    __tablename__ = "run_journal"
    __table_args__ = (_one_of("part", Part),)

    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE", sa_type=Words)
    seq: int = Field(primary_key=True)
    owner_id: str = _parent("user.id")
    part: str = _words()
    text: str = _words()


class PaymentRow(_Table, table=True):
    """A payment to a gateway, from before it was signed; ``atomic`` is a whole number, of any size.

    It refers to its conversation and message by id only: what was spent stays spent when they go.
    """

    __tablename__ = "payment"
    __table_args__ = (
        _one_of("state", PaymentState),
        Index(None, "owner_id", "created_at"),
        Index(None, "owner_id", "conversation_id"),
        Index(None, "message_id"),
    )

    nonce: str = _id()
    owner_id: str = _parent("user.id")
    conversation_id: str = _words()
    message_id: str = _words()
    gateway: str = _words()
    network: str = _words()
    asset: str = _words()
    payee: str = _words()
    atomic: str = _words()
    state: str = _words()
    transaction: str | None = _words_or_none()
    valid_before: datetime = _time()
    created_at: datetime = _time()
    updated_at: datetime = _time()


class PinnedPayeeRow(_Table, table=True):
    """Whom a gateway's host is paid through, and whom it has proposed instead since."""

    __tablename__ = "pinned_payee"

    owner_id: str = Field(primary_key=True, foreign_key="user.id", ondelete="CASCADE", sa_type=Words)
    host: str = _id()
    network: str = _id()
    asset: str = _id()
    payee: str = _words()
    proposed: str | None = _words_or_none()
    pinned_at: datetime = _time()


user = metadata.tables["user"]
conversation = metadata.tables["conversation"]
message = metadata.tables["message"]
run = metadata.tables["run"]
run_journal = metadata.tables["run_journal"]
payment = metadata.tables["payment"]
pinned_payee = metadata.tables["pinned_payee"]
