"""People."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from chat_ui.store.ids import new_id
from chat_ui.store.tables import user

__all__ = ["LOCAL_NAME", "User", "create", "local_user"]

LOCAL_NAME = "local"


@dataclass(frozen=True, slots=True)
class User:
    """A person; their id is the owner of all they have."""

    id: str
    name: str
    created_at: datetime


async def create(tx: AsyncSession, *, name: str) -> User:
    """Add a person.

    Raises:
        ConflictError: the name is taken (raised as the transaction ends).
    """
    person = User(id=new_id(), name=name, created_at=datetime.now(UTC))
    await tx.execute(user.insert().values(id=person.id, name=name, created_at=person.created_at))
    return person


async def local_user(tx: AsyncSession) -> User:
    """Get the one person of a site without accounts, made at the first call; needs a write transaction."""
    found = await tx.execute(
        user.select()
        .with_only_columns(user.c.id, user.c.name, user.c.created_at)
        .where(user.c.name == LOCAL_NAME)
    )
    row = found.one_or_none()
    return User(*row) if row else await create(tx, name=LOCAL_NAME)
