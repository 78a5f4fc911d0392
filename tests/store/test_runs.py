from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_ui.store import (
    ConflictError,
    Database,
    NotFoundError,
    conversations,
    messages,
    new_id,
    runs,
    users,
    workers,
)
from chat_ui.store.messages import Message
from chat_ui.store.runs import JournalBatch, JournalEntry, Outcome, Texts
from chat_ui.store.users import User
from tests.database import put_new_database

from .conftest import Turn, begin_turn

Everything = Callable[[], dict[str, list[tuple[Any, ...]]]]
Rows = Callable[[str], list[Any]]

WHOLE = Outcome(
    status="complete",
    finish_reason="stop",
    error="none to speak of",
    input_tokens=10,
    output_tokens=20,
    cached_tokens=3,
    reasoning_tokens=4,
    cost=Decimal("0.000123"),
    currency="USD",
    request_id="req-1",
    served_model="demo-1b",
    provider="here",
    route_reason="the only one",
    first_token_ms=120,
    duration_ms=900,
)


async def write_journal(db: Database, owner: str, run_id: str) -> None:
    async with db.write(durable=False) as tx:
        await runs.append(
            tx, owner, run_id, [JournalEntry(0, "reasoning", "Hm"), JournalEntry(1, "text", "Three")]
        )
    async with db.write(durable=False) as tx:
        await runs.append(
            tx, owner, run_id, [JournalEntry(2, "reasoning", "."), JournalEntry(3, "text", " minutes")]
        )


async def test_a_run_is_active_until_it_ends(db: Database, alice: User, turn: Turn, rows: Rows) -> None:
    id = turn.conversation.id
    async with db.write() as tx:
        assert await runs.active(tx, alice.id, id) == [turn.run]
        await runs.finish(tx, alice.id, turn.run.id, texts=Texts(), outcome=WHOLE)
        assert await runs.active(tx, alice.id, id) == []
    assert rows("SELECT status, ended_at >= started_at FROM run") == [("complete", True)]


async def test_a_run_needs_a_message_that_is_streaming(db: Database, alice: User, turn: Turn) -> None:
    for message_id in (turn.question.id, new_id()):
        with pytest.raises(NotFoundError):
            async with db.write() as tx:
                await runs.start(
                    tx,
                    alice.id,
                    conversation_id=turn.conversation.id,
                    message_id=message_id,
                    worker_id="w",
                )


async def test_a_message_has_one_run(db: Database, alice: User, turn: Turn) -> None:
    with pytest.raises(ConflictError, match="message_id"):
        async with db.write() as tx:
            await runs.start(
                tx,
                alice.id,
                conversation_id=turn.conversation.id,
                message_id=turn.answer.id,
                worker_id="w",
            )


async def test_the_journal_is_read_in_order(db: Database, alice: User, turn: Turn) -> None:
    await write_journal(db, alice.id, turn.run.id)
    async with db.read() as tx:
        assert await runs.journal(tx, alice.id, turn.run.id) == Texts("Three minutes", "Hm.")


async def test_a_piece_that_is_written_again_takes_its_own_place(
    db: Database, alice: User, turn: Turn
) -> None:
    await write_journal(db, alice.id, turn.run.id)
    again = [
        JournalEntry(2, "text", " min"),
        JournalEntry(3, "reasoning", "."),
        JournalEntry(4, "text", "utes"),
    ]
    async with db.write() as tx:
        await runs.append(tx, alice.id, turn.run.id, again)
    async with db.read() as tx:
        assert await runs.journal(tx, alice.id, turn.run.id) == Texts("Three minutes", "Hm.")


async def test_the_journals_of_several_are_written_together_or_not_at_all(
    db: Database, alice: User, bob: User, turn: Turn, everything: Everything
) -> None:
    other = await begin_turn(db, bob.id)
    said = [JournalEntry(1, "text", "Nul\0 and half a character \ud83d"), JournalEntry(2, "reasoning", "Hm.")]
    hers, his = (JournalBatch(one, begun.run.id, said) for one, begun in ((alice.id, turn), (bob.id, other)))
    before = everything()
    with pytest.raises(NotFoundError):
        await runs.append_now(db, [hers, replace(his, owner=alice.id)])
    assert everything() == before
    await runs.append_now(db, [])
    await runs.append_now(db, [hers, his])
    # A batch whose commit nobody confirmed takes its own place.
    await runs.append_now(db, [hers])
    async with db.read() as tx:
        for batch in (hers, his):
            kept = await runs.journal(tx, batch.owner, batch.run_id)
            assert kept == Texts("Nul\ufffd and half a character \ufffd", "Hm.")
    async with db.write() as tx:
        await runs.finish(tx, alice.id, turn.run.id, texts=Texts("The end."), outcome=WHOLE)
    with pytest.raises(NotFoundError):
        await runs.append_now(db, [hers])


async def test_nothing_to_append_is_fine(db: Database, alice: User, turn: Turn) -> None:
    async with db.write() as tx:
        await runs.append(tx, alice.id, turn.run.id, [])
        assert await runs.journal(tx, alice.id, turn.run.id) == Texts()


