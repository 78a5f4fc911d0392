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
        is_admin: whether they run the site; on a local site its one person does.
    """

    id: str
    name: str
    is_admin: bool = False


async def local_person(db: Database) -> Person:
    """The one person of a local site, made at its first start.

    Raises:
        StoreError: they could not be read or made.
    """
    async with db.write() as tx:
        user = await users.local_user(tx)
    return Person(user.id, user.name, is_admin=True)
