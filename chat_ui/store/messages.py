"""Messages: a tree in each conversation (see ``lineage``), of which one branch is shown.

Whether the conversation has been deleted is asked where it is read and when a message is added, not for
each message that is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store import conversations
from chat_ui.store.errors import NotFoundError
from chat_ui.store.ids import new_id
from chat_ui.store.tables import MessageStatus, Role, conversation, message

__all__ = [
    "COLUMNS",
    "Ending",
    "Message",
    "add",
    "by_client_id",
    "copy",
    "delete",
    "get",
    "message_of",
    "move",
    "purge",
    "restore",
]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an answer ended, and what is known of how it came about; None where nobody said.

    Args:
        error: what went wrong, in words for the reader.
        error_kind: what kind of failure that was, for the page to offer what helps.
        finish_reason: why the model ended.
        input_tokens: tokens that the model read.
        output_tokens: tokens that it wrote, reasoning included.
        cached_tokens: those of the input that came from a cache.
        reasoning_tokens: those of the output that were reasoning.
        cost: what the gateway charged.
        currency: in which currency.
        receipt: the payment's transaction and network, or its nonce, where it was paid per request.
        request_id: the gateway's name for the request.
        served_model: the model that answered.
        alias: the name that the gateway took for that model's.
        provider: whose machine it ran on.
        route_reason: why the gateway chose it.
        first_token_ms: from request to first token, in milliseconds.
        thought_ms: how much of the time it thought, in milliseconds.
        duration_ms: from request to end, in milliseconds.
    """

    error: str | None = None
    error_kind: str | None = None
    finish_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    receipt: str | None = None
    request_id: str | None = None
    served_model: str | None = None
    alias: str | None = None
    provider: str | None = None
    route_reason: str | None = None
    first_token_ms: int | None = None
    thought_ms: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Ending):
    """A message as it is stored; what ``Ending`` adds is an answer's.

    Args:
        id: its id.
        conversation_id: the conversation that it belongs to.
        parent_id: the message that it follows; None for a first one.
        role: who speaks.
        status: how far it has come.
        text: what is said; not all of it while an answer is streaming, when the run's journal has it.
        reasoning: what the model thought before.
        tool_calls: the tools that the model wants called, as ``chat/tool_log.py`` writes them.
        gateway: the name of the gateway that answered.
        model: the model that was asked.
        client_id: the id that the browser gave this send; one send is one message, however often it comes.
        created_at: when it was made.
        finished_at: when its answer ended.
        edited_at: when a person put words of their own in place of what a model had said.
        deleted_at: when it was deleted, and with it all that follows.
    """

    id: str = field(default_factory=new_id)
    conversation_id: str
    parent_id: str | None = None
    role: Role
    status: MessageStatus = "complete"
    text: str = ""
    reasoning: str = ""
    tool_calls: str = ""
    gateway: str | None = None
    model: str | None = None
    client_id: str | None = None
    created_at: datetime = field(default_factory=_now)
    finished_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None


_NAMES = [field.name for field in fields(Message)]
COLUMNS = [message.c[name] for name in _NAMES]

# What every turn asks is put together once: building a statement takes longer than the database needs for it.
_ONE = select(*COLUMNS).where(
    message.c.id == bindparam("id"),
    message.c.owner_id == bindparam("owner"),
)
_OF_SEND = select(*COLUMNS).where(
    message.c.owner_id == bindparam("owner"),
    message.c.client_id == bindparam("client"),
)

_STORED = ["owner_id", *_NAMES]
_parent = message.alias()
# Asking whether there is such a place and writing there are one statement.
_ADD = (
    message.insert()
    .from_select(
        _STORED,
        select(*(bindparam(name, type_=message.c[name].type) for name in _STORED)).where(
            exists().where(
                conversation.c.id == bindparam("conversation_id"),
                conversation.c.owner_id == bindparam("owner_id"),
                conversation.c.deleted_at.is_(None),
            ),
            or_(
                bindparam("parent_id", type_=message.c.parent_id.type).is_(None),
                exists().where(
                    _parent.c.id == bindparam("parent_id"),
                    _parent.c.owner_id == bindparam("owner_id"),
                    _parent.c.conversation_id == bindparam("conversation_id"),
                ),
            ),
        ),
    )
    .returning(*COLUMNS)
)


