"""Whether a database has the tables that this version works with."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from chat_ui.store.engine import Database
from chat_ui.store.migrate import SHIPPED

__all__ = ["is_up_to_date"]


async def is_up_to_date(db: Database) -> bool:
    """Tell it without changing anything.

    Raises:
        StoreError: the database can't be used.
    """
    async with db.read() as tx:
        if not await tx.run_sync(_has_revisions):
            return False
        revisions = await tx.scalars(text("SELECT version_num FROM alembic_version"))
        return list(revisions) == [SHIPPED.head]


def _has_revisions(connection: Connection) -> bool:
    return inspect(connection).has_table("alembic_version")
