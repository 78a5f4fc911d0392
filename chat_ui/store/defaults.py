"""What each person wants where a conversation says nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.store.tables import person_defaults

__all__ = ["Defaults", "get", "put"]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a person wants where a conversation says nothing else.

    Args:
        preferences: of the answers.
        titles_by_model: whether a model is asked, once for each new conversation, what to call it.
    """

    preferences: Preferences = AS_IT_IS
    titles_by_model: bool = False


async def get(tx: AsyncSession, owner: str) -> Defaults:
    """Read a person's defaults."""
    found = await tx.execute(
        select(person_defaults.c.preferences, person_defaults.c.titles_by_model).where(
            person_defaults.c.owner_id == owner
        )
    )
    row = found.one_or_none()
    return Defaults(*row) if row else Defaults()


async def put(tx: AsyncSession, owner: str, wanted: Defaults) -> None:
    """Write a person's defaults.

    Raises:
        ConflictError: there is no such person (raised as the transaction ends).
    """
    values = {"preferences": wanted.preferences, "titles_by_model": wanted.titles_by_model}
    changed = await tx.execute(
        update(person_defaults)
        .where(person_defaults.c.owner_id == owner)
        .values(values)
        .returning(person_defaults.c.owner_id)
    )
    if changed.one_or_none() is None:
        await tx.execute(person_defaults.insert().values(owner_id=owner, **values))
