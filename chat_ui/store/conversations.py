"""Conversations: a title, a choice of model, and which branch is shown.

Each change raises the conversation's revision in the same statement, so that whoever follows it can tell
that one was missed. ``updated_at`` is when it was last talked in: renaming doesn't move a conversation to
the top of the list.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.errors import NotFoundError
from chat_ui.store.ids import new_id
from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.store.tables import conversation, message

__all__ = [
    "Answering",
    "Conversation",
    "choose_model",
    "create",
    "delete",
    "get",
    "prefer",
    "purge",
    "recent",
    "rename",
    "restore",
    "set_leaf",
    "show_leaf",
    "title_by_model",
    "touch",
]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it is stored.

    Args:
        id: its id.
        title: what it is called.
        gateway: the name of the gateway that answers.
        model: the model that answers; the gateway's own choice where None.
        leaf_id: the last message of the branch that is shown.
        revision: how many changes it has seen; 1 when it is new.
        created_at: when it was made.
        updated_at: when it was last talked in.
        deleted_at: when it was deleted.
        preferences: what is asked of the model here, where that differs from the person's defaults.
        title_cost: what the request cost that had a model write the title, where the gateway said.
        title_currency: in which currency.
        title_tokens: how many tokens that request took, read and written; None where no model was asked.
    """

    id: str
    title: str
    gateway: str
    model: str | None
    leaf_id: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    preferences: Preferences = AS_IT_IS
    title_cost: Decimal | None = None
    title_currency: str | None = None
    title_tokens: int | None = None


class Answering(TypedDict, total=False):
    """Who answers from now on, as a conversation keeps it."""

    gateway: str
    model: str | None


_COLUMNS = [conversation.c[field.name] for field in fields(Conversation)]

# Put together once, as those of the messages are; no parameter may have the name of a column that is set.
_LIVING = (
    conversation.c.id == bindparam("its_id"),
    conversation.c.owner_id == bindparam("its_owner"),
    conversation.c.deleted_at.is_(None),
)
_ONE = select(*_COLUMNS).where(*_LIVING)
_CHANGE = (
    update(conversation).where(*_LIVING).values(revision=conversation.c.revision + 1).returning(*_COLUMNS)
)
_END_WITH = _CHANGE.where(
    or_(
        bindparam("its_leaf", type_=message.c.id.type).is_(None),
        exists().where(
            message.c.id == bindparam("its_leaf"),
            message.c.owner_id == bindparam("its_owner"),
            message.c.conversation_id == bindparam("its_id"),
        ),
    )
)
_ADD = conversation.insert().returning(*_COLUMNS)


async def create(  # noqa: PLR0913
    tx: AsyncConnection,
    owner: str,
    *,
    title: str,
    gateway: str,
    model: str | None,
    preferences: Preferences = AS_IT_IS,
    id: str | None = None,
) -> Conversation:
    """Add an empty conversation.

    Args:
        tx: a write transaction.
        owner: whose it is.
        title: what it is called.
        gateway: the name of the gateway that answers.
        model: the model that answers; None for the gateway's own choice.
        preferences: what is asked of it here.
        id: its id; a new one otherwise.

    Raises:
        ConflictError: the id is taken, or there is no such owner (raised as the transaction ends).
    """
    now = datetime.now(UTC)
    added = {
        "id": id or new_id(),
        "owner_id": owner,
        "title": title,
        "gateway": gateway,
        "model": model,
        "preferences": preferences,
        "revision": 1,
        "created_at": now,
        "updated_at": now,
    }
    return Conversation(*(await tx.execute(_ADD, added)).one())


async def get(tx: AsyncConnection, owner: str, id: str) -> Conversation | None:
    """Get a conversation; None where it isn't this owner's or is deleted."""
    row = (await tx.execute(_ONE, {"its_id": id, "its_owner": owner})).one_or_none()
    return Conversation(*row) if row else None


async def recent(tx: AsyncConnection, owner: str, *, limit: int) -> list[Conversation]:
    """List conversations, the one last talked in first; so many at most."""
    rows = await tx.execute(
        select(*_COLUMNS)
        .where(conversation.c.owner_id == owner, conversation.c.deleted_at.is_(None))
        .order_by(conversation.c.updated_at.desc(), conversation.c.id.desc())
        .limit(limit)
    )
    return [Conversation(*row) for row in rows]