def message_of(row: tuple[object, ...]) -> Message:
    """A message from its row, which holds ``COLUMNS``."""
    return Message(**dict(zip(_NAMES, row, strict=True)))  # pyright: ignore[reportArgumentType]


async def add(tx: AsyncConnection, owner: str, added: Message) -> Message:
    """Add a message; raise the conversation's revision beside it with ``conversations.set_leaf``.

    Returns:
        The message as it is stored: characters that no database or page can hold are replaced there.

    Raises:
        NotFoundError: the conversation isn't this owner's, is deleted, or doesn't have the parent.
        ConflictError: the id or client id is taken (raised as the transaction ends).
    """
    row = (await tx.execute(_ADD, {"owner_id": owner, **asdict(added)})).one_or_none()
    if row is None:
        place = f"after {added.parent_id}" if added.parent_id else "at its beginning"
        raise NotFoundError(f"Conversation {added.conversation_id} has no place {place} for a message.")
    return message_of(row)


async def get(tx: AsyncConnection, owner: str, id: str) -> Message | None:
    """Get a message; None where it isn't this owner's."""
    row = (await tx.execute(_ONE, {"owner": owner, "id": id})).one_or_none()
    return message_of(row) if row else None


async def by_client_id(tx: AsyncConnection, owner: str, client_id: str) -> Message | None:
    """Get the message that a send has already made; None where it is the first of its id."""
    row = (await tx.execute(_OF_SEND, {"owner": owner, "client": client_id})).one_or_none()
    return message_of(row) if row else None


async def copy(tx: AsyncConnection, owner: str, conversation_id: str, branch: Sequence[Message]) -> None:
    """Add messages to a conversation at once, each after the one that it follows.

    Raises:
        NotFoundError: the conversation isn't this owner's, or is deleted.
        ConflictError: an id or client id is taken (raised as the transaction ends).
    """
    if await conversations.get(tx, owner, conversation_id) is None:
        raise NotFoundError(f"There is no conversation {conversation_id} to copy messages to.")
    rows = [{"owner_id": owner, **asdict(one), "conversation_id": conversation_id} for one in branch]
    if rows:
        await tx.execute(message.insert(), rows)


async def delete(tx: AsyncConnection, owner: str, id: str) -> bool:
    """Take a message out of sight, with all that follows; whether there was one of this owner's to take."""
    return await _mark(tx, owner, id, is_deleted=True)


async def restore(tx: AsyncConnection, owner: str, id: str) -> bool:
    """Bring a deleted message back; whether there was one of this owner's to bring."""
    return await _mark(tx, owner, id, is_deleted=False)


async def move(tx: AsyncConnection, owner: str, id: str, before: str | None, after: str | None) -> bool:
    """Have a message follow another one of its conversation; whether it followed what it was said to.

    Args:
        tx: a write transaction.
        owner: whose message it is.
        id: the message, with all that follows it.
        before: what it follows now; None for a first one.
        after: what it is to follow; None to make it a first one.
    """
    moved = await tx.execute(
        update(message)
        .where(
            message.c.id == id,
            message.c.owner_id == owner,
            message.c.parent_id.is_not_distinct_from(before),
        )
        .values(parent_id=after)
        .returning(message.c.id)
    )
    return moved.one_or_none() is not None


async def _mark(tx: AsyncConnection, owner: str, id: str, *, is_deleted: bool) -> bool:
    was = message.c.deleted_at.is_(None) if is_deleted else message.c.deleted_at.is_not(None)
    marked = await tx.execute(
        update(message)
        .where(message.c.id == id, message.c.owner_id == owner, was)
        .values(deleted_at=_now() if is_deleted else None)
        .returning(message.c.id)
    )
    return marked.one_or_none() is not None


async def purge(tx: AsyncConnection, *, before: datetime) -> int:
    """Delete for good, on nobody's behalf, what everybody deleted before a moment, and all that follows it.

    Returns:
        How many messages that were.
    """
    gone = select(message.c.id).where(message.c.deleted_at < before).cte(recursive=True)
    gone = gone.union(select(message.c.id).join(gone, message.c.parent_id == gone.c.id))
    # In one statement, so that no message is left without the one that it follows.
    purged = await tx.execute(
        delete_rows(message).where(message.c.id.in_(select(gone.c.id))).returning(message.c.id)
    )
    return len(purged.all())
