"""Another answer, and the rest of a cut one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chat_ui.chat.again import Again, answer_again, continue_answer
from chat_ui.chat.changes import TurnStarted
from chat_ui.chat.errors import (
    ChatError,
    NoSuchMessage,
    NoSuchModel,
    NothingToContinue,
    StillAnswering,
    UnreadableDraft,
)
from chat_ui.chat.follow import read_snapshot
from chat_ui.chat.service import Chat
from chat_ui.settings import GatewayTable, Settings
from chat_ui.store import messages
from chat_ui.store.ids import new_id
from chat_ui.store.messages import Message
from tests.scripted import ScriptedGateway

from .conftest import opened_cleanly
from .page import ended, opened, say

CUT = "The first thing to say about tea is that it"
Rows = Callable[[str], list[tuple[Any, ...]]]


async def cut_answer(chat: Chat, gateway: ScriptedGateway, text: str = CUT) -> Message:
    """An answer that was interrupted."""
    conversation = await say(chat, "Tea?")
    request = await gateway.next_request()
    await request.think("Hm.")
    if text:
        await request.say(text)
    request.cut()
    return await ended(chat, conversation)


def wanted(message: Message, **fields: str) -> Again:
    return Again(**({"id": new_id(), "message_id": message.id, "model": "model-a"} | fields))


async def branch(chat: Chat, conversation_id: str) -> list[str]:
    snapshot = await read_snapshot(chat, chat.person.id, conversation_id)
    return [message.text for message in snapshot.messages]


async def test_the_rest_is_asked_for_in_words_and_joined(chat: Chat, gateway: ScriptedGateway) -> None:
    old = await cut_answer(chat, gateway)
    async with opened(chat, old.conversation_id) as page:
        await continue_answer(chat, chat.person.id, wanted(old))
        started = await page.next()
        assert isinstance(started, TurnStarted)
        assert [(added.text, added.reasoning) for added in started.added] == [(CUT, "Hm.")]
        request = await gateway.next_request()
        question, said, plea = request.asked
        assert (question, said) == (("user", "Tea?"), ("assistant", CUT))
        assert plea[0] == "user"
        assert CUT in plea[1]
        await request.say("about tea is ")
        await request.say("that it is hot.")
        await page.until_shown(CUT + " is hot.")
        await request.finish()
        answer = await page.until_ended()
    assert (answer.status, answer.text, answer.parent_id) == ("complete", CUT + " is hot.", old.parent_id)
    assert answer.id != old.id
    assert await branch(chat, old.conversation_id) == ["Tea?", CUT + " is hot."]
    async with chat.db.read() as tx:
        kept = await messages.get(tx, chat.person.id, old.id)
    assert kept == old


async def test_what_was_held_back_is_kept_when_the_rest_is_cut(chat: Chat, gateway: ScriptedGateway) -> None:
    old = await cut_answer(chat, gateway)
    conversation = await continue_answer(chat, chat.person.id, wanted(old))
    request = await gateway.next_request()
    await request.say(" say")  # it may still repeat what was said
    request.cut()
    answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("interrupted", CUT + " say")


async def test_the_rest_that_never_comes_loses_nothing(chat: Chat, gateway: ScriptedGateway) -> None:
    old = await cut_answer(chat, gateway)
    conversation = await continue_answer(chat, chat.person.id, wanted(old))
    request = await gateway.next_request()
    await request.refuse(500, "Not today.")
    answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("interrupted", CUT)
    assert answer.error is not None
    assert "Not today." in answer.error


async def test_a_crash_keeps_what_was_said_before_and_after(
    settings: Settings, gateway: ScriptedGateway, rows: Rows
) -> None:
    async with opened_cleanly(settings) as chat:
        old = await cut_answer(chat, gateway)
        await continue_answer(chat, chat.person.id, wanted(old))
        request = await gateway.next_request()
        async with opened(chat, old.conversation_id) as page:
            await request.say(" is hot")
            await page.until_shown(CUT + " is hot")
        journal = rows("SELECT part, text FROM run_journal ORDER BY seq")
        assert "".join(text for part, text in journal if part == "text").startswith(CUT)
        assert [text for part, text in journal if part == "reasoning"] == ["Hm."]
        await request.finish()
        await ended(chat, (await read_snapshot(chat, chat.person.id, old.conversation_id)).conversation)


@pytest.fixture
def prefilling(settings: Settings, gateway: ScriptedGateway) -> Settings:
    table = GatewayTable(name="local", base_url=gateway.base_url, prefill="vllm", model="model-a")
    return settings.model_copy(update={"gateway_url": None, "gateways": (table,)})


async def test_a_gateway_that_takes_a_prefill_gets_one(
    prefilling: Settings, gateway: ScriptedGateway
) -> None:
    async with opened_cleanly(prefilling) as chat:
        old = await cut_answer(chat, gateway, "So: \n")
        conversation = await continue_answer(chat, chat.person.id, wanted(old))
        request = await gateway.next_request()
        assert request.asked == [("user", "Tea?"), ("assistant", "So:")]
        assert request.body["continue_final_message"] is True
        assert request.body["add_generation_prompt"] is False
        await request.say(" \none")
        await request.finish()
        assert (await ended(chat, conversation)).text == "So: \none"


async def test_a_prefill_that_is_refused_is_put_in_words(
    prefilling: Settings, gateway: ScriptedGateway
) -> None:
    async with opened_cleanly(prefilling) as chat:
        old = await cut_answer(chat, gateway)
        conversation = await continue_answer(chat, chat.person.id, wanted(old))
        await (await gateway.next_request()).refuse(400, "This model does not support prefill.")
        request = await gateway.next_request()
        assert [role for role, _ in request.asked] == ["user", "assistant", "user"]
        assert "continue_final_message" not in request.body
        await request.say("about tea is that it is hot.")
        await request.finish()
        answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("complete", CUT + " is hot.")


async def test_another_answer_is_a_branch_of_its_own(chat: Chat, gateway: ScriptedGateway) -> None:
    old = await cut_answer(chat, gateway)
    conversation = await answer_again(chat, chat.person.id, wanted(old, model="model-b"))
    request = await gateway.next_request()
    assert (request.asked, request.body["model"]) == ([("user", "Tea?")], "model-b")
    await request.say("Yes.")
    await request.finish()
    answer = await ended(chat, conversation)
    assert (answer.text, answer.reasoning, answer.model) == ("Yes.", "", "model-b")
    assert await branch(chat, conversation.id) == ["Tea?", "Yes."]


async def test_clicked_twice_it_is_one_answer(chat: Chat, gateway: ScriptedGateway, rows: Rows) -> None:
    old = await cut_answer(chat, gateway)
    again = wanted(old)
    first = await answer_again(chat, chat.person.id, again)
    assert (await answer_again(chat, chat.person.id, again)).id == first.id
    await (await gateway.next_request()).finish()
    await ended(chat, first)
    assert rows("SELECT count(*) FROM message") == [(3,)]
    assert len(gateway.requests) == 2


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"id": ""}, UnreadableDraft),
        ({"id": "x" * 65}, UnreadableDraft),
        ({"message_id": "nonsense"}, NoSuchMessage),
        ({"message_id": new_id()}, NoSuchMessage),
        ({"model": "a\nb"}, NoSuchModel),
        ({"gateway": "nobody"}, NoSuchModel),
    ],
)
@pytest.mark.parametrize("ask", [answer_again, continue_answer])
async def test_what_can_not_be_answered_again_changes_nothing(
    chat: Chat, gateway: ScriptedGateway, rows: Rows, fields: dict[str, str], error: type[ChatError], ask: Any
) -> None:
    old = await cut_answer(chat, gateway)
    with pytest.raises(error):
        await ask(chat, chat.person.id, replace(wanted(old), **fields))
    assert rows("SELECT count(*) FROM message") == [(2,)]


async def test_a_question_is_not_continued_and_a_stranger_gets_nothing(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    old = await cut_answer(chat, gateway)
    with pytest.raises(NoSuchMessage):
        await continue_answer(chat, chat.person.id, replace(wanted(old), message_id=old.parent_id or ""))
    with pytest.raises(NoSuchMessage):
        await answer_again(chat, new_id(), wanted(old))


async def test_an_answer_that_is_being_written_is_left_alone(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Tea?")
    request = await gateway.next_request()
    growing = (await read_snapshot(chat, chat.person.id, conversation.id)).messages[-1]
    for ask in (answer_again, continue_answer):
        with pytest.raises(StillAnswering):
            await ask(chat, chat.person.id, wanted(growing))
    await request.finish()
    await ended(chat, conversation)


async def test_nothing_can_not_be_continued(chat: Chat, gateway: ScriptedGateway) -> None:
    old = await cut_answer(chat, gateway, "")
    with pytest.raises(NothingToContinue):
        await continue_answer(chat, chat.person.id, wanted(old))


async def test_calls_of_tools_are_told_kept_and_not_continued(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Tea?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await request.say("I look.")
        for function in ({"name": "look_up", "arguments": ""}, {"arguments": '{"q'}, {"arguments": '":1}'}):
            call = {"index": 0, "id": "call_1", "type": "function", "function": function}
            await request.send({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
        log = '\x1e[0,"call_1","look_up"]\n{"q":1}'
        await page.until_shown(log, "tool_calls")
        request.cut()
        answer = await page.until_ended()
    assert (answer.text, answer.tool_calls) == ("I look.", log)
    conversation = await continue_answer(chat, chat.person.id, wanted(answer))
    await (await gateway.next_request()).finish()
    rest = await ended(chat, conversation)
    assert (rest.text, rest.tool_calls) == ("I look.", "")
