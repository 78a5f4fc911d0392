"""Branches: another wording, another answer, another branch shown, a fork; what was there before stays."""

from __future__ import annotations

import pytest

from chat_ui.chat.again import Again, answer_again
from chat_ui.chat.branches import Rewording, fork, reword_answer, show_branch
from chat_ui.chat.changes import Snapshot, TurnStarted
from chat_ui.chat.errors import BlankMessage, ChatError, NoSuchMessage, StillAnswering, UnreadableDraft
from chat_ui.chat.follow import read_earlier, read_snapshot
from chat_ui.chat.library import LONGEST_TITLE, rename
from chat_ui.chat.service import Chat
from chat_ui.chat.trash import delete_message
from chat_ui.store import conversations
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import new_id
from chat_ui.store.messages import Message
from chat_ui.store.preferences import Preferences
from tests.scripted import ScriptedGateway

from .page import ended, opened, say


async def answered(
    chat: Chat, gateway: ScriptedGateway, question: str, answer: str, **fields: str
) -> Message:
    """Ask, and get an answer."""
    conversation = await say(chat, question, **fields)
    return await finished(chat, gateway, conversation, answer)


async def finished(chat: Chat, gateway: ScriptedGateway, conversation: Conversation, answer: str) -> Message:
    request = await gateway.next_request()
    await request.say(answer)
    await request.finish()
    return await ended(chat, conversation)


async def snapshot_of(chat: Chat, conversation_id: str) -> Snapshot:
    return await read_snapshot(chat, chat.person.id, conversation_id)


async def branch(chat: Chat, conversation_id: str) -> list[str]:
    return [message.text for message in (await snapshot_of(chat, conversation_id)).messages]


def reworded(message: Message, text: str) -> Rewording:
    return Rewording(new_id(), message.id, text)


