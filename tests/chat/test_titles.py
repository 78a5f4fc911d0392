"""One message is one request; a title that a model writes is one more, where it was asked for."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chat_ui.accounts.limits import start_of_day
from chat_ui.chat.changes import TurnStarted
from chat_ui.chat.errors import NotNow
from chat_ui.chat.feed import Topic
from chat_ui.chat.library import rename
from chat_ui.chat.preferences import set_titles_by_model
from chat_ui.chat.service import Chat
from chat_ui.chat.trash import delete_conversation
from chat_ui.chat.turns import Draft, send
from chat_ui.settings import Settings
from chat_ui.store import conversations, usage, users
from chat_ui.store.ids import new_id
from tests.scripted import ScriptedGateway, happens

from .conftest import opened_cleanly
from .page import opened, say
from .test_branches import answered, snapshot_of


async def bob_who_wants_titles(chat: Chat) -> str:
    async with chat.db.write() as tx:
        bob = (await users.create(tx, name="bob")).id
    await set_titles_by_model(chat, bob, wanted=True)
    return bob


async def test_one_message_is_one_request(chat: Chat, gateway: ScriptedGateway) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    await answered(chat, gateway, "And?", "Sweet.", conversation_id=first.conversation_id)
    await happens(lambda: not chat.titles._tasks)
    assert len(gateway.requests) == 2
    assert (await snapshot_of(chat, first.conversation_id)).conversation.title == "Tea?"


async def test_a_model_is_asked_once_and_what_it_took_is_kept(chat: Chat, gateway: ScriptedGateway) -> None:
    await set_titles_by_model(chat, chat.person.id, wanted=True)
    first = await answered(chat, gateway, "Tea?", "Hot.")
    asked = await gateway.next_request()
    assert asked.body["model"] == "model-a"
    assert "Tea?" in asked.asked[0][1]
    async with opened(chat, first.conversation_id) as page:
        await asked.say('"How hot\n tea is."')
        await asked.finish(prompt_tokens=40, completion_tokens=5)
        await page.next()
    conversation = (await snapshot_of(chat, first.conversation_id)).conversation
    assert (conversation.title, conversation.title_tokens) == ("How hot tea is", 45)
    await answered(chat, gateway, "And?", "Sweet.", conversation_id=first.conversation_id)
    assert len(gateway.requests) == 3


async def test_a_title_that_a_person_chose_stays(chat: Chat, gateway: ScriptedGateway) -> None:
    await set_titles_by_model(chat, chat.person.id, wanted=True)
    first = await answered(chat, gateway, "Tea?", "Hot.")
    asked = await gateway.next_request()
    await rename(chat, chat.person.id, first.conversation_id, "Mine")
    await asked.say("Another")
    await asked.finish()
    await happens(lambda: not chat.titles._tasks)
    assert (await snapshot_of(chat, first.conversation_id)).conversation.title == "Mine"


async def test_a_cut_answer_and_a_refused_title_leave_the_first_words(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    await set_titles_by_model(chat, chat.person.id, wanted=True)
    conversation = await say(chat, "Tea?")
    request = await gateway.next_request()
    await request.say("It")
    request.cut()
    await happens(lambda: not chat.titles._tasks)
    assert len(gateway.requests) == 1
    await answered(chat, gateway, "Coffee?", "Hot.")
    await (await gateway.next_request()).refuse(500, "Not now.")
    await happens(lambda: not chat.titles._tasks)
    assert (await snapshot_of(chat, conversation.id)).conversation.title == "Tea?"


@pytest.mark.parametrize("goes", ["conversation", "person"])
async def test_what_is_deleted_meanwhile_is_waited_for_no_longer(
    settings: Settings, gateway: ScriptedGateway, goes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a deleted conversation one hears; of a deleted person nothing tells.
    monkeypatch.setattr("chat_ui.chat.titles.LOOK_AGAIN_S", 0.01 if goes == "person" else 1e6)
    hosted = {"hosted": True, "public_url": "https://chat.example.com"}
    async with opened_cleanly(settings.model_copy(update=hosted)) as chat:
        bob = await bob_who_wants_titles(chat)
        conversation = await send(chat, bob, Draft(new_id(), "Tea?"))
        here = Topic("conversation", conversation.id)
        request = await gateway.next_request()
        async with opened(chat, conversation.id, bob) as page:
            await request.say("Hot.")
            await page.until_shown("Hot.")
            # The page, and the title that waits for the end.
            await happens(lambda: len(chat.feed._followers[here]) == 2)
            if goes == "conversation":
                await delete_conversation(chat, bob, conversation.id)
            else:
                async with chat.db.write() as tx:
                    await users.delete(tx, bob)
        await happens(lambda: not chat.titles._tasks)
        await happens(lambda: not chat.feed._followers.get(here))
        assert len(gateway.requests) == 1


async def test_a_title_is_counted_in_the_budget_and_not_as_a_message(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    hosted = {"hosted": True, "public_url": "https://chat.example.com", "messages_per_minute": 2}
    async with opened_cleanly(settings.model_copy(update=hosted | {"tokens_per_day": 1000})) as chat:
        bob = await bob_who_wants_titles(chat)

        async def spent() -> int:
            async with chat.db.read() as tx:
                return (await usage.spent(tx, bob, start_of_day(datetime.now(UTC)))).tokens

        async def answer(text: str, conversation_id: str | None = None, tokens: int = 5) -> str:
            conversation = await send(chat, bob, Draft(new_id(), text, conversation_id=conversation_id))
            request = await gateway.next_request()
            await request.say("Hot.")
            await request.finish(prompt_tokens=tokens, completion_tokens=5)
            return conversation.id

        await answer("Tea?")
        asked = await gateway.next_request()
        # All that is left, but for what was used, is set aside for it.
        assert await spent() == 1000
        assert 0 < asked.body["max_tokens"] < 990
        await asked.say("Tea")
        await asked.finish(prompt_tokens=40, completion_tokens=2)
        await happens(lambda: not chat.titles._tasks)
        assert await spent() == 10 + 42

        # One that fails gives back what was set aside, and two messages were sent, not four.
        await answer("Coffee?")
        await (await gateway.next_request()).refuse(500, "Not now.")
        await happens(lambda: not chat.titles._tasks)
        assert await spent() == 52 + 10
        with pytest.raises(NotNow, match="2 messages within a minute"):
            await send(chat, bob, Draft(new_id(), "And?"))


async def test_a_title_that_no_budget_reaches_for_is_not_asked_for(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    hosted = {"hosted": True, "public_url": "https://chat.example.com", "tokens_per_day": 200}
    async with opened_cleanly(settings.model_copy(update=hosted)) as chat:
        bob = await bob_who_wants_titles(chat)
        conversation = await send(chat, bob, Draft(new_id(), "Tea?"))
        request = await gateway.next_request()
        await request.say("Hot.")
        await request.finish(prompt_tokens=150, completion_tokens=45)
        await happens(lambda: not chat.titles._tasks)
        assert len(gateway.requests) == 1
        async with chat.db.read() as tx:
            kept = await conversations.get(tx, bob, conversation.id)
        assert kept is not None
        assert kept.title == "Tea?"


async def test_a_gateway_that_has_gone_meanwhile_leaves_the_first_words(
    chat: Chat, gateway: ScriptedGateway, caplog: pytest.LogCaptureFixture
) -> None:
    first = await answered(chat, gateway, "Tea?", "Hot.")
    snapshot = await snapshot_of(chat, first.conversation_id)
    question, answer = snapshot.messages
    begun = TurnStarted(snapshot.conversation, (question, replace(answer, gateway="gone")))
    chat.titles.expect(chat, chat.person.id, begun)
    await happens(lambda: not chat.titles._tasks)
    gc.collect()
    assert "never retrieved" not in caplog.text
