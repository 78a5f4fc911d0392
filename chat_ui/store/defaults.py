"""What each person wants where a conversation says nothing else."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.store.tables import person_defaults

__all__ = ["Defaults", "get", "put"]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a person wants where a conversation says nothing else.

    Args:
        preferences: of the answers.
        titles_by_model: whether a model is asked, once for each new conversation, what to call it.
        gateway: who answers in a new conversation; None for whoever was chosen last.
        model: which of its models; None for the gateway's own choice.
    """

    preferences: Preferences = AS_IT_IS
    titles_by_model: bool = False
    gateway: str | None = None
    model: str | None = None


_NAMES = tuple(field.name for field in fields(Defaults))
_ONE = select(*(person_defaults.c[name] for name in _NAMES)).where(
    person_defaults.c.owner_id == bindparam("owner")
)


async def get(tx: AsyncConnection, owner: str) -> Defaults:
    """Read a person's defaults."""
    row = (await tx.execute(_ONE, {"owner": owner})).one_or_none()
    return Defaults(*row) if row else Defaults()


async def put(tx: AsyncConnection, owner: str, wanted: Defaults) -> None:
    """Write a person's defaults.

    Raises:
        ConflictError: there is no such person (raised as the transaction ends).
    """
    values = {name: getattr(wanted, name) for name in _NAMES}
    changed = await tx.execute(
        update(person_defaults)
        .where(person_defaults.c.owner_id == owner)
        .values(values)
        .returning(person_defaults.c.owner_id)
    )
    if changed.one_or_none() is None:
        await tx.execute(person_defaults.insert().values(owner_id=owner, **values))
