"""The tree of a conversation's messages: its branches, and what follows each message."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.columns import bytes_in
from chat_ui.store.messages import COLUMNS, Message, message_of
from chat_ui.store.tables import Role, message

__all__ = ["Node", "nodes", "path", "siblings", "sizes"]

LONGEST_PATH = 100_000

# Put together once: see ``messages``.
_HERE = (message.c.owner_id == bindparam("owner"), message.c.conversation_id == bindparam("conversation"))
_LEAF = (
    select(message.c.id, message.c.parent_id, literal(1).label("step"))
    .where(message.c.id == bindparam("leaf"), *_HERE)
    .cte("steps", recursive=True)
)
# The places of a branch, counted from its leaf. The number of steps ends it even if messages went round in a
# circle; each counts once then.
_STEPS = _LEAF.union_all(
    select(message.c.id, message.c.parent_id, _LEAF.c.step + 1)
    .join(_LEAF, message.c.id == _LEAF.c.parent_id)
    .where(_LEAF.c.step < bindparam("most", type_=_LEAF.c.step.type), *_HERE)
)
_BRANCH = select(*COLUMNS).join(_STEPS, message.c.id == _STEPS.c.id).order_by(_STEPS.c.step)
_SIZES = (
    select(message.c.id, message.c.role, bytes_in(message.c.text))
    .join(_STEPS, message.c.id == _STEPS.c.id)
    .order_by(_STEPS.c.step.desc())
)

_FOLLOWERS = (
    select(message.c.parent_id, message.c.id)
    .where(*_HERE, message.c.deleted_at.is_(None))
    .order_by(message.c.created_at, message.c.id)
)
# Apart, because one condition for both would keep the index of parents from being used.
_FOLLOWERS_OF_SOME = _FOLLOWERS.where(message.c.parent_id.in_(bindparam("parents", expanding=True)))
_FOLLOWERS_OF_NONE = _FOLLOWERS.where(message.c.parent_id.is_(None))


@dataclass(frozen=True, slots=True)
class Node:
    """A message's place in its conversation."""

    id: str
    parent_id: str | None
    is_deleted: bool = False
    is_question: bool = False


async def path(
    tx: AsyncConnection, owner: str, conversation_id: str, leaf_id: str, *, most: int = LONGEST_PATH
) -> list[Message]:
    """Read a branch, from the first message to the leaf; empty where there is no such leaf any more.

    Args:
        tx: a transaction.
        owner: whose conversation it is.
        conversation_id: the conversation.
        leaf_id: the branch's last message.
        most: how many of its last messages to read.
    """
    asked = {"owner": owner, "conversation": conversation_id, "leaf": leaf_id, "most": most}
    found = {step.id: step for step in map(message_of, await tx.execute(_BRANCH, asked))}
    is_gone = any(step.deleted_at for step in found.values())
    return [] if is_gone else list(found.values())[::-1]


async def sizes(
    tx: AsyncConnection, owner: str, conversation_id: str, leaf_id: str
) -> list[tuple[str, Role, int]]:
    """List the id, role and bytes of text of each message of a branch, from the first to the leaf."""
    asked = {"owner": owner, "conversation": conversation_id, "leaf": leaf_id, "most": LONGEST_PATH}
    return [(id, role, size) for id, role, size in await tx.execute(_SIZES, asked)]


async def nodes(tx: AsyncConnection, owner: str, conversation_id: str) -> list[Node]:
    """List the places of all messages of a conversation, deleted ones too, in the order of their making."""
    rows = await tx.execute(
        select(message.c.id, message.c.parent_id, message.c.deleted_at, message.c.role)
        .where(message.c.owner_id == owner, message.c.conversation_id == conversation_id)
        .order_by(message.c.created_at, message.c.id)
    )
    return [
        Node(id, parent_id, deleted_at is not None, role == "user")
        for id, parent_id, deleted_at, role in rows
    ]


async def siblings(
    tx: AsyncConnection, owner: str, conversation_id: str, parent_ids: Collection[str | None]
) -> dict[str | None, tuple[str, ...]]:
    """List what follows each of some messages; what follows None are the first messages."""
    here = {"owner": owner, "conversation": conversation_id}
    asked: list[tuple[Select[Any, Any], dict[str, Any]]] = []
    if parents := [id for id in parent_ids if id is not None]:
        asked.append((_FOLLOWERS_OF_SOME, {**here, "parents": parents}))
    if None in parent_ids:
        asked.append((_FOLLOWERS_OF_NONE, here))
    found: dict[str | None, tuple[str, ...]] = {}
    for query, values in asked:
        for parent_id, id in await tx.execute(query, values):
            found[parent_id] = (*found.get(parent_id, ()), id)
    return found
