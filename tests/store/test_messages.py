from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chat_ui.store import (
    ConflictError,
    Database,
    NotFoundError,
    conversations,
    lineage,
    messages,
    new_id,
    users,
)
from chat_ui.store.lineage import Node
from chat_ui.store.messages import Message
from chat_ui.store.tables import message as message_table
from chat_ui.store.users import User
from tests.database import put_new_database

from .conftest import Turn


async def test_every_field_comes_back(db: Database, alice: User, turn: Turn) -> None:
    whole = Message(
        conversation_id=turn.conversation.id,
        parent_id=turn.answer.id,
        role="tool",
        status="failed",
        text="line\r\n\u2028\u0085 \U0001f600 e\u0301",
        reasoning="because",
        tool_calls='\x1e[0,"call_1","look"]\n{}',
        gateway="g",
        model="m",
        client_id="c",
        error="it broke",
        error_kind="StreamCut",
        finish_reason="length",
        input_tokens=1,
        output_tokens=2,
        cached_tokens=3,
        reasoning_tokens=4,
        cost=Decimal("0.1000000000000000000000000001"),
        currency="USD",
        request_id="r",
        served_model="s",
        provider="p",
        route_reason="cheap",
        alias="a",
        receipt="0x01",
        first_token_ms=5,
        thought_ms=4,
        duration_ms=6,
        created_at=datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC),
        finished_at=datetime(2026, 11, 20, 1, 2, 4, tzinfo=UTC),
        edited_at=datetime(2026, 11, 20, 1, 2, 5, tzinfo=UTC),
        deleted_at=datetime(2026, 11, 20, 1, 2, 6, tzinfo=UTC),
    )
    assert None not in [getattr(whole, field.name) for field in fields(whole)]
    async with db.write() as tx:
        await messages.add(tx, alice.id, whole)
    async with db.read() as tx:
        found = await messages.get(tx, alice.id, whole.id)
    assert found == whole
    assert str(found.cost) == "0.1000000000000000000000000001"


async def test_a_long_text_with_a_bad_character_is_kept(db: Database, alice: User, turn: Turn) -> None:
    added = Message(conversation_id=turn.conversation.id, role="user", text="x" * 1_000_000 + "\ud83d")
    async with db.write() as tx:
        await messages.add(tx, alice.id, added)
        found = await messages.get(tx, alice.id, added.id)
    assert found is not None
    assert found.text == "x" * 1_000_000 + "\ufffd"


async def test_a_send_is_found_by_the_id_of_the_browser(db: Database, alice: User, turn: Turn) -> None:
    async with db.read() as tx:
        assert await messages.by_client_id(tx, alice.id, "send-1") == turn.question
        assert await messages.by_client_id(tx, alice.id, "send-2") is None


async def test_a_send_is_one_message(db: Database, alice: User, turn: Turn) -> None:
    with pytest.raises(ConflictError, match="client_id"):
        async with db.write() as tx:
            await messages.add(tx, alice.id, replace(turn.question, id=new_id()))


async def test_two_people_may_use_the_same_client_id(db: Database, bob: User, turn: Turn) -> None:
    async with db.write() as tx:
        other = await conversations.create(tx, bob.id, title="", gateway="demo", model=None)
        await messages.add(tx, bob.id, Message(conversation_id=other.id, role="user", client_id="send-1"))
        found = await messages.by_client_id(tx, bob.id, "send-1")
    assert found is not None
    assert found.conversation_id == other.id


async def test_a_message_needs_its_place(db: Database, alice: User, turn: Turn) -> None:
    async with db.write() as tx:
        other = await conversations.create(tx, alice.id, title="", gateway="demo", model=None)
        deleted = await conversations.create(tx, alice.id, title="", gateway="demo", model=None)
        await conversations.delete(tx, alice.id, deleted.id)
    itself = new_id()
    for misplaced in (
        Message(conversation_id=new_id(), role="user"),
        Message(conversation_id=deleted.id, role="user"),
        Message(conversation_id=other.id, parent_id=turn.question.id, role="user"),
        Message(conversation_id=other.id, parent_id=new_id(), role="user"),
        Message(conversation_id=other.id, parent_id=itself, id=itself, role="user"),
    ):
        with pytest.raises(NotFoundError):
            async with db.write() as tx:
                await messages.add(tx, alice.id, misplaced)


