"""A conversation as it stands, and then everything that happens in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from itertools import accumulate
from typing import Any

import pytest

from chat_ui.chat import follow, library
from chat_ui.chat.changes import (
    ConversationChanged,
    ConversationDeleted,
    MessageEnded,
    Piece,
    RunWaiting,
    Snapshot,
    TurnStarted,
)
from chat_ui.chat.errors import NoSuchConversation, NoSuchMessage
from chat_ui.chat.feed import MemoryFeed, Topic
from chat_ui.chat.follow import read_snapshot, read_texts
from chat_ui.chat.service import Chat
from chat_ui.chat.trash import delete_conversation
from chat_ui.store import conversations
from chat_ui.store.conversations import Conversation
from chat_ui.store.engine import Database
from chat_ui.store.ids import new_id
from tests.scripted import Request, ScriptedGateway, happens

from .page import Page, ended, opened, say


@asynccontextmanager
async def answered(chat: Chat, gateway: ScriptedGateway) -> AsyncGenerator[tuple[Conversation, Page]]:
    """A page with one question and its answer."""
    conversation = await say(chat, "One?")
    request = await gateway.next_request()
    await request.say("One.")
    await request.finish()
    await ended(chat, conversation)
    async with opened(chat, conversation.id) as page:
        yield conversation, page


async def test_a_snapshot_and_then_every_change(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page):
        assert [message.text for message in page.messages.values()] == ["One?", "One."]
        await say(chat, "Two?", conversation_id=conversation.id)
        request = await gateway.next_request()
        await request.say("Two.")
        await page.until_shown("Two.")
        await library.rename(chat, chat.person.id, conversation.id, "Numbers")
        await request.finish()
        await page.until_ended()
        kinds = [type(change) for change in page.seen]
    assert kinds == [Snapshot, TurnStarted, Piece, ConversationChanged, MessageEnded]
    revisions = [change.conversation.revision for change in page.seen if not isinstance(change, Piece)]
    assert revisions == list(range(revisions[0], revisions[0] + 4))


async def test_a_turn_by_another_model_is_one_change(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page):
        await say(chat, "Two?", conversation_id=conversation.id, model="model-b")
        await (await gateway.next_request()).finish()
        await page.until(lambda: page.count(MessageEnded) == 1)
        changes = [change for change in page.seen if not isinstance(change, Piece)]
    assert [type(change) for change in changes] == [Snapshot, TurnStarted, MessageEnded]
    assert [change.conversation.model for change in changes] == [None, "model-b", "model-b"]


async def test_what_is_shown_at_once_is_not_told_again(chat: Chat, gateway: ScriptedGateway) -> None:
    at_once, told = list[Piece](), list[Piece]()

    def show(piece: Piece) -> bool:
        is_shown = "!" not in piece.text
        if is_shown:
            at_once.append(piece)
        return is_shown

    async def read() -> str:
        changes = follow.follow_conversation(chat, chat.person.id, conversation.id, show)
        async with aclosing(changes):
            async for change in changes:
                if isinstance(change, Piece):
                    told.append(change)
                elif isinstance(change, MessageEnded):
                    return change.message.text
        raise AssertionError("it ended without a word")

    conversation = await say(chat, "Count")
    request = await gateway.next_request()
    reading = asyncio.create_task(read())
    for number in range(20):
        await request.say("!" if number % 3 == 2 else ".")
        await happens(lambda have=number: sum(len(piece.text) for piece in [*at_once, *told]) >= have)
    await request.finish()
    whole = await reading
    shown = sorted([*at_once, *told], key=lambda piece: piece.offset)
    assert "".join(piece.text for piece in shown) == whole
    assert [piece.offset for piece in shown] == list(accumulate((len(p.text) for p in shown[:-1]), initial=0))
    assert at_once
    assert told


async def test_two_pages_see_the_same(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page), opened(chat, conversation.id) as other:
        await say(chat, "Two?", conversation_id=conversation.id)
        request = await gateway.next_request()
        await request.say("Two.")
        await request.finish()
        await page.until(lambda: page.count(MessageEnded) == 1)
        await other.until(lambda: other.count(MessageEnded) == 1)
        assert page.texts == other.texts
        assert page.shown() == "Two."


async def grown(page: Page, request: Request, words: list[str]) -> None:
    for word in words:
        had = page.shown()
        await request.say(word)
        await page.until_shown(had + word)


async def test_a_page_that_comes_in_the_middle_continues_exactly(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    words = [f"w{number}👋 " for number in range(12)]
    async with opened(chat, conversation.id) as first:
        await grown(first, request, words[:3])
        async with opened(chat, conversation.id) as second:
            assert second.shown() == "".join(words[:3])
            await grown(second, request, words[3:6])
            async with opened(chat, conversation.id) as third:
                await grown(third, request, words[6:])
                await request.finish()
                for page in (first, second, third):
                    answer = await page.until_ended()
                    assert page.shown() == answer.text == "".join(words)


async def test_pieces_that_a_snapshot_holds_already_are_not_doubled(
    chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said while the snapshot is read stands in it and comes as a piece as well."""
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as watching:

        async def slowly(*args: Any, **more: Any) -> Any:
            await grown(watching, request, ["one ", "two "])
            return await read_snapshot(*args, **more)

        monkeypatch.setattr(follow, "read_snapshot", slowly)
        async with opened(chat, conversation.id) as page:
            assert page.shown() == "one two "
            await request.say("three")
            await request.finish()
            answer = await page.until_ended()
    assert page.shown() == answer.text == "one two three"


