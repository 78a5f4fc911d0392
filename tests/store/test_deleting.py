"""What is deleted is out of sight, can be brought back, and goes for good after a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chat_ui.store import Database, conversations, lineage, messages
from chat_ui.store.lineage import Node
from chat_ui.store.messages import Message
from chat_ui.store.users import User

from .conftest import Turn

LATER = timedelta(minutes=1)


async def test_a_deleted_message_takes_its_branch_along_and_back(
    db: Database, alice: User, turn: Turn
) -> None:
    id = turn.conversation.id
    async with db.write() as tx:
        assert await messages.delete(tx, alice.id, turn.question.id)
        assert not await messages.delete(tx, alice.id, turn.question.id)
        assert await lineage.path(tx, alice.id, id, turn.answer.id) == []
        assert await lineage.siblings(tx, alice.id, id, [None]) == {}
        places = await lineage.nodes(tx, alice.id, id)
        assert places == [
            Node(turn.question.id, None, is_deleted=True, is_question=True),
            Node(turn.answer.id, turn.question.id),
        ]
        assert await messages.restore(tx, alice.id, turn.question.id)
        assert not await messages.restore(tx, alice.id, turn.question.id)
        assert len(await lineage.path(tx, alice.id, id, turn.answer.id)) == 2


async def test_a_message_is_moved_from_where_it_is_and_from_nowhere_else(
    db: Database, alice: User, turn: Turn
) -> None:
    id, question, answer = turn.conversation.id, turn.question.id, turn.answer.id
    async with db.write() as tx:
        assert not await messages.move(tx, alice.id, answer, None, answer)
        assert await messages.move(tx, alice.id, answer, question, None)
        assert await lineage.siblings(tx, alice.id, id, [None]) == {None: (question, answer)}
        assert not await messages.move(tx, alice.id, answer, question, None)
        assert await messages.move(tx, alice.id, answer, None, question)
        assert len(await lineage.path(tx, alice.id, id, answer)) == 2


async def test_siblings_stand_in_the_order_of_their_making(db: Database, alice: User, turn: Turn) -> None:
    id, asked = turn.conversation.id, turn.question.id
    other = Message(conversation_id=id, parent_id=asked, role="assistant")
    first = Message(conversation_id=id, role="user")
    async with db.write() as tx:
        for added in (other, first):
            await messages.add(tx, alice.id, added)
        found = await lineage.siblings(tx, alice.id, id, [None, asked, other.id])
    assert found == {None: (asked, first.id), asked: (turn.answer.id, other.id)}


async def test_a_restored_conversation_is_as_it_was_but_for_its_revision(
    db: Database, alice: User, turn: Turn
) -> None:
    id = turn.conversation.id
    async with db.write() as tx:
        assert await conversations.delete(tx, alice.id, id)
        back = await conversations.restore(tx, alice.id, id)
        assert back is not None
        assert (back.deleted_at, back.revision) == (None, turn.conversation.revision + 2)
        assert await conversations.get(tx, alice.id, id) == back
        assert await conversations.restore(tx, alice.id, id) is None


async def test_the_purge_takes_what_was_deleted_before_and_nothing_else(
    db: Database, alice: User, turn: Turn, rows: Callable[[str], list[Any]]
) -> None:
    id = turn.conversation.id
    beneath = Message(conversation_id=id, parent_id=turn.answer.id, role="user", text="beneath")
    beside = Message(conversation_id=id, parent_id=turn.question.id, role="assistant", text="beside")
    async with db.write() as tx:
        for added in (beneath, beside):
            await messages.add(tx, alice.id, added)
        await messages.delete(tx, alice.id, turn.answer.id)
        lost = await conversations.create(tx, alice.id, title="Lost", gateway="demo", model=None)
        inside = Message(conversation_id=lost.id, role="user")
        await messages.add(tx, alice.id, inside)
        await conversations.delete(tx, alice.id, lost.id)
        long_ago = datetime.now(UTC) - LATER
        assert await messages.purge(tx, before=long_ago) == 0
        assert await conversations.purge(tx, before=long_ago) == 0
    async with db.write() as tx:
        soon = datetime.now(UTC) + LATER
        assert await messages.purge(tx, before=soon) == 2
        assert await conversations.purge(tx, before=soon) == 1
    assert {text for (text,) in rows("SELECT text FROM message")} == {"How long?", "beside"}
    assert rows("SELECT id FROM conversation") == [(id,)]
    assert rows("SELECT * FROM run") == []
