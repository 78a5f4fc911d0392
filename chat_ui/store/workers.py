"""The processes that run the site. One whose row is gone runs nothing, whatever the rows of its runs say.

Nobody owns them, so no query here takes an owner.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.tables import worker

__all__ = ["beat", "beats", "join", "leave", "remain"]


async def join(tx: AsyncConnection, id: str) -> None:
    """Note that a process runs the site from now on."""
    await tx.execute(worker.insert().values(id=id, beats=0))


async def beat(tx: AsyncConnection, id: str) -> bool:
    """Note that a process is alive; False where the others hold it for dead."""
    beaten = await tx.execute(
        update(worker).where(worker.c.id == id).values(beats=worker.c.beats + 1).returning(worker.c.id)
    )
    return beaten.one_or_none() is not None


async def beats(tx: AsyncConnection) -> dict[str, int]:
    """How often each process has said that it is alive."""
    rows = await tx.execute(select(worker.c.id, worker.c.beats))
    return {row.id: row.beats for row in rows}


async def leave(tx: AsyncConnection, id: str) -> None:
    """Note that a process runs the site no more."""
    await tx.execute(delete(worker).where(worker.c.id == id))


async def remain(tx: AsyncConnection, id: str) -> None:
    """Note that no process but this one runs the site."""
    await tx.execute(delete(worker).where(worker.c.id != id))