class SlowAfterReading(Database):
    """Lets something happen between the end of a read and what is made of it."""

    meanwhile: Any = None

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Any]:
        async with super().read() as tx:
            yield tx
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()


async def test_a_run_that_ends_while_the_snapshot_is_read_is_shown_whole(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as watching:

        async def end() -> None:
            await request.say("All of it.")
            await request.finish()
            await watching.until_ended()
            await happens(lambda: chat.runs.shown(watching.last) is None)

        chat.db.__class__ = SlowAfterReading
        chat.db.meanwhile = end  # type: ignore[attr-defined]
        async with opened(chat, conversation.id) as page:
            assert (page.shown(), page.last.status) == ("All of it.", "complete")
            assert isinstance(await page.next(), Piece | MessageEnded)
            await page.until(lambda: page.count(MessageEnded) == 1)
            assert page.shown() == "All of it."


async def test_a_change_that_was_missed_brings_a_new_snapshot(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page):
        async with chat.db.write() as tx:
            await conversations.rename(tx, chat.person.id, conversation.id, "Nobody was told")
        await library.rename(chat, chat.person.id, conversation.id, "Told")
        change = await page.next()
        assert isinstance(change, Snapshot)
        assert change.conversation.title == "Told"
        await library.rename(chat, chat.person.id, conversation.id, "In order again")
        assert isinstance(await page.next(), ConversationChanged)


async def test_changes_that_come_late_are_dropped(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page):
        await chat.feed.publish(Topic("conversation", conversation.id), ConversationChanged(conversation))
        await library.rename(chat, chat.person.id, conversation.id, "New")
        change = await page.next()
        assert isinstance(change, ConversationChanged)
        assert change.conversation.title == "New"


async def test_a_branch_takes_the_place_of_what_it_leaves(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page):
        root = next(iter(page.messages))
        await say(chat, "Instead?", conversation_id=conversation.id, parent_id=root)
        change = await page.next()
        assert isinstance(change, TurnStarted)
        assert [(message.text, message.parent_id) for message in change.added] == [
            ("Instead?", root),
            ("", change.added[0].id),
        ]
        request = await gateway.next_request()
        await request.say("Indeed.")
        await page.until_shown("Indeed.")
        await request.finish()
        await page.until_ended()
        snapshot = await read_snapshot(chat, chat.person.id, conversation.id)
        assert [message.text for message in snapshot.messages] == ["One?", "Instead?", "Indeed."]


async def test_a_branch_elsewhere_brings_a_new_snapshot(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page):
        root, answer = page.messages
        await say(chat, "Instead?", conversation_id=conversation.id, parent_id=root)
        await page.next()
        # The page shows the other branch now, and not the answer that this one follows.
        await say(chat, "And here?", conversation_id=conversation.id, parent_id=answer)
        change = await page.next()
        assert isinstance(change, Snapshot)
        assert [message.text for message in change.messages] == ["One?", "One.", "And here?", ""]


async def test_who_comes_later_learns_of_the_wait(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "One?")
    await (await gateway.next_request()).refuse(429, "Too many", retry_after=1)
    await happens(lambda: any(run.hurdle for run in chat.runs._live.values()))
    async with opened(chat, conversation.id) as page:
        wait = await page.next()
        assert isinstance(wait, RunWaiting)
        assert wait.seconds is not None
        assert 0 < wait.seconds <= 1
        request = await gateway.next_request()
        await request.say("One.")
        await page.until_shown("One.")
        assert chat.runs.hurdle(page.last.id) is None
        await request.finish()
        await page.until_ended()


async def test_a_page_that_lags_starts_over(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page):
        feed = chat.feed
        assert isinstance(feed, MemoryFeed)
        for _ in range(300):
            changed = ConversationChanged(conversation)
            await feed.publish(Topic("conversation", conversation.id), changed)
        change = await page.next()
        assert isinstance(change, Snapshot)
        await library.rename(chat, chat.person.id, conversation.id, "New")
        await page.until(lambda: page.count(ConversationChanged) == 1)


async def test_a_deletion_is_told_and_then_there_is_nothing(chat: Chat, gateway: ScriptedGateway) -> None:
    async with answered(chat, gateway) as (conversation, page):
        await delete_conversation(chat, chat.person.id, conversation.id)
        assert isinstance(await page.next(), ConversationDeleted)
    with pytest.raises(NoSuchConversation):
        async with opened(chat, conversation.id):
            pass


async def test_nobody_follows_what_is_not_theirs(chat: Chat, gateway: ScriptedGateway, mallory: str) -> None:
    async with answered(chat, gateway) as (conversation, page):
        for owner, id in ((mallory, conversation.id), (chat.person.id, new_id()), (chat.person.id, "\0")):
            with pytest.raises(NoSuchConversation):
                async with opened(chat, id, owner):
                    pass
        with pytest.raises(NoSuchMessage):
            await read_texts(chat, mallory, page.last.id)
        assert (await read_texts(chat, chat.person.id, page.last.id)).text == "One."
    assert not chat.feed._followers  # type: ignore[attr-defined]


async def test_one_text_is_read_as_far_as_it_has_grown(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await request.think("Hm.")
        await request.say("So far")
        await page.until_shown("So far")
        message = await read_texts(chat, chat.person.id, page.last.id)
        assert (message.text, message.reasoning, message.status) == ("So far", "Hm.", "streaming")
        await request.finish()
        await page.until_ended()


async def test_what_leaves_a_hole_is_not_shown_at_once(
    chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "JOURNAL_LOOKS", 1)
    shown: list[str] = []
    conversation = await say(chat, "Count")
    request = await gateway.next_request()

    def show(piece: Piece) -> bool:
        shown.append(piece.text)
        return True

    following = follow.follow_conversation(chat, chat.person.id, conversation.id, show)
    async with aclosing(following) as changes:
        answer = (await snapshot_in(changes)).messages[-1]
        again = asyncio.create_task(snapshot_in(changes))
        await request.say("1")
        await happens(lambda: shown == ["1"])
        await chat.feed.publish(Topic("conversation", conversation.id), Piece(answer.id, "text", 2, "3"))
        assert (await asyncio.wait_for(again, 10)).messages[-1].text == "1"
    assert shown == ["1"]
    await request.finish()


async def snapshot_in(changes: AsyncGenerator[Any]) -> Snapshot:
    return await anext(change async for change in changes if isinstance(change, Snapshot))
