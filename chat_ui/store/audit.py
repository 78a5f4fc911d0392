"""Who did what to whom, when, from where. It is added to, never changed, and holds nothing anybody wrote."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.account_tables import audit
from chat_ui.store.ids import new_id

__all__ = ["Deed", "note", "recent"]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did.

    Args:
        action: what, in few words.
        actor: who, by name; blank where nobody had signed in.
        actor_id: who, where somebody had.
        subject: to whom or what, where it isn't themselves.
        address: from where.
        at: when; now, for a new one.
    """

    action: str
    actor: str = ""
    actor_id: str | None = None
    subject: str = ""
    address: str = ""
    at: datetime | None = None


async def note(tx: AsyncConnection, deed: Deed) -> None:
    """Write down what somebody did, in the transaction that does it."""
    await tx.execute(audit.insert().values(asdict(deed) | {"id": new_id(), "at": datetime.now(UTC)}))


async def recent(tx: AsyncConnection, *, limit: int) -> list[Deed]:
    """List what was done last, the newest first; for admins."""
    columns = [audit.c[name] for name in Deed.__dataclass_fields__]
    rows = await tx.execute(select(*columns).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit))
    return [Deed(*row) for row in rows]