async def test_the_end_of_a_run_is_on_its_message(db: Database, alice: User, turn: Turn, rows: Rows) -> None:
    await write_journal(db, alice.id, turn.run.id)
    async with db.write() as tx:
        changed = await runs.finish(
            tx, alice.id, turn.run.id, texts=Texts("Three minutes.", "Hm."), outcome=WHOLE
        )
        found = await messages.get(tx, alice.id, turn.answer.id)
    assert changed is not None
    assert changed.revision == turn.conversation.revision + 1
    assert changed.updated_at > turn.conversation.updated_at
    assert found is not None
    assert found.finished_at is not None
    taken = {field.name: getattr(WHOLE, field.name) for field in fields(WHOLE)}
    assert found == replace(
        turn.answer, text="Three minutes.", reasoning="Hm.", finished_at=found.finished_at, **taken
    )
    assert rows("SELECT * FROM run_journal") == []


async def test_a_run_ends_once(db: Database, alice: User, turn: Turn, everything: Everything) -> None:
    async with db.write() as tx:
        await runs.finish(tx, alice.id, turn.run.id, texts=Texts("first", ""), outcome=WHOLE)
    before = everything()
    async with db.write() as tx:
        again = await runs.finish(
            tx, alice.id, turn.run.id, texts=Texts("second", ""), outcome=Outcome(status="stopped")
        )
        assert again is None
    with pytest.raises(NotFoundError):
        async with db.write() as tx:
            await runs.append(tx, alice.id, turn.run.id, [JournalEntry(9, "text", "late")])
    assert everything() == before


async def test_the_answer_is_kept_though_the_conversation_was_deleted(
    db: Database, alice: User, turn: Turn
) -> None:
    async with db.write() as tx:
        await conversations.delete(tx, alice.id, turn.conversation.id)
        ended = await runs.finish(tx, alice.id, turn.run.id, texts=Texts("late", ""), outcome=WHOLE)
        found = await messages.get(tx, alice.id, turn.answer.id)
    assert ended is None
    assert found is not None
    assert (found.text, found.status) == ("late", "complete")


async def test_the_runs_of_a_process_that_is_gone_are_orphans(
    db: Database, alice: User, bob: User, turn: Turn
) -> None:
    of_bob = await begin_turn(db, bob.id)
    own = await begin_turn_of_new_send(db, bob.id, worker_id="worker-2")
    async with db.write() as tx:
        await workers.join(tx, "worker-1")
        await workers.join(tx, "worker-2")
        assert await runs.orphans(tx) == []
        await workers.leave(tx, "worker-1")
        assert [run.id for run in await runs.orphans(tx)] == [turn.run.id, of_bob.run.id]
        await runs.finish(tx, bob.id, of_bob.run.id, outcome=WHOLE)
        assert await runs.orphans(tx) == [turn.run]
        assert await runs.active(tx, bob.id, own.conversation.id) == [own.run]


async def test_where_the_answer_is_lost_the_journal_is_kept(
    db: Database, alice: User, turn: Turn, rows: Rows
) -> None:
    await write_journal(db, alice.id, turn.run.id)
    async with db.write() as tx:
        await runs.finish(tx, alice.id, turn.run.id, outcome=Outcome(status="interrupted", error="Gone."))
        kept = await messages.get(tx, alice.id, turn.answer.id)
    assert kept is not None
    assert (kept.text, kept.reasoning, kept.status) == ("Three minutes", "Hm.", "interrupted")
    assert rows("SELECT * FROM run_journal") == []


async def test_a_stop_is_asked_of_the_process_that_writes(db: Database, alice: User, turn: Turn) -> None:
    async with db.write() as tx:
        assert await runs.stops_asked(tx, "worker-1") == []
        assert await runs.ask_to_stop(tx, alice.id, turn.answer.id) == "worker-1"
        assert await runs.stops_asked(tx, "worker-1") == [turn.answer.id]
        assert await runs.stops_asked(tx, "worker-2") == []
        await runs.finish(tx, alice.id, turn.run.id, outcome=WHOLE)
        assert await runs.stops_asked(tx, "worker-1") == []
        assert await runs.ask_to_stop(tx, alice.id, turn.answer.id) is None


async def begin_turn_of_new_send(db: Database, owner: str, worker_id: str) -> Turn:
    async with db.write() as tx:
        made = await conversations.create(tx, owner, title="", gateway="demo", model=None)
        answer = Message(conversation_id=made.id, role="assistant", status="streaming")
        await messages.add(tx, owner, answer)
        run = await runs.start(tx, owner, conversation_id=made.id, message_id=answer.id, worker_id=worker_id)
        return Turn(made, answer, answer, run)


batches = st.lists(
    st.lists(st.tuples(st.sampled_from(["text", "reasoning"]), st.text()), max_size=5), max_size=8
)


@settings(max_examples=30)
@given(batches=batches)
async def test_the_journal_is_what_was_appended(batches: list[list[tuple[Any, str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = await Database.open(put_new_database(Path(folder) / "chat.db"))
        async with db.write(durable=False) as tx:
            owner = (await users.local_user(tx)).id
        run_id = (await begin_turn(db, owner)).run.id
        written: dict[str, str] = {"text": "", "reasoning": ""}
        seq = 0
        for batch in batches:
            entries: list[JournalEntry] = []
            for part, text in batch:
                entries.append(JournalEntry(seq, part, text))
                written[part] += text.replace("\0", "\ufffd")
                seq += 1
            async with db.write(durable=False) as tx:
                await runs.append(tx, owner, run_id, reversed(entries))
            async with db.read() as tx:
                assert await runs.journal(tx, owner, run_id) == Texts(written["text"], written["reasoning"])
        await db.close()
