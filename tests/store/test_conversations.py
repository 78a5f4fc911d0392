from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from chat_ui.store import ConflictError, Database, NotFoundError, conversations, new_id
from chat_ui.store.conversations import Conversation
from chat_ui.store.tables import conversation
from chat_ui.store.users import User

from .conftest import Turn


@pytest.fixture
async def tea(db: Database, alice: User) -> Conversation:
    async with db.write() as tx:
        return await conversations.create(tx, alice.id, title="Tea", gateway="demo", model="demo-1")


async def test_a_new_conversation(db: Database, alice: User, tea: Conversation) -> None:
    async with db.read() as tx:
        assert await conversations.get(tx, alice.id, tea.id) == tea
    assert (tea.revision, tea.leaf_id, tea.deleted_at) == (1, None, None)
    assert tea.created_at == tea.updated_at <= datetime.now(UTC)


async def test_a_conversation_may_be_given_its_id(db: Database, alice: User, bob: User) -> None:
    id = new_id()
    async with db.write() as tx:
        made = await conversations.create(tx, alice.id, title="", gateway="demo", model=None, id=id)
    assert made.id == id
    with pytest.raises(ConflictError):
        async with db.write() as tx:
            await conversations.create(tx, bob.id, title="", gateway="demo", model=None, id=id)


async def test_a_conversation_has_an_owner(db: Database) -> None:
    with pytest.raises(ConflictError, match=r"(?i)foreign key"):
        async with db.write() as tx:
            await conversations.create(tx, new_id(), title="", gateway="demo", model=None)


async def test_each_change_raises_the_revision(db: Database, alice: User, turn: Turn) -> None:
    start = turn.conversation
    async with db.write() as tx:
        renamed = await conversations.rename(tx, alice.id, start.id, "Coffee")
        chosen = await conversations.choose_model(tx, alice.id, start.id, gateway="other", model=None)
        shown = await conversations.set_leaf(tx, alice.id, start.id, turn.question.id)
        touched = await conversations.touch(tx, alice.id, start.id)
        deleted = await conversations.delete(tx, alice.id, start.id)
    assert renamed
    assert chosen
    assert shown
    assert touched
    assert deleted
    changes = [renamed, chosen, shown, touched, deleted]
    assert [change.revision for change in changes] == list(range(start.revision + 1, start.revision + 6))
    assert renamed.title == "Coffee"
    assert (chosen.gateway, chosen.model, chosen.title) == ("other", None, "Coffee")
    assert shown.leaf_id == turn.question.id
    assert deleted.deleted_at is not None


async def test_what_moves_a_conversation_up(db: Database, alice: User, turn: Turn) -> None:
    start = turn.conversation
    async with db.write() as tx:
        renamed = await conversations.rename(tx, alice.id, start.id, "Coffee")
        chosen = await conversations.choose_model(tx, alice.id, start.id, gateway="other", model=None)
        touched = await conversations.touch(tx, alice.id, start.id)
        shown = await conversations.set_leaf(tx, alice.id, start.id, None)
    assert renamed
    assert chosen
    assert touched
    assert shown
    assert renamed.updated_at == chosen.updated_at == start.updated_at
    assert start.updated_at < touched.updated_at < shown.updated_at


async def test_who_answers_changes_with_the_branch_in_one_change(
    db: Database, alice: User, turn: Turn
) -> None:
    start = turn.conversation
    async with db.write() as tx:
        by_another = await conversations.set_leaf(
            tx, alice.id, start.id, turn.question.id, gateway="other", model=None
        )
        by_the_same = await conversations.set_leaf(tx, alice.id, start.id, turn.answer.id)
    assert by_another
    assert by_the_same
    assert (by_another.gateway, by_another.model, by_another.leaf_id) == ("other", None, turn.question.id)
    assert (by_the_same.gateway, by_the_same.model) == ("other", None)
    assert [by_another.revision, by_the_same.revision] == [start.revision + 1, start.revision + 2]


async def test_a_deleted_conversation_is_gone_for_every_query(
    db: Database, alice: User, turn: Turn, rows: Callable[[str], list[Any]]
) -> None:
    id = turn.conversation.id
    async with db.write() as tx:
        assert await conversations.delete(tx, alice.id, id)
    before = rows("SELECT * FROM conversation")
    async with db.write() as tx:
        assert await conversations.get(tx, alice.id, id) is None
        assert await conversations.recent(tx, alice.id, limit=9) == []
        assert await conversations.rename(tx, alice.id, id, "x") is None
        assert await conversations.choose_model(tx, alice.id, id, gateway="x", model=None) is None
        assert await conversations.set_leaf(tx, alice.id, id, None) is None
        assert await conversations.touch(tx, alice.id, id) is None
        assert await conversations.delete(tx, alice.id, id) is None
    assert rows("SELECT * FROM conversation") == before


async def test_a_branch_ends_with_a_message_of_its_conversation(
    db: Database, alice: User, turn: Turn, tea: Conversation
) -> None:
    for leaf_id in (turn.answer.id, new_id()):
        with pytest.raises(NotFoundError):
            async with db.write() as tx:
                await conversations.set_leaf(tx, alice.id, tea.id, leaf_id)


@pytest.mark.parametrize("most", [1, 7, 20, 50])
async def test_those_talked_in_last_are_listed_first(db: Database, alice: User, most: int) -> None:
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    async with db.write() as tx:
        for number in range(20):
            made = await conversations.create(tx, alice.id, title="", gateway="demo", model=None)
            await tx.execute(
                # Several share a moment, so that the id must decide.
                conversation.update()
                .where(conversation.c.id == made.id)
                .values(updated_at=begin + timedelta(seconds=number // 4))
            )
    async with db.read() as tx:
        all_of_them = await conversations.recent(tx, alice.id, limit=99)
        listed = await conversations.recent(tx, alice.id, limit=most)
    assert len(all_of_them) == 20
    assert listed == sorted(all_of_them, key=lambda item: (item.updated_at, item.id), reverse=True)[:most]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_page_is_read_from_an_index_without_sorting(db: Database, rows: Callable[[str], list[Any]]) -> None:
    asked = "SELECT * FROM conversation WHERE owner_id = 'x' AND deleted_at IS NULL"
    plan = rows(f"EXPLAIN QUERY PLAN {asked} ORDER BY updated_at DESC, id DESC LIMIT 50")
    assert "USING INDEX ix_conversation_owner_id_deleted_at_updated_at_id" in plan[0][3]
    assert len(plan) == 1


async def test_the_database_refuses_what_has_no_meaning(db: Database, turn: Turn) -> None:
    for change in (
        "UPDATE conversation SET revision = 0",
        "UPDATE message SET role = 'robot'",
        "UPDATE message SET status = 'lost'",
        "UPDATE run SET status = 'lost'",
        "UPDATE message SET conversation_id = 'gone'",
    ):
        with pytest.raises(ConflictError):
            async with db.write() as tx:
                await tx.execute(text(change))
