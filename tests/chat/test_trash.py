"""Deleting, taking it back, and what is gone for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import update

from chat_ui.chat.again import Again, answer_again
from chat_ui.chat.branches import show_branch
from chat_ui.chat.changes import ConversationDeleted, Snapshot
from chat_ui.chat.errors import FollowsDeleted, NoSuchConversation, NoSuchMessage
from chat_ui.chat.service import Chat
from chat_ui.chat.trash import (
    KEPT_FOR,
    delete_conversation,
    delete_message,
    delete_turn,
    purge,
    restore_conversation,
    restore_message,
)
from chat_ui.settings import Settings
from chat_ui.store import runs
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import new_id
from chat_ui.store.tables import conversation as table
from tests.scripted import ScriptedGateway, happens

from .conftest import opened_cleanly
from .page import opened, say
from .test_branches import answered, branch, finished, snapshot_of

Rows = Callable[[str], list[tuple[Any, ...]]]


async def test_a_message_goes_with_what_follows_and_comes_back_in_every_tab(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    id, owner = first.conversation_id, chat.person.id
    second = await answered(chat, gateway, "And?", "Sweet.", conversation_id=id)
    async with opened(chat, id) as page:
        deleted = await delete_message(chat, owner, second.parent_id or "")
        assert (deleted.leaf_id, deleted.count) == (second.id, 2)
        shown = await page.next()
        assert isinstance(shown, Snapshot)
        assert [message.text for message in shown.messages] == ["Tea?", "Hot."]
        with pytest.raises(NoSuchMessage):
            await delete_message(chat, owner, second.id)
        with pytest.raises(NoSuchMessage):
            await say(chat, "x", conversation_id=id, parent_id=second.id)
        with pytest.raises(NoSuchMessage):
            await answer_again(chat, owner, Again(new_id(), second.id))
        await restore_message(chat, owner, deleted)
        shown = await page.next()
        assert isinstance(shown, Snapshot)
        assert [message.text for message in shown.messages] == ["Tea?", "Hot.", "And?", "Sweet."]
    await restore_message(chat, owner, deleted)
    assert (await snapshot_of(chat, id)).conversation == shown.conversation


async def test_a_question_goes_with_its_answers_and_what_follows_stays(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    id, owner = first.conversation_id, chat.person.id
    second = await answered(chat, gateway, "And?", "Sweet.", conversation_id=id)
    third = await answered(chat, gateway, "Milk?", "Yes.", conversation_id=id)
    again = await answer_again(chat, owner, Again(new_id(), second.id))
    await finished(chat, gateway, again, "Sour.")
    await show_branch(chat, owner, third.id)
    deleted = await delete_turn(chat, owner, second.id)
    assert (deleted.message_id, deleted.leaf_id, deleted.count) == (second.parent_id, third.id, 3)
    assert await branch(chat, id) == ["Tea?", "Hot.", "Milk?", "Yes."]
    with pytest.raises(NoSuchMessage):
        await delete_turn(chat, owner, second.id)
    await say(chat, "Thanks.", conversation_id=id)
    request = await gateway.next_request()
    assert [text for _, text in request.asked] == ["Tea?", "Hot.", "Milk?", "Yes.", "Thanks."]
    await request.say("Sure.")
    await request.finish()
    await happens(lambda: not chat.runs._live)
    whole = ["Tea?", "Hot.", "And?", "Sweet.", "Milk?", "Yes.", "Thanks.", "Sure."]
    await restore_message(chat, owner, deleted)
    assert await branch(chat, id) == whole

    # The first one goes like any other, and so does the last, whose answer ends the branch.
    beginning = await delete_turn(chat, owner, first.parent_id or "")
    assert (await branch(chat, id), beginning.count) == (whole[2:], 2)
    ending = await delete_turn(chat, owner, (await snapshot_of(chat, id)).messages[-1].id)
    assert await branch(chat, id) == whole[2:-2]
    await restore_message(chat, owner, ending)
    await restore_message(chat, owner, beginning)
    assert await branch(chat, id) == whole


async def test_two_turns_that_come_back_in_another_order_stand_where_they_stood(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    id, owner = first.conversation_id, chat.person.id
    second = await answered(chat, gateway, "And?", "Sweet.", conversation_id=id)
    await answered(chat, gateway, "Milk?", "Yes.", conversation_id=id)
    # Each in a tab that knows nothing of the other's.
    one = await delete_turn(chat, owner, first.id)
    two = await delete_turn(chat, owner, second.id)
    assert await branch(chat, id) == ["Milk?", "Yes."]
    await restore_message(chat, owner, one)
    await restore_message(chat, owner, two)
    assert await branch(chat, id) == ["Tea?", "Hot.", "And?", "Sweet.", "Milk?", "Yes."]


async def test_where_another_version_went_on_that_is_shown_instead(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    old = await answered(chat, gateway, "Tea?", "Hot.")
    id, owner = old.conversation_id, chat.person.id
    await answered(chat, gateway, "And?", "Sweet.", conversation_id=id)
    await answer_again(chat, owner, Again(new_id(), old.id))
    request = await gateway.next_request()
    deleted = await delete_turn(chat, owner, old.id)
    await request.until_client_leaves()
    assert (await branch(chat, id), deleted.count) == (["And?", "Sweet."], 3)
    await restore_message(chat, owner, deleted)
    assert await branch(chat, id) == ["Tea?", "Hot.", "And?", "Sweet."]


async def test_where_a_version_goes_the_one_beside_it_is_shown(chat: Chat, gateway: ScriptedGateway) -> None:
    old = await answered(chat, gateway, "Tea?", "Hot.")
    again = await answer_again(chat, chat.person.id, Again(new_id(), old.id))
    new = await finished(chat, gateway, again, "Cold.")
    await delete_message(chat, chat.person.id, new.id)
    assert await branch(chat, old.conversation_id) == ["Tea?", "Hot."]
    await delete_message(chat, chat.person.id, old.parent_id or "")
    snapshot = await snapshot_of(chat, old.conversation_id)
    assert (snapshot.messages, snapshot.conversation.leaf_id) == ((), None)
    await say(chat, "Again?", conversation_id=old.conversation_id)
    assert (await gateway.next_request()).asked == [("user", "Again?")]


async def test_an_answer_that_is_being_written_is_stopped_first(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Tea?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await request.say("It is")
        await page.until_shown("It is")
        deleted = await delete_message(chat, chat.person.id, page.last.id)
    await request.until_client_leaves()
    await restore_message(chat, chat.person.id, deleted)
    answer = (await snapshot_of(chat, conversation.id)).messages[-1]
    assert (answer.status, answer.text) == ("stopped", "It is")


async def test_what_follows_a_deleted_message_comes_back_after_it(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    second = await answered(chat, gateway, "And?", "Sweet.", conversation_id=first.conversation_id)
    inner = await delete_message(chat, chat.person.id, second.id)
    outer = await delete_message(chat, chat.person.id, first.id)
    with pytest.raises(FollowsDeleted):
        await restore_message(chat, chat.person.id, inner)
    await restore_message(chat, chat.person.id, outer)
    assert await branch(chat, first.conversation_id) == ["Tea?", "Hot.", "And?"]
    await restore_message(chat, chat.person.id, inner)
    assert await branch(chat, first.conversation_id) == ["Tea?", "Hot.", "And?", "Sweet."]


async def test_a_conversation_comes_back_where_it_is_open(chat: Chat, gateway: ScriptedGateway) -> None:
    answer = await answered(chat, gateway, "Tea?", "Hot.")
    id = answer.conversation_id
    async with opened(chat, id) as page:
        await delete_conversation(chat, chat.person.id, id)
        assert isinstance(await page.next(), ConversationDeleted)
        await restore_conversation(chat, chat.person.id, id)
        back = await page.next()
    assert isinstance(back, Snapshot)
    assert [message.text for message in back.messages] == ["Tea?", "Hot."]
    with pytest.raises(NoSuchConversation):
        await restore_conversation(chat, chat.person.id, id)


async def test_a_deletion_is_told_though_an_answer_can_not_be_stopped(
    chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = await say(chat, "Tea?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        with monkeypatch.context() as away:
            away.setattr(runs, "active", AsyncMock(side_effect=StoreError("The database is away.", "away")))
            await delete_conversation(chat, chat.person.id, conversation.id)
        assert isinstance(await page.next(), ConversationDeleted)
    assert "The database is away." in caplog.text
    await request.say("Hot.")
    await request.finish()
    await happens(lambda: not chat.runs._live)
    await restore_conversation(chat, chat.person.id, conversation.id)
    assert await branch(chat, conversation.id) == ["Tea?", "Hot."]


async def test_after_a_month_it_is_gone_for_good(chat: Chat, gateway: ScriptedGateway, rows: Rows) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    lost = await answered(chat, gateway, "Coffee?", "Hotter.")
    deleted = await delete_message(chat, chat.person.id, first.id)
    await delete_conversation(chat, chat.person.id, lost.conversation_id)
    now = datetime.now(UTC)
    await purge(chat, now=now + KEPT_FOR - timedelta(minutes=1))
    assert len(rows("SELECT id FROM message")) == 4
    await purge(chat, now=now + KEPT_FOR + timedelta(minutes=1))
    assert rows("SELECT text FROM message") == [("Tea?",)]
    with pytest.raises(NoSuchMessage):
        await restore_message(chat, chat.person.id, deleted)


async def test_a_site_that_starts_purges(settings: Settings, gateway: ScriptedGateway, rows: Rows) -> None:
    async with opened_cleanly(settings) as chat:
        lost = await answered(chat, gateway, "Coffee?", "Hotter.")
        await delete_conversation(chat, chat.person.id, lost.conversation_id)
        async with chat.db.write() as tx:
            long_ago = datetime.now(UTC) - KEPT_FOR - timedelta(days=1)
            await tx.execute(update(table).values(deleted_at=long_ago))
    async with opened_cleanly(settings):
        await happens(lambda: not rows("SELECT id FROM conversation"))


async def test_nothing_of_another_persons_is_deleted_or_restored(
    chat: Chat, gateway: ScriptedGateway, mallory: str
) -> None:
    answer = await answered(chat, gateway, "Tea?", "Hot.")
    for delete in (delete_message, delete_turn):
        with pytest.raises(NoSuchMessage):
            await delete(chat, mallory, answer.id)
    deleted = await delete_message(chat, chat.person.id, answer.id)
    with pytest.raises(NoSuchMessage):
        await restore_message(chat, mallory, deleted)
    await delete_conversation(chat, chat.person.id, answer.conversation_id)
    with pytest.raises(NoSuchConversation):
        await restore_conversation(chat, mallory, answer.conversation_id)
    with pytest.raises(NoSuchConversation):
        await restore_message(chat, chat.person.id, deleted)