async def test_a_branch_of_a_leaf_that_is_not_there_is_empty(db: Database, alice: User, turn: Turn) -> None:
    async with db.write() as tx:
        other = await conversations.create(tx, alice.id, title="", gateway="demo", model=None)
        assert await lineage.path(tx, alice.id, turn.conversation.id, new_id()) == []
        assert await lineage.path(tx, alice.id, other.id, turn.answer.id) == []
        assert await lineage.nodes(tx, alice.id, other.id) == []


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_messages_that_go_round_in_a_circle_come_to_an_end(
    db: Database, alice: User, turn: Turn
) -> None:
    async with db.write() as tx:
        await tx.execute(
            message_table.update()
            .where(message_table.c.id == turn.question.id)
            .values(parent_id=turn.answer.id)
        )
        found = await lineage.path(tx, alice.id, turn.conversation.id, turn.answer.id, most=1_000)
    assert [step.id for step in found] == [turn.question.id, turn.answer.id]


async def test_a_person_goes_with_all_they_have_however_long_their_threads(
    db: Database, alice: User, bob: User, turn: Turn, everything: Callable[[], dict[str, list[Any]]]
) -> None:
    id = turn.conversation.id
    async with db.write() as tx:
        parent, rows = turn.answer.id, []
        for _ in range(2_000):
            added = Message(conversation_id=id, parent_id=parent, role="user")
            rows.append(
                {"owner_id": alice.id, **{each.name: getattr(added, each.name) for each in fields(added)}}
            )
            parent = added.id
        await tx.execute(message_table.insert(), rows)
        assert len(await lineage.path(tx, alice.id, id, parent)) == 2_002
        await tx.execute(text("DELETE FROM \"user\" WHERE name = 'alice'"))
    left = everything()
    assert [row[0] for row in left.pop("user")] == [bob.id]
    # Nothing takes from that, not even what comes between two tests.
    left.pop("audit")
    assert not any(left.values())


async def test_a_message_with_answers_is_not_deleted_alone(db: Database, turn: Turn) -> None:
    with pytest.raises(ConflictError):
        async with db.write() as tx:
            await tx.execute(message_table.delete().where(message_table.c.id == turn.question.id))


trees = st.lists(st.integers(min_value=0), max_size=30).map(
    lambda picks: [pick % (place + 1) - 1 for place, pick in enumerate(picks)]
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(tree=trees)
async def test_every_branch_of_any_tree_is_read_from_its_root(tree: list[int]) -> None:
    """``tree[i]`` is the place of the parent of message i, or -1 for none."""
    with tempfile.TemporaryDirectory() as folder:
        db = await Database.open(put_new_database(Path(folder) / "chat.db"))
        async with db.write(durable=False) as tx:
            owner = (await users.local_user(tx)).id
            made = await conversations.create(tx, owner, title="", gateway="demo", model=None)
            added: list[Message] = []
            for parent in tree:
                parent_id = added[parent].id if parent >= 0 else None
                added.append(Message(conversation_id=made.id, parent_id=parent_id, role="user"))
                await messages.add(tx, owner, added[-1])
        async with db.read() as tx:
            places = await lineage.nodes(tx, owner, made.id)
            assert places == [Node(message.id, message.parent_id, is_question=True) for message in added]
            for leaf, message in enumerate(added):
                place, expected = leaf, []
                while place >= 0:
                    expected.append(added[place])
                    place = tree[place]
                assert await lineage.path(tx, owner, made.id, message.id) == expected[::-1]
        await db.close()