async def rename(tx: AsyncConnection, owner: str, id: str, title: str) -> Conversation | None:
    """Change what a conversation is called; None where it isn't this owner's or is deleted."""
    return await _change(tx, owner, id, title=title)


async def choose_model(
    tx: AsyncConnection, owner: str, id: str, *, gateway: str, model: str | None
) -> Conversation | None:
    """Change who answers from now on; None where it isn't this owner's or is deleted."""
    return await _change(tx, owner, id, gateway=gateway, model=model)


async def prefer(tx: AsyncConnection, owner: str, id: str, wanted: Preferences) -> Conversation | None:
    """Change what is asked of the model from now on; None where it isn't this owner's or is deleted."""
    return await _change(tx, owner, id, preferences=wanted)


async def title_by_model(  # noqa: PLR0913
    tx: AsyncConnection,
    owner: str,
    id: str,
    *,
    title: str,
    cost: Decimal | None,
    currency: str | None,
    tokens: int,
) -> Conversation | None:
    """Keep what a model called a conversation, and what asking took; None where it isn't this owner's."""
    figures = {"title_cost": cost, "title_currency": currency, "title_tokens": tokens}
    return await _change(tx, owner, id, title=title, **figures)


async def set_leaf(
    tx: AsyncConnection, owner: str, id: str, leaf_id: str | None, **answering: Unpack[Answering]
) -> Conversation | None:
    """End the branch that is shown with a message that was just written, in one change.

    Args:
        tx: the transaction.
        owner: whose conversation.
        id: the conversation.
        leaf_id: the message.
        **answering: who answers from now on, where that changes with it.

    Returns:
        The conversation; None where it isn't this owner's or is deleted.

    Raises:
        NotFoundError: the message isn't one of this conversation's.
    """
    return await _end_with(tx, owner, id, leaf_id, updated_at=datetime.now(UTC), **answering)


async def show_leaf(tx: AsyncConnection, owner: str, id: str, leaf_id: str | None) -> Conversation | None:
    """Show the branch that ends with a message, as ``set_leaf`` does; looking isn't talking."""
    return await _end_with(tx, owner, id, leaf_id)


async def _end_with(
    tx: AsyncConnection, owner: str, id: str, leaf_id: str | None, **values: Any
) -> Conversation | None:
    shown = {"its_id": id, "its_owner": owner, "its_leaf": leaf_id, "leaf_id": leaf_id, **values}
    row = (await tx.execute(_END_WITH, shown)).one_or_none()
    if row is None and await get(tx, owner, id) is not None:
        raise NotFoundError(f"Conversation {id} has no message {leaf_id} to end its branch with.")
    return Conversation(*row) if row else None


async def touch(tx: AsyncConnection, owner: str, id: str) -> Conversation | None:
    """Note that something in a conversation has changed; None where it isn't this owner's or is deleted."""
    return await _change(tx, owner, id, updated_at=datetime.now(UTC))


async def delete(tx: AsyncConnection, owner: str, id: str) -> Conversation | None:
    """Take a conversation out of sight; its rows stay. None where it isn't this owner's or is deleted."""
    return await _change(tx, owner, id, deleted_at=datetime.now(UTC))


async def restore(tx: AsyncConnection, owner: str, id: str) -> Conversation | None:
    """Bring a deleted conversation back; None where it isn't this owner's, isn't deleted, or is purged."""
    table = conversation.c
    restored = await tx.execute(
        update(conversation)
        .where(table.id == id, table.owner_id == owner, table.deleted_at.is_not(None))
        .values(revision=table.revision + 1, deleted_at=None)
        .returning(*_COLUMNS)
    )
    row = restored.one_or_none()
    return Conversation(*row) if row else None


async def purge(tx: AsyncConnection, *, before: datetime) -> int:
    """Delete for good, on nobody's behalf, what everybody deleted before a moment.

    Returns:
        How many conversations that were.
    """
    gone = await tx.execute(
        delete_rows(conversation).where(conversation.c.deleted_at < before).returning(conversation.c.id)
    )
    return len(gone.all())


async def _change(tx: AsyncConnection, owner: str, id: str, **values: Any) -> Conversation | None:
    row = (await tx.execute(_CHANGE, {"its_id": id, "its_owner": owner, **values})).one_or_none()
    return Conversation(*row) if row else None
