"""Messages: a tree in each conversation, of which one branch is shown.

Whether the conversation has been deleted is asked where it is read and when a message is added, not for
each message that is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import CTE, literal, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.ext.asyncio import AsyncSession

from chat_ui.store import conversations
from chat_ui.store.columns import bytes_in
from chat_ui.store.errors import NotFoundError
from chat_ui.store.ids import new_id
from chat_ui.store.tables import MessageStatus, Role, message

__all__ = [
    "Ending",
    "Message",
    "Node",
    "add",
    "by_client_id",
    "copy",
    "delete",
    "get",
    "nodes",
    "path",
    "purge",
    "restore",
    "siblings",
    "sizes",
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


@dataclass(frozen=True, slots=True)
class Node:
    """A message's place in its conversation."""

    id: str
    parent_id: str | None
    is_deleted: bool = False


LONGEST_PATH = 100_000

_NAMES = [field.name for field in fields(Message)]
_COLUMNS = [message.c[name] for name in _NAMES]


def _message(row: tuple[object, ...]) -> Message:
    return Message(**dict(zip(_NAMES, row, strict=True)))  # pyright: ignore[reportArgumentType]


async def add(tx: AsyncSession, owner: str, added: Message) -> None:
    """Add a message; raise the conversation's revision beside it with ``conversations.set_leaf``.

    Raises:
        NotFoundError: the conversation isn't this owner's, is deleted, or doesn't have the parent.
        ConflictError: the id or client id is taken (raised as the transaction ends).
    """
    if await conversations.get(tx, owner, added.conversation_id) is None:
        raise NotFoundError(f"There is no conversation {added.conversation_id} to add a message to.")
    if added.parent_id is not None:
        parent = await get(tx, owner, added.parent_id)
        if parent is None or parent.conversation_id != added.conversation_id:
            raise NotFoundError(f"Conversation {added.conversation_id} has no message {added.parent_id}.")
    await tx.execute(message.insert().values(owner_id=owner, **asdict(added)))


async def get(tx: AsyncSession, owner: str, id: str) -> Message | None:
    """Get a message; None where it isn't this owner's."""
    found = await tx.execute(select(*_COLUMNS).where(message.c.id == id, message.c.owner_id == owner))
    row = found.one_or_none()
    return _message(row) if row else None


async def by_client_id(tx: AsyncSession, owner: str, client_id: str) -> Message | None:
    """Get the message that a send has already made; None where it is the first of its id."""
    found = await tx.execute(
        select(*_COLUMNS).where(message.c.owner_id == owner, message.c.client_id == client_id)
    )
    row = found.one_or_none()
    return _message(row) if row else None


async def path(
    tx: AsyncSession, owner: str, conversation_id: str, leaf_id: str, *, most: int = LONGEST_PATH
) -> list[Message]:
    """Read a branch, from the first message to the leaf; empty where there is no such leaf any more.

    Args:
        tx: a transaction.
        owner: whose conversation it is.
        conversation_id: the conversation.
        leaf_id: the branch's last message.
        most: how many of its last messages to read.
    """
    steps = _steps(owner, conversation_id, leaf_id, most)
    rows = await tx.execute(select(*_COLUMNS).join(steps, message.c.id == steps.c.id).order_by(steps.c.step))
    found = {step.id: step for step in map(_message, rows)}
    is_gone = any(step.deleted_at for step in found.values())
    return [] if is_gone else list(found.values())[::-1]


def _steps(owner: str, conversation_id: str, leaf_id: str, most: int) -> CTE:
    """The places of a branch, counted from its leaf."""
    here = (message.c.owner_id == owner, message.c.conversation_id == conversation_id)
    steps = (
        select(message.c.id, message.c.parent_id, literal(1).label("step"))
        .where(message.c.id == leaf_id, *here)
        .cte(recursive=True)
    )
    # The number of steps ends it even if messages went round in a circle; each counts once then.
    return steps.union_all(
        select(message.c.id, message.c.parent_id, steps.c.step + 1)
        .join(steps, message.c.id == steps.c.parent_id)
        .where(steps.c.step < most, *here)
    )


async def sizes(
    tx: AsyncSession, owner: str, conversation_id: str, leaf_id: str
) -> list[tuple[str, Role, int]]:
    """List the id, role and bytes of text of each message of a branch, from the first to the leaf."""
    steps = _steps(owner, conversation_id, leaf_id, LONGEST_PATH)
    rows = await tx.execute(
        select(message.c.id, message.c.role, bytes_in(message.c.text))
        .join(steps, message.c.id == steps.c.id)
        .order_by(steps.c.step.desc())
    )
    return [(id, role, size) for id, role, size in rows]


async def nodes(tx: AsyncSession, owner: str, conversation_id: str) -> list[Node]:
    """List the places of all messages of a conversation, deleted ones too, in the order of their making."""
    rows = await tx.execute(
        select(message.c.id, message.c.parent_id, message.c.deleted_at)
        .where(message.c.owner_id == owner, message.c.conversation_id == conversation_id)
        .order_by(message.c.created_at, message.c.id)
    )
    return [Node(id, parent_id, deleted_at is not None) for id, parent_id, deleted_at in rows]


async def siblings(
    tx: AsyncSession, owner: str, conversation_id: str, parent_ids: Collection[str | None]
) -> dict[str | None, tuple[str, ...]]:
    """List what follows each of some messages; what follows None are the first messages."""
    here = (
        message.c.owner_id == owner,
        message.c.conversation_id == conversation_id,
        message.c.deleted_at.is_(None),
    )
    query = select(message.c.parent_id, message.c.id).where(*here)
    query = query.order_by(message.c.created_at, message.c.id)
    # Apart, because one condition for both would keep the index of parents from being used.
    asked = [message.c.parent_id.in_([id for id in parent_ids if id is not None])]
    if None in parent_ids:
        asked.append(message.c.parent_id.is_(None))
    found: dict[str | None, tuple[str, ...]] = {}
    for condition in asked:
        for parent_id, id in await tx.execute(query.where(condition)):
            found[parent_id] = (*found.get(parent_id, ()), id)
    return found


async def copy(tx: AsyncSession, owner: str, conversation_id: str, branch: Sequence[Message]) -> None:
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


async def delete(tx: AsyncSession, owner: str, id: str) -> bool:
    """Take a message out of sight, with all that follows; whether there was one of this owner's to take."""
    return await _mark(tx, owner, id, is_deleted=True)


async def restore(tx: AsyncSession, owner: str, id: str) -> bool:
    """Bring a deleted message back; whether there was one of this owner's to bring."""
    return await _mark(tx, owner, id, is_deleted=False)


async def _mark(tx: AsyncSession, owner: str, id: str, *, is_deleted: bool) -> bool:
    was = message.c.deleted_at.is_(None) if is_deleted else message.c.deleted_at.is_not(None)
    marked = await tx.execute(
        update(message)
        .where(message.c.id == id, message.c.owner_id == owner, was)
        .values(deleted_at=_now() if is_deleted else None)
        .returning(message.c.id)
    )
    return marked.one_or_none() is not None


async def purge(tx: AsyncSession, *, before: datetime) -> int:
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
