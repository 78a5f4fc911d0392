"""Who is signed in, and where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.account_tables import session
from chat_ui.store.tables import UserRole, user

__all__ = [
    "Age",
    "Session",
    "SignedIn",
    "add",
    "end",
    "end_all",
    "end_idle",
    "find",
    "living",
    "of_owner",
    "touch",
]


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in.

    Args:
        id: the hash of its token; no credential by itself.
        owner_id: whose it is.
        created_at: when they signed in.
        seen_at: when it was last used, give or take a minute.
        address: where they signed in from.
        agent: what the browser calls itself.
    """

    id: str
    owner_id: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that lets somebody in, and who that is now."""

    session: Session
    name: str
    role: UserRole


@dataclass(frozen=True, slots=True)
class Age:
    """How old sessions may be.

    Args:
        seen_since: it was used after this moment.
        made_since: it was begun after this moment.
    """

    seen_since: datetime
    made_since: datetime


_COLUMNS = [session.c[field.name] for field in fields(Session)]


def _alive(age: Age) -> tuple[Any, ...]:
    return session.c.seen_at > age.seen_since, session.c.created_at > age.made_since


async def add(tx: AsyncConnection, new: Session) -> None:
    """Begin a session."""
    await tx.execute(session.insert().values(asdict(new)))


async def find(tx: AsyncConnection, id: str, age: Age) -> SignedIn | None:
    """Find a session that still lets its person in: not too old, and they aren't disabled."""
    found = await tx.execute(
        select(*_COLUMNS, user.c.name, user.c.role)
        .join(user, user.c.id == session.c.owner_id)
        .where(session.c.id == id, user.c.status == "active", *_alive(age))
    )
    row = found.one_or_none()
    if row is None:
        return None
    values: tuple[Any, ...] = tuple(row)
    return SignedIn(Session(*values[:-2]), *values[-2:])


async def living(tx: AsyncConnection, ids: Collection[str], age: Age) -> set[str]:
    """Of these sessions, those that ``find`` would find."""
    found = await tx.execute(
        select(session.c.id)
        .join(user, user.c.id == session.c.owner_id)
        .where(session.c.id.in_(ids), user.c.status == "active", *_alive(age))
    )
    return set(found.scalars())


async def of_owner(tx: AsyncConnection, owner: str, age: Age) -> list[Session]:
    """List a person's sessions, the one used last first."""
    rows = await tx.execute(
        select(*_COLUMNS)
        .where(session.c.owner_id == owner, *_alive(age))
        .order_by(session.c.seen_at.desc(), session.c.id)
    )
    return [Session(*row) for row in rows]


async def touch(tx: AsyncConnection, id: str, now: datetime) -> None:
    """Note that a session is used."""
    await tx.execute(update(session).where(session.c.id == id).values(seen_at=now))


async def end(tx: AsyncConnection, owner: str, id: str) -> bool:
    """End a session of a person's; tells whether there was one."""
    ended = await tx.execute(
        delete(session).where(session.c.id == id, session.c.owner_id == owner).returning(session.c.id)
    )
    return ended.one_or_none() is not None


async def end_all(tx: AsyncConnection, owner: str) -> set[str]:
    """End a person's sessions; returns which those were."""
    ended = await tx.execute(delete(session).where(session.c.owner_id == owner).returning(session.c.id))
    return set(ended.scalars())


async def end_idle(tx: AsyncConnection, age: Age) -> None:
    """Forget the sessions that are too old to let anybody in."""
    await tx.execute(
        delete(session).where(
            (session.c.seen_at <= age.seen_since) | (session.c.created_at <= age.made_since)
        )
    )
