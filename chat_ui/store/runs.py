"""Runs: one generation each, with the journal that keeps its answer while it is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import bindparam, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store import conversations, usage
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import NotFoundError
from chat_ui.store.ids import new_id
from chat_ui.store.journal import (
    NOTHING_SAID,
    JournalBatch,
    JournalEntry,
    Texts,
    append,
    append_now,
    journal,
)
from chat_ui.store.messages import Ending
from chat_ui.store.tables import RunStatus, message, run, run_journal, worker

__all__ = [
    "NOTHING_SAID",
    "JournalBatch",
    "JournalEntry",
    "Outcome",
    "Run",
    "Texts",
    "active",
    "append",
    "append_now",
    "ask_to_stop",
    "finish",
    "journal",
    "orphans",
    "start",
    "stops_asked",
]


@dataclass(frozen=True, slots=True)
class Run:
    """A generation of one message, by one worker process."""

    id: str
    owner_id: str
    conversation_id: str
    message_id: str
    worker_id: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Ending):
    """How a run ended, and what it took."""

    status: Literal["complete", "stopped", "interrupted", "failed"]


_COLUMNS = [run.c[field.name] for field in fields(Run)]

# What every turn asks is put together once. Asking for the message and writing are one statement.
_START = (
    run.insert()
    .from_select(
        ["id", "owner_id", "conversation_id", "message_id", "worker_id", "status", "started_at"],
        select(
            bindparam("id", type_=run.c.id.type),
            message.c.owner_id,
            message.c.conversation_id,
            message.c.id,
            bindparam("worker", type_=run.c.worker_id.type),
            literal("running", run.c.status.type),
            bindparam("started_at", type_=run.c.started_at.type),
        ).where(
            message.c.id == bindparam("message"),
            message.c.owner_id == bindparam("owner"),
            message.c.conversation_id == bindparam("conversation"),
            message.c.status == "streaming",
        ),
        # A default of Python's would be asked for once and given to all.
        include_defaults=False,
    )
    .returning(*_COLUMNS)
)
_END = (
    update(run)
    .where(run.c.id == bindparam("run"), run.c.owner_id == bindparam("owner"), run.c.status == "running")
    .returning(run.c.message_id, run.c.conversation_id)
)
_WRITE = update(message).where(message.c.id == bindparam("its_id"), message.c.owner_id == bindparam("owner"))
_FORGET = delete(run_journal).where(
    run_journal.c.run_id == bindparam("run"), run_journal.c.owner_id == bindparam("owner")
)


async def start(
    tx: AsyncConnection, owner: str, *, conversation_id: str, message_id: str, worker_id: str
) -> Run:
    """Add a run that will write a message.

    Args:
        tx: a write transaction.
        owner: whose conversation it is.
        conversation_id: the conversation.
        message_id: the message to write, which is ``streaming``.
        worker_id: the process that does it; a later process settles what this one left behind.

    Raises:
        NotFoundError: the owner has no such message that is streaming.
        ConflictError: the message has a run already (raised as the transaction ends).
    """
    asked = {
        "id": new_id(),
        "started_at": datetime.now(UTC),
        "owner": owner,
        "conversation": conversation_id,
        "message": message_id,
        "worker": worker_id,
    }
    row = (await tx.execute(_START, asked)).one_or_none()
    if row is None:
        raise NotFoundError(
            f"Conversation {conversation_id} has no message {message_id} that is to be written."
        )
    return Run(*row)


async def active(tx: AsyncConnection, owner: str, conversation_id: str) -> list[Run]:
    """List the runs of a conversation that haven't ended, the oldest first."""
    rows = await tx.execute(
        select(*_COLUMNS)
        .where(run.c.owner_id == owner, run.c.conversation_id == conversation_id, run.c.status == "running")
        .order_by(run.c.started_at, run.c.id)
    )
    return [Run(*row) for row in rows]


async def ask_to_stop(tx: AsyncConnection, owner: str, message_id: str) -> str | None:
    """Ask the process that writes a message to end that.

    Returns:
        Its id; None where this owner has no such message that is being written.
    """
    asked = await tx.execute(
        update(run)
        .where(run.c.message_id == message_id, run.c.owner_id == owner, run.c.status == "running")
        .values(stop_asked=True)
        .returning(run.c.worker_id)
    )
    return asked.scalar_one_or_none()


async def stops_asked(tx: AsyncConnection, worker_id: str) -> list[str]:
    """The messages that a process writes and is asked to end, whoever they belong to."""
    rows = await tx.execute(
        select(run.c.message_id).where(
            run.c.status == "running", run.c.worker_id == worker_id, run.c.stop_asked.is_(True)
        )
    )
    return list(rows.scalars())


async def finish(
    tx: AsyncConnection, owner: str, run_id: str, *, outcome: Outcome, texts: Texts | None = None
) -> Conversation | None:
    """End a run: its message gets the whole answer, its journal goes, the conversation's revision rises.

    A run ends once: what is said about one that has ended changes nothing.

    Args:
        tx: a write transaction.
        owner: whose run it is.
        run_id: the run.
        outcome: how it ended.
        texts: what the answer says; as much as the journal has where that is all that is left.

    Returns:
        The conversation; None where the run had ended, isn't this owner's, or its conversation is deleted
        (whose message is written all the same).
    """
    now = datetime.now(UTC)
    mine = {"run": run_id, "owner": owner}
    row = (await tx.execute(_END, {**mine, "status": outcome.status, "ended_at": now})).one_or_none()
    if row is None:
        return None
    message_id, conversation_id = row
    if texts is None:
        texts = await journal(tx, owner, run_id)
    said = {"finished_at": now, **asdict(texts), **asdict(outcome)}
    await tx.execute(_WRITE, {"its_id": message_id, "owner": owner, **said})
    await usage.settle(
        tx,
        owner,
        run_id,
        text="".join((texts.text, texts.reasoning, texts.tool_calls)),
        input_tokens=outcome.input_tokens,
        output_tokens=outcome.output_tokens,
        dollars=outcome.cost if (outcome.currency or "usd") == "usd" else None,
        stopped=outcome.status == "stopped",
    )
    await tx.execute(_FORGET, mine)
    return await conversations.touch(tx, owner, conversation_id)


async def orphans(tx: AsyncConnection) -> list[Run]:
    """List the runs whose process is gone, the oldest first, whoever they belong to."""
    rows = await tx.execute(
        select(*_COLUMNS)
        .where(run.c.status == "running", run.c.worker_id.not_in(select(worker.c.id)))
        .order_by(run.c.started_at, run.c.id)
    )
    return [Run(*row) for row in rows]