async def test_a_question_in_other_words_stands_beside_the_old_one(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    old = await answered(chat, gateway, "Tea?", "Hot.")
    id = old.conversation_id
    async with opened(chat, id) as page:
        await say(chat, "Coffee?", conversation_id=id, replaces=old.parent_id or "", parent_id=old.id)
        started = await page.next()
        assert isinstance(started, TurnStarted)
        assert started.added[0].parent_id is None
        assert started.siblings == (old.parent_id, started.added[0].id)
    request = await gateway.next_request()
    assert request.asked == [("user", "Coffee?")]
    await request.say("Hotter.")
    await request.finish()
    new = await ended(chat, started.conversation)
    assert await branch(chat, id) == ["Coffee?", "Hotter."]
    assert (await snapshot_of(chat, id)).followers == {
        None: started.siblings,
        started.added[0].id: (new.id,),
    }


async def test_a_question_further_down_keeps_what_led_to_it(chat: Chat, gateway: ScriptedGateway) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    id = first.conversation_id
    second = await answered(chat, gateway, "And?", "Sweet.", conversation_id=id)
    await say(chat, "Or?", conversation_id=id, replaces=second.parent_id or "")
    request = await gateway.next_request()
    assert request.asked == [("user", "Tea?"), ("assistant", "Hot."), ("user", "Or?")]
    await request.finish()


async def test_only_a_question_of_this_conversation_is_reworded(chat: Chat, gateway: ScriptedGateway) -> None:
    one = await answered(chat, gateway, "Tea?", "Hot.")
    two = await answered(chat, gateway, "Coffee?", "Hotter.")
    for id in (one.id, two.parent_id or "", new_id(), "\ud800"):
        with pytest.raises(NoSuchMessage):
            await say(chat, "x", conversation_id=one.conversation_id, replaces=id)
    assert len(gateway.requests) == 2


async def test_another_branch_is_shown_to_its_latest_end_in_every_tab(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    old = await answered(chat, gateway, "Tea?", "Hot.")
    id = old.conversation_id
    await answered(chat, gateway, "And?", "Sweet.", conversation_id=id)
    again = await answer_again(chat, chat.person.id, Again(new_id(), old.id))
    await finished(chat, gateway, again, "Cold.")
    assert await branch(chat, id) == ["Tea?", "Cold."]
    before = (await snapshot_of(chat, id)).conversation
    async with opened(chat, id) as page:
        await show_branch(chat, chat.person.id, old.id)
        snapshot = await page.next()
    assert isinstance(snapshot, Snapshot)
    assert [message.text for message in snapshot.messages] == ["Tea?", "Hot.", "And?", "Sweet."]
    assert snapshot.conversation.revision == before.revision + 1
    assert snapshot.conversation.updated_at == before.updated_at
    await show_branch(chat, chat.person.id, old.id)
    assert (await snapshot_of(chat, id)).conversation.revision == before.revision + 1


async def test_an_answer_in_a_persons_words_is_marked_and_asks_nobody(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    old = await answered(chat, gateway, "Tea?", "Hot.")
    id = old.conversation_id
    wanted = reworded(old, "Lukewarm.")
    await reword_answer(chat, chat.person.id, wanted)
    await reword_answer(chat, chat.person.id, wanted)
    snapshot = await snapshot_of(chat, id)
    new = snapshot.messages[-1]
    assert (new.text, new.status, new.model, new.cost) == ("Lukewarm.", "complete", old.model, None)
    assert new.edited_at is not None
    assert snapshot.followers[old.parent_id] == (old.id, new.id)
    assert len(gateway.requests) == 1
    await say(chat, "And?", conversation_id=id)
    request = await gateway.next_request()
    assert request.asked == [("user", "Tea?"), ("assistant", "Lukewarm."), ("user", "And?")]
    streaming = (await snapshot_of(chat, id)).messages[-1]
    with pytest.raises(StillAnswering):
        await reword_answer(chat, chat.person.id, reworded(streaming, "x"))
    await request.finish()


async def test_a_fork_copies_the_branch_once_and_leaves_the_costs(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    id = first.conversation_id
    async with chat.db.write() as tx:
        await conversations.prefer(tx, chat.person.id, id, Preferences(temperature=1.0))
    await answered(chat, gateway, "And?", "Sweet.", conversation_id=id)
    made = await fork(chat, chat.person.id, "fork-1", first.id)
    assert (await fork(chat, chat.person.id, "fork-1", first.id)).id == made.id
    copy = await snapshot_of(chat, made.id)
    assert [message.text for message in copy.messages] == ["Tea?", "Hot."]
    assert copy.messages[-1].id != first.id
    assert copy.messages[-1].created_at == first.created_at
    assert (made.title, made.preferences, made.model) == ("Fork: Tea?", Preferences(temperature=1.0), None)
    await answered(chat, gateway, "Or?", "Green.", conversation_id=made.id)
    assert await branch(chat, id) == ["Tea?", "Hot.", "And?", "Sweet."]
    assert await branch(chat, made.id) == ["Tea?", "Hot.", "Or?", "Green."]
    assert len(gateway.requests) == 3


async def test_the_title_of_a_fork_is_no_longer_than_a_title_may_be(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    answer = await answered(chat, gateway, "Tea?", "Hot.")
    await rename(chat, chat.person.id, answer.conversation_id, "x" * LONGEST_TITLE)
    made = await fork(chat, chat.person.id, "fork-1", answer.id)
    assert len(made.title) == LONGEST_TITLE
    assert made.title.startswith("Fork: x")


async def test_a_question_without_an_answer_gets_one(chat: Chat, gateway: ScriptedGateway) -> None:
    answer = await answered(chat, gateway, "Tea?", "Hot.")
    await delete_message(chat, chat.person.id, answer.id)
    assert await branch(chat, answer.conversation_id) == ["Tea?"]
    again = await answer_again(chat, chat.person.id, Again(new_id(), answer.parent_id or ""))
    await finished(chat, gateway, again, "Cold.")
    assert await branch(chat, answer.conversation_id) == ["Tea?", "Cold."]


async def test_earlier_messages_come_with_their_versions(chat: Chat, gateway: ScriptedGateway) -> None:
    old = await answered(chat, gateway, "Tea?", "Hot.")
    again = await answer_again(chat, chat.person.id, Again(new_id(), old.id))
    new = await finished(chat, gateway, again, "Cold.")
    last = await answered(chat, gateway, "And?", "Ice.", conversation_id=old.conversation_id)
    earlier, followers = await read_earlier(chat, chat.person.id, last.parent_id or "")
    assert [message.text for message in earlier] == ["Tea?", "Cold."]
    assert followers[old.parent_id] == (old.id, new.id)


async def test_nothing_of_another_persons_is_reached(
    chat: Chat, gateway: ScriptedGateway, mallory: str
) -> None:
    answer = await answered(chat, gateway, "Tea?", "Hot.")
    for owner, id in ((mallory, answer.id), (chat.person.id, new_id()), (chat.person.id, "\ud800")):
        with pytest.raises(NoSuchMessage):
            await show_branch(chat, owner, id)
        with pytest.raises(NoSuchMessage):
            await reword_answer(chat, owner, Rewording(new_id(), id, "x"))
        with pytest.raises(NoSuchMessage):
            await fork(chat, owner, new_id(), id)
    with pytest.raises(BlankMessage):
        await reword_answer(chat, chat.person.id, reworded(answer, " "))
    with pytest.raises(UnreadableDraft):
        await fork(chat, chat.person.id, "x" * 100, answer.id)
    with pytest.raises(ChatError):
        await reword_answer(chat, chat.person.id, Rewording(new_id(), answer.parent_id or "", "x"))
    assert await branch(chat, answer.conversation_id) == ["Tea?", "Hot."]
