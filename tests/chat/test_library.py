from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from chat_ui.chat.errors import NoSuchConversation
from chat_ui.chat.library import LONGEST_TITLE, follow_library, rename
from chat_ui.chat.service import Chat
from chat_ui.chat.trash import delete_conversation
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import new_id
from tests.scripted import ScriptedGateway

from .page import ended, opened, say

Lists = AsyncGenerator[tuple[Conversation, ...]]


async def titles(lists: Lists) -> list[str]:
    async with asyncio.timeout(20):
        return [conversation.title for conversation in await anext(lists)]


@pytest.fixture(autouse=True)
def greets(gateway: ScriptedGateway) -> None:
    gateway.greeting = "Hello."


async def begun(chat: Chat, *questions: str) -> list[Conversation]:
    made = [await say(chat, question) for question in questions]
    for conversation in made:
        await ended(chat, conversation)
    return made


async def test_the_newest_come_first_and_no_more_than_asked_for(chat: Chat) -> None:
    await begun(chat, "One", "Two")
    await begun(chat, "Three")
    async with aclosing(follow_library(chat, chat.person.id, 2)) as lists:
        assert (await titles(lists))[0] == "Three"
        assert len(await anext(aiter(follow_library(chat, chat.person.id, 2)))) == 2


async def test_every_change_brings_a_new_list(chat: Chat, mallory: str) -> None:
    [one] = await begun(chat, "One")
    owner = chat.person.id
    async with aclosing(follow_library(chat, owner, 9)) as lists:
        assert await titles(lists) == ["One"]
        await rename(chat, owner, one.id, " Number\n one ")
        assert await titles(lists) == ["Number one"]
        await say(chat, "Two")
        assert await titles(lists) == ["Two", "Number one"]
        await delete_conversation(chat, owner, one.id)
        while await titles(lists) != ["Two"]:
            pass
    async with aclosing(follow_library(chat, mallory, 9)) as lists:
        assert await titles(lists) == []


async def test_an_answer_that_ends_moves_its_conversation_up(chat: Chat, gateway: ScriptedGateway) -> None:
    gateway.greeting = None
    one = await say(chat, "One")
    request = await gateway.next_request()
    await say(chat, "Two")
    async with aclosing(follow_library(chat, chat.person.id, 9)) as lists:
        assert await titles(lists) == ["Two", "One"]
        await request.say("One.")
        await request.finish()
        assert await titles(lists) == ["One", "Two"]
    await ended(chat, one)


async def test_a_blank_title_changes_nothing_and_a_long_one_is_cut(chat: Chat) -> None:
    [one] = await begun(chat, "One")
    owner = chat.person.id
    await rename(chat, owner, one.id, " \n")
    await rename(chat, owner, "not even an id", "")
    async with aclosing(follow_library(chat, owner, 9)) as lists:
        assert await titles(lists) == ["One"]
        await rename(chat, owner, one.id, "x" * 300)
        assert await titles(lists) == ["x" * LONGEST_TITLE]
        await rename(chat, owner, one.id, "a\0b\ud800")
        assert await titles(lists) == ["a\ufffdb\ufffd"]


async def test_nobody_touches_what_is_not_theirs(chat: Chat, mallory: str) -> None:
    [one] = await begun(chat, "One")
    for owner, id in ((mallory, one.id), (chat.person.id, new_id()), (chat.person.id, "\ud800")):
        with pytest.raises(NoSuchConversation):
            await rename(chat, owner, id, "Taken")
        with pytest.raises(NoSuchConversation):
            await delete_conversation(chat, owner, id)
    async with aclosing(follow_library(chat, chat.person.id, 9)) as lists:
        assert await titles(lists) == ["One"]


async def test_deleting_twice_is_told(chat: Chat) -> None:
    [one] = await begun(chat, "One")
    await delete_conversation(chat, chat.person.id, one.id)
    with pytest.raises(NoSuchConversation):
        await delete_conversation(chat, chat.person.id, one.id)


async def test_deleting_stops_what_is_being_said(chat: Chat, gateway: ScriptedGateway) -> None:
    gateway.greeting = None
    one, two = await say(chat, "One"), await say(chat, "Two")
    first, second = await gateway.next_request(), await gateway.next_request()
    if first.asked != [("user", "One")]:
        first, second = second, first
    await delete_conversation(chat, chat.person.id, one.id)
    await first.until_client_leaves()
    async with opened(chat, two.id) as page:
        await second.say("Still here.")
        await page.until_shown("Still here.")
        await second.finish()
        assert (await page.until_ended()).status == "complete"
