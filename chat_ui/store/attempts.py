"""What may be done only so often in a while, counted for all processes together."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.account_tables import attempt
from chat_ui.store.ids import new_id

__all__ = ["add", "count", "forget", "forget_before", "hold"]


async def hold(tx: AsyncConnection, keys: Collection[str]) -> None:
    """Let no other transaction count these until this one ends. SQLite has one writer anyway."""
    if tx.dialect.name == "sqlite":
        return
    # In one order for everybody, or two of them would wait for each other.
    for number in sorted(map(_number_of, keys)):
        await tx.execute(select(func.pg_advisory_xact_lock(number)))


def _number_of(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)


async def add(tx: AsyncConnection, key: str, now: datetime) -> None:
    """Count one more."""
    await tx.execute(attempt.insert().values(id=new_id(), key=key, at=now))


async def count(tx: AsyncConnection, key: str, since: datetime) -> tuple[int, datetime | None]:
    """Say how many there were since a moment, and when the first of them was."""
    found = await tx.execute(
        select(func.count(), func.min(attempt.c.at)).where(attempt.c.key == key, attempt.c.at > since)
    )
    number, first = found.one()
    return number, first


async def forget(tx: AsyncConnection, key: str) -> None:
    """Count anew."""
    await tx.execute(delete(attempt).where(attempt.c.key == key))


async def forget_before(tx: AsyncConnection, moment: datetime) -> None:
    """Forget what no longer counts for anybody."""
    await tx.execute(delete(attempt).where(attempt.c.at <= moment))
