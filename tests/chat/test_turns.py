"""A person's turn: what is taken, what is refused, and what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.chat.context import build_request
from chat_ui.chat.errors import (
    BlankMessage,
    ChatError,
    MessageTooLong,
    NoSuchConversation,
    NoSuchMessage,
    NoSuchModel,
    UnreadableDraft,
)
from chat_ui.chat.follow import read_snapshot
from chat_ui.chat.service import Chat
from chat_ui.chat.trash import delete_conversation
from chat_ui.chat.turns import LONGEST_TITLE, Draft, send, title_of
from chat_ui.gateway import ChatMessage
from chat_ui.store.ids import new_id
from chat_ui.store.messages import Message
from tests.scripted import ScriptedGateway, happens

from .page import ended, opened, say

Rows = Callable[[str], list[tuple[Any, ...]]]


async def answer_with(gateway: ScriptedGateway, text: str) -> None:
    request = await gateway.next_request()
    await request.say(text)
    await request.finish()


async def test_the_first_message_makes_a_conversation(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "  How long\ndoes tea draw?  ")
    request = await gateway.next_request()
    assert request.body["model"] == "model-a"
    assert request.asked == [("user", "  How long\ndoes tea draw?  ")]
    assert (conversation.title, conversation.gateway) == ("How long does tea draw?", "gateway")
    await request.say("Four minutes.")
    await request.finish()
    assert (await ended(chat, conversation)).text == "Four minutes."


async def test_a_message_is_stored_before_the_gateway_is_asked(
    chat: Chat, gateway: ScriptedGateway, rows: Rows
) -> None:
    await say(chat, "Hello?")
    request = await gateway.next_request()
    # Another connection sees what is committed, and nothing else.
    assert rows("SELECT text FROM message WHERE role = 'user'") == [("Hello?",)]
    assert rows("SELECT status FROM run") == [("running",)]
    await request.finish()


async def test_the_next_message_tells_all_that_was_said(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "One?", model="model-b")
    await answer_with(gateway, "One.")
    await ended(chat, conversation)
    again = await say(chat, "Two?", conversation_id=conversation.id)
    request = await gateway.next_request()
    assert again.id == conversation.id
    assert [asked.body["model"] for asked in gateway.requests] == ["model-b", "model-a"]
    assert request.asked == [("user", "One?"), ("assistant", "One."), ("user", "Two?")]
    await request.finish()


@pytest.mark.parametrize("times", [2, 5])
async def test_the_same_send_at_once_is_one_turn(
    chat: Chat, gateway: ScriptedGateway, rows: Rows, times: int
) -> None:
    draft = Draft(new_id(), "Once?")
    sent = await asyncio.gather(*(send(chat, chat.person.id, draft) for _ in range(times)))
    assert len({conversation.id for conversation in sent}) == 1
    await answer_with(gateway, "Once.")
    await ended(chat, sent[0])
    again = await send(chat, chat.person.id, draft)
    assert again.id == sent[0].id
    assert rows("SELECT role FROM message ORDER BY id") == [("user",), ("assistant",)]
    assert len(gateway.requests) == 1


async def test_a_send_that_is_repeated_once_its_gateway_is_gone_is_still_known(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    draft = Draft(new_id(), "Once?", gateway="gateway")
    first = await send(chat, chat.person.id, draft)
    await answer_with(gateway, "Once.")
    await ended(chat, first)
    del chat.gateways._open["gateway"]
    assert (await send(chat, chat.person.id, draft)).id == first.id


async def test_two_people_may_use_the_same_send_id(
    chat: Chat, gateway: ScriptedGateway, mallory: str
) -> None:
    draft = Draft(new_id(), "Mine?")
    mine, hers = await send(chat, chat.person.id, draft), await send(chat, mallory, draft)
    assert mine.id != hers.id
    for _ in range(2):
        await answer_with(gateway, "Yours.")
    await ended(chat, mine)


async def test_a_sender_who_leaves_during_the_commit_still_gets_an_answer(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    async with chat.db.write():
        sending = asyncio.create_task(say(chat, "Still there?"))
        await happens(lambda: chat.runs._admitted)
        sending.cancel()
    request = await gateway.next_request()
    assert request.asked == [("user", "Still there?")]
    await request.finish()


async def nothing_was_stored(chat: Chat, rows: Rows, error: type[ChatError], draft: Draft) -> str:
    before = rows("SELECT revision FROM conversation"), rows("SELECT id FROM message")
    with pytest.raises(error) as raised:
        await send(chat, chat.person.id, draft)
    assert (rows("SELECT revision FROM conversation"), rows("SELECT id FROM message")) == before
    return str(raised.value)


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (BlankMessage, {"text": ""}),
        (BlankMessage, {"text": " \n\t\u2003 "}),
        (UnreadableDraft, {"id": ""}),
        (UnreadableDraft, {"id": "x" * 65}),
        (NoSuchConversation, {"conversation_id": new_id()}),
        (NoSuchConversation, {"conversation_id": "../etc"}),
        (NoSuchConversation, {"conversation_id": "\ud800\0"}),
        (NoSuchMessage, {"parent_id": new_id()}),
        (NoSuchMessage, {"parent_id": "\ud800\0'"}),
        (NoSuchModel, {"gateway": "elsewhere"}),
        (NoSuchModel, {"gateway": "\ud800"}),
        (NoSuchModel, {"model": "m" * 300}),
        (NoSuchModel, {"model": "\ud800"}),
        (NoSuchModel, {"model": "two\nlines"}),
    ],
)
async def test_what_is_refused(
    chat: Chat, gateway: ScriptedGateway, rows: Rows, error: type[ChatError], fields: dict[str, str]
) -> None:
    draft = Draft(**({"id": new_id(), "text": "Hello?"} | fields))
    words = await nothing_was_stored(chat, rows, error, draft)
    assert words.encode(errors="strict").endswith(b".")
    assert gateway.requests == []


async def test_a_message_as_long_as_it_may_be(chat: Chat, gateway: ScriptedGateway, rows: Rows) -> None:
    most = chat.settings.max_message_chars
    words = await nothing_was_stored(chat, rows, MessageTooLong, Draft(new_id(), "x" * (most + 1)))
    assert f"{most:,}" in words
    await say(chat, "x" * most)
    await answer_with(gateway, "Long.")


async def test_another_persons_conversation_and_messages_are_not_there(
    chat: Chat, gateway: ScriptedGateway, rows: Rows, mallory: str
) -> None:
    hers = await send(chat, mallory, Draft(new_id(), "Hers?"))
    await answer_with(gateway, "Hers.")
    mine = await say(chat, "Mine?")
    await answer_with(gateway, "Mine.")
    await ended(chat, mine)
    await nothing_was_stored(chat, rows, NoSuchConversation, Draft(new_id(), "x", hers.id))
    await nothing_was_stored(chat, rows, NoSuchMessage, Draft(new_id(), "x", mine.id, hers.leaf_id or ""))
    await nothing_was_stored(chat, rows, NoSuchMessage, Draft(new_id(), "x", "", hers.leaf_id or ""))


async def test_a_parent_from_another_conversation_is_not_there(
    chat: Chat, gateway: ScriptedGateway, rows: Rows
) -> None:
    one, two = await say(chat, "One?"), await say(chat, "Two?")
    for _ in range(2):
        await answer_with(gateway, "Yes.")
    await ended(chat, one)
    await ended(chat, two)
    await nothing_was_stored(chat, rows, NoSuchMessage, Draft(new_id(), "x", one.id, two.leaf_id or ""))


async def test_a_deleted_conversation_takes_no_message(
    chat: Chat, gateway: ScriptedGateway, rows: Rows
) -> None:
    conversation = await say(chat, "One?")
    await answer_with(gateway, "One.")
    await ended(chat, conversation)
    await delete_conversation(chat, chat.person.id, conversation.id)
    await nothing_was_stored(chat, rows, NoSuchConversation, Draft(new_id(), "x", conversation.id))


async def test_a_message_to_an_older_state_begins_a_branch(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "One?")
    await answer_with(gateway, "One.")
    first = await ended(chat, conversation)
    await say(chat, "Two?", conversation_id=conversation.id)
    await answer_with(gateway, "Two.")
    await ended(chat, conversation)
    branched = await say(chat, "Instead?", conversation_id=conversation.id, parent_id=first.id)
    request = await gateway.next_request()
    assert request.asked == [("user", "One?"), ("assistant", "One."), ("user", "Instead?")]
    await request.finish()
    snapshot = await read_snapshot(chat, chat.person.id, conversation.id)
    assert [message.text for message in snapshot.messages][:3] == ["One?", "One.", "Instead?"]
    assert branched.leaf_id == snapshot.messages[-1].id


async def test_characters_that_can_not_be_stored_are_replaced(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "a\0b\ud800c 😀")
    request = await gateway.next_request()
    assert request.asked == [("user", "a\ufffdb\ufffdc 😀")]
    assert conversation.title == "a\ufffdb\ufffdc 😀"
    async with opened(chat, conversation.id) as page:
        await say(chat, "\udfff", conversation_id=conversation.id)
        await page.until(lambda: len(page.messages) == 4)
        texts = [page.texts[id, "text"] for id, message in page.messages.items() if message.role == "user"]
    assert texts == ["a\ufffdb\ufffdc 😀", "\ufffd"]
    await request.finish()
    await answer_with(gateway, "Odd.")


async def test_answers_that_failed_without_a_word_are_not_told(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "One?")
    await (await gateway.next_request()).refuse(500, "no")
    assert (await ended(chat, conversation)).status == "failed"
    await say(chat, "Again?", conversation_id=conversation.id)
    request = await gateway.next_request()
    assert request.asked == [("user", "One?"), ("user", "Again?")]
    await request.finish()


def test_what_a_model_is_told() -> None:
    def message(role: Any, text: str, **more: Any) -> Message:
        return Message(conversation_id="c", role=role, text=text, **more)

    path = [
        message("system", "Be brief."),
        message("user", "One?"),
        message("assistant", "On", status="stopped", reasoning="Hm."),
        message("tool", "{}"),
        message("user", "Two?"),
        message("assistant", " \n", status="failed"),
        message("user", "Three?"),
    ]
    request = build_request(path, "model-a")
    assert request.model == "model-a"
    assert request.messages == (
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "One?"),
        ChatMessage("assistant", "On"),
        ChatMessage("user", "Two?"),
        ChatMessage("user", "Three?"),
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Tea", "Tea"),
        ("  two\n\n words ", "two words"),
        ("x" * LONGEST_TITLE, "x" * LONGEST_TITLE),
        ("x" * 100, "x" * (LONGEST_TITLE - 1) + "…"),
        ("word " * 20, "word " * 11 + "word…"),
        ("Why?\n\n```python\nx = 1\n```\nHm", "Why? x = 1 Hm"),
        ("  ~~~ text\nTea\n  ~~~", "Tea"),
        ("```Tea``` with milk", "```Tea``` with milk"),
        ("```", "```"),
        ("Why " + "x" * 100, "Why " + "x" * (LONGEST_TITLE - 5) + "…"),
    ],
)
def test_a_title_is_the_first_words(text: str, title: str) -> None:
    assert title_of(text) == title


@given(st.text(min_size=1))
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_of(text)
    assert len(title) <= LONGEST_TITLE
    assert title == " ".join(title.split())
