"""Who somebody is."""

from __future__ import annotations

from dataclasses import dataclass

from chat_ui.store import users
from chat_ui.store.engine import Database

__all__ = ["Person", "local_person"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who owns conversations.

    Args:
        id: what their rows carry as owner.
        name: what the page calls them.
    """

    id: str
    name: str


async def local_person(db: Database) -> Person:
    """The one person of a local site, made at its first start.

    Raises:
        StoreError: they could not be read or made.
    """
    async with db.write() as tx:
        user = await users.local_user(tx)
    return Person(user.id, user.name)
