"""Whole conversations, with every branch: read to be taken along, written where they are brought in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store import runs
from chat_ui.store.conversations import Conversation
from chat_ui.store.messages import COLUMNS, Message, message_of
from chat_ui.store.tables import conversation, message

__all__ = ["Whole", "add", "are_free", "get", "has", "ids", "parents_first"]

# SQLite takes a limited number of parameters.
AT_ONCE = 500

_COLUMNS = [conversation.c[field.name] for field in fields(Conversation)]
_ONE = (conversation.c.id == bindparam("id"), conversation.c.owner_id == bindparam("owner"))
_TAKEN = [
    select(column.c.id).where(column.c.id.in_(bindparam("ids", expanding=True))).limit(1)
    for column in (conversation, message)
]


@dataclass(frozen=True, slots=True)
class Whole:
    """A conversation and all its messages, deleted ones too, each behind the one that it follows."""

    conversation: Conversation
    messages: tuple[Message, ...]


def parents_first(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Messages of one conversation, each behind the one that it follows.

    The order depends on nothing but the messages. One that follows none of them, or itself in the end, isn't
    in it.
    """
    followers: defaultdict[str | None, list[Message]] = defaultdict(list)
    for each in sorted(messages, key=lambda each: (each.created_at, each.id)):
        followers[each.parent_id].append(each)
    ordered = followers[None]
    for each in ordered:
        ordered.extend(followers[each.id])
    return tuple(ordered)


async def ids(tx: AsyncConnection, owner: str) -> list[str]:
    """List the ids of all conversations of a person, deleted ones too."""
    rows = await tx.execute(
        select(conversation.c.id).where(conversation.c.owner_id == owner).order_by(conversation.c.id)
    )
    return list(rows.scalars())


async def has(tx: AsyncConnection, owner: str, id: str) -> bool:
    """Whether a person has this conversation, be it deleted."""
    found = await tx.execute(select(conversation.c.id).where(*_ONE), {"id": id, "owner": owner})
    return found.first() is not None


async def get(tx: AsyncConnection, owner: str, id: str) -> Whole | None:
    """Read a conversation as it would be if its answers ended now; None where it isn't this owner's."""
    row = (await tx.execute(select(*_COLUMNS).where(*_ONE), {"id": id, "owner": owner})).one_or_none()
    if row is None:
        return None
    here = (message.c.conversation_id == id, message.c.owner_id == owner)
    said = [message_of(each) for each in await tx.execute(select(*COLUMNS).where(*here))]
    growing = {run.message_id: run.id for run in await runs.active(tx, owner, id)}
    for at, one in enumerate(said):
        if one.status == "streaming":
            run_id = growing.get(one.id)
            texts = asdict(await runs.journal(tx, owner, run_id)) if run_id else {}
            said[at] = replace(one, status="interrupted", **texts)
    return Whole(Conversation(*row), parents_first(said))


async def are_free(tx: AsyncConnection, whole: Whole) -> bool:
    """Whether none of these ids is anybody's; nothing is said of whose they are."""
    wanted = [whole.conversation.id, *(each.id for each in whole.messages)]
    for at in range(0, len(wanted), AT_ONCE):
        for taken in _TAKEN:
            if (await tx.execute(taken, {"ids": wanted[at : at + AT_ONCE]})).first() is not None:
                return False
    return True


async def add(tx: AsyncConnection, owner: str, whole: Whole) -> None:
    """Add a conversation with all its messages.

    Raises:
        ConflictError: an id is taken, or a message follows one that isn't there (raised as the transaction
            ends at the latest).
    """
    here = {"owner_id": owner, "conversation_id": whole.conversation.id}
    await tx.execute(conversation.insert(), {"owner_id": owner, **_row(whole.conversation)})
    if whole.messages:
        await tx.execute(message.insert(), [_row(each) | here for each in whole.messages])


def _row(value: Conversation | Message) -> dict[str, object]:
    # Not ``asdict``, which would take preferences apart.
    return {field.name: getattr(value, field.name) for field in fields(value)}
