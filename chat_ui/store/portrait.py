"""What is kept of one person beside their conversations (see ``whole``), for them to take along."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.account_tables import session
from chat_ui.store.schema import metadata
from chat_ui.store.tables import conversation, message, run_journal, user

__all__ = ["portrait"]

# What lets somebody in is nobody's to read, and a journal is of answers that aren't written yet.
LEFT_OUT = {user.c.password, session.c.id, *run_journal.c, *conversation.c, *message.c}


async def portrait(tx: AsyncConnection, owner: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of every other table that are somebody's, by the table; a new one is among them by itself."""
    kept: dict[str, list[dict[str, Any]]] = {}
    for name, table in sorted(metadata.tables.items()):
        whose = user.c.id if table is user else table.c.get("owner_id")
        columns = [column for column in table.c if column not in LEFT_OUT]
        if whose is None or not columns or name == "invite":
            continue
        rows = await tx.execute(select(*columns).where(whose == owner).order_by(*table.primary_key))
        kept[name] = [dict(row) for row in rows.mappings()]
    return kept
