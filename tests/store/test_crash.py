"""A process is killed while it writes: what it has committed is there, and nothing is torn."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chat_ui.store import Database, messages, runs, users
from chat_ui.store.runs import Outcome
from chat_ui.store.users import User

from .conftest import begin_turn


@pytest.fixture
def kind() -> str:
    return "sqlite"


WRITER = """
import asyncio, sys
from chat_ui.store import Database, runs, users
from chat_ui.store.runs import JournalEntry

async def main(path, run_id):
    db = await Database.open(path)
    async with db.write() as tx:
        owner = (await users.local_user(tx)).id
    seq = 0
    while True:
        batch = [JournalEntry(seq + step, "text", f"{seq + step} ") for step in range(3)]
        async with db.write(durable=False) as tx:
            await runs.append(tx, owner, run_id, batch)
        seq += 3
        print(seq, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def kill_while_it_writes(path: Path, run_id: str, batches: int) -> int:
    """Let another process write that many batches at least; return how many pieces it had committed."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), run_id, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    committed = [await writer.stdout.readline() for _ in range(batches)]
    writer.send_signal(signal.SIGKILL)
    committed += (await writer.stdout.read()).splitlines()
    assert await writer.wait() == -signal.SIGKILL
    return int(committed[-1])


@pytest.mark.parametrize("batches", [1, 5, 40])
async def test_a_killed_process_leaves_all_it_has_committed(
    path: Path, rows: Callable[[str], list[Any]], batches: int
) -> None:
    db = await Database.open(path)
    async with db.write() as tx:
        local: User = await users.local_user(tx)
    turn = await begin_turn(db, local.id)
    await db.close()

    committed = await kill_while_it_writes(path, turn.run.id, batches)

    db = await Database.open(path)
    async with db.write() as tx:
        text = (await runs.journal(tx, local.id, turn.run.id)).text
        pieces = text.split()
        assert pieces == [str(number) for number in range(len(pieces))]
        assert len(pieces) in (committed, committed + 3)
        (left,) = await runs.orphans(tx)
        await runs.finish(tx, local.id, left.id, outcome=Outcome(status="interrupted"))
        kept = await messages.get(tx, local.id, turn.answer.id)
    await db.close()
    assert left == turn.run
    assert kept is not None
    assert (kept.text, kept.status) == (text, "interrupted")
    assert rows("PRAGMA integrity_check") == [("ok",)]
    assert rows("PRAGMA foreign_key_check") == []
