"""The journal: what an answer says is kept here while it is written; ``runs.py`` hands these names on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.columns import storable
from chat_ui.store.engine import Database
from chat_ui.store.errors import NotFoundError
from chat_ui.store.tables import Part, run, run_journal

__all__ = ["NOTHING_SAID", "JournalBatch", "JournalEntry", "Texts", "append", "append_now", "journal"]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A piece of an answer; ``seq`` counts the pieces of a run, text and reasoning alike."""

    seq: int
    part: Part
    text: str


@dataclass(frozen=True, slots=True)
class JournalBatch:
    """Pieces that a run adds to its journal."""

    owner: str
    run_id: str
    entries: Sequence[JournalEntry]


@dataclass(frozen=True, slots=True)
class Texts:
    """What an answer says; the fields are those of ``messages.Message``."""

    text: str = ""
    reasoning: str = ""
    tool_calls: str = ""


NOTHING_SAID = Texts()


# Takes its rows from the run, so that asking whose it is and writing are one statement: this one runs
# several times a second for each answer that is being written.
_SAID = (
    select(
        run.c.id,
        bindparam("seq", type_=run_journal.c.seq.type),
        run.c.owner_id,
        bindparam("part", type_=run_journal.c.part.type),
        bindparam("text", type_=run_journal.c.text.type),
    )
    .where(run.c.id == bindparam("run"), run.c.owner_id == bindparam("owner"), run.c.status == "running")
    # Whoever ends the run waits for this, and this for them: no piece comes after the end.
    .with_for_update(read=True)
)


def _append(insert: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    insert = insert.from_select(["run_id", "seq", "owner_id", "part", "text"], _SAID)
    return insert.on_conflict_do_update(
        index_elements=["run_id", "seq"], set_={"part": insert.excluded.part, "text": insert.excluded.text}
    )


_APPEND = {
    "sqlite": _append(sqlite.insert(run_journal)),
    "postgresql": _append(postgresql.insert(run_journal)),
}
_APPEND_NOW = _APPEND["sqlite"].compile(dialect=SQLiteDialect_pysqlite(paramstyle="named"))


async def append(tx: AsyncConnection, owner: str, run_id: str, entries: Iterable[JournalEntry]) -> None:
    """Add pieces to the journal of a run; one takes the place of another that has its number.

    So what was perhaps written, by a commit that nobody confirmed, can be written again.

    Raises:
        NotFoundError: the run isn't this owner's, or has ended.
    """
    await _append_all(tx, _rows([JournalBatch(owner, run_id, list(entries))]))


async def append_now(db: Database, batches: Iterable[JournalBatch]) -> None:
    """Add pieces to the journals of several runs, as ``append`` does, of all of them or of none.

    It is a transaction of its own, which doesn't wait for the disk.

    Raises:
        NotFoundError: one of the runs isn't its owner's, or has ended.
        StoreError: the database can't be used, or was locked for too long.
    """
    rows = _rows(batches)
    if not rows:
        return
    if db.at_once is not None:
        await db.at_once(partial(_append_to_file, rows))
    else:
        async with db.write(durable=False) as tx:
            await _append_all(tx, rows)


Rows = Sequence[dict[str, Any]]


def _rows(batches: Iterable[JournalBatch]) -> Rows:
    return [
        {
            "run": batch.run_id,
            "owner": batch.owner,
            "seq": entry.seq,
            "part": entry.part,
            "text": storable(entry.text),
        }
        for batch in batches
        for entry in batch.entries
    ]


def _append_to_file(rows: Rows, db: sqlite3.Connection) -> None:
    said = [{**_APPEND_NOW.params, **row} for row in rows]
    _see_that_all_were_added(db.executemany(str(_APPEND_NOW), said).rowcount, rows)


async def _append_all(tx: AsyncConnection, rows: Rows) -> None:
    if not rows:
        return
    # PostgreSQL's driver doesn't count what many rows at once have done.
    counts_many = tx.dialect.supports_sane_multi_rowcount
    for some in [rows] if counts_many else [[row] for row in rows]:
        said = some if len(some) > 1 else some[0]
        added = await tx.execute(
            _APPEND[tx.dialect.name], said, execution_options={"preserve_rowcount": True}
        )
        _see_that_all_were_added(cast("CursorResult[Any]", added).rowcount, some)


def _see_that_all_were_added(count: int, rows: Rows) -> None:
    if count != len(rows):
        raise NotFoundError("There is no such run that is still going.")


async def journal(tx: AsyncConnection, owner: str, run_id: str) -> Texts:
    """Read what a run has written so far; nothing where it has ended."""
    rows = await tx.execute(
        select(run_journal.c.part, run_journal.c.text)
        .where(run_journal.c.run_id == run_id, run_journal.c.owner_id == owner)
        .order_by(run_journal.c.seq)
    )
    pieces: dict[str, list[str]] = {}
    for part, text in rows:
        pieces.setdefault(part, []).append(text)
    return Texts(**{part: "".join(texts) for part, texts in pieces.items()})
