"""How a lane ends, whatever becomes of what is left to do before."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chat_ui.store import StoreError
from chat_ui.store.lanes import Lane


class LeftUndoneError(Exception):
    """What was left to do can't be done."""


async def leave_undone(_: AsyncEngine) -> None:
    raise LeftUndoneError


async def test_what_fails_before_a_lane_closes_leaves_no_connection_open(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'some.db'}")
    closed: list[object] = []
    event.listen(engine.sync_engine, "close", lambda connection, record: closed.append(connection))
    lane = Lane(
        engine, name="some", connections=1, writes=True, explained=nullcontext, before_close=leave_undone
    )
    async with lane.transaction() as tx:
        await tx.execute(text("SELECT 1"))
    assert closed == []
    with pytest.raises(LeftUndoneError):
        await lane.close()
    assert len(closed) == 1
    with pytest.raises(StoreError, match="closed"):
        async with lane.turn():
            pass
    await lane.close()
