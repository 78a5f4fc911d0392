"""Links that let somebody in once: the first admin, somebody invited, somebody who lost their password."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.account_tables import InviteKind, invite
from chat_ui.store.tables import UserRole

__all__ = ["Invite", "add", "find", "forget", "use"]


@dataclass(frozen=True, slots=True)
class Invite:
    """A link that lets somebody in once.

    Args:
        id: the hash of its token.
        kind: what it is for.
        role: what whoever takes it will be.
        owner_id: whose password it sets, if it is for somebody who is there already.
        created_at: when it was made.
        expires_at: until when it may be used.
    """

    id: str
    kind: InviteKind
    role: UserRole
    owner_id: str | None
    created_at: datetime
    expires_at: datetime


_COLUMNS = [invite.c[field.name] for field in fields(Invite)]


async def add(tx: AsyncConnection, new: Invite) -> None:
    """Keep a new link."""
    await tx.execute(invite.insert().values(asdict(new)))


async def find(tx: AsyncConnection, id: str, now: datetime) -> Invite | None:
    """Find a link that can still be used."""
    found = await tx.execute(select(*_COLUMNS).where(*_usable(id, now)))
    row = found.one_or_none()
    return Invite(*row) if row else None


async def use(tx: AsyncConnection, id: str, now: datetime) -> Invite | None:
    """Use a link up; None where that was done before, or it is too late. Only one of many can do it."""
    used = await tx.execute(update(invite).where(*_usable(id, now)).values(used_at=now).returning(*_COLUMNS))
    row = used.one_or_none()
    return Invite(*row) if row else None


async def forget(tx: AsyncConnection, kind: InviteKind, *, owner_id: str | None = None) -> None:
    """Forget the links of a kind that nobody has used, or only those for one person."""
    whose = () if owner_id is None else (invite.c.owner_id == owner_id,)
    await tx.execute(delete(invite).where(invite.c.kind == kind, invite.c.used_at.is_(None), *whose))


def _usable(id: str, now: datetime) -> tuple[Any, ...]:
    return invite.c.id == id, invite.c.used_at.is_(None), invite.c.expires_at > now
