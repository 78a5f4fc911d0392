"""Steering from the page: what is said back, and that anybody's arguments change nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any
from unittest.mock import AsyncMock

import pytest
from reflex.utils import format

from chat_ui.chat import trash
from chat_ui.chat.again import Again
from chat_ui.chat.branches import Rewording
from chat_ui.chat.follow import read_snapshot
from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft, send
from chat_ui.state import routes
from chat_ui.state.steering import SteeringState
from chat_ui.state.thread import ThreadState
from chat_ui.state.undo import UndoState
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import new_id
from tests.scripted import ScriptedGateway

from .conftest import Browser

OF_NOBODY = "01a21400-0000-7000-8000-000000000000"
HOSTILE: list[Any] = [None, 5, True, [], {}, "", "x" * 1000, "\ud800\0", "../..", OF_NOBODY]


@pytest.fixture
async def conversation(chat: Chat, gateway: ScriptedGateway, browser: Browser) -> Conversation:
    gateway.greeting = "Hello."
    made = await send(chat, chat.person.id, Draft(new_id(), "Hello?"))
    browser.path = routes.conversation(made.id)
    return made


@pytest.fixture
async def following(browser: Browser, conversation: Conversation) -> AsyncGenerator[Browser]:
    future = await browser.start(ThreadState.follow)
    await browser.until(lambda: statuses(browser) == ["complete", "complete"])
    yield browser
    future.cancel()


def heads(browser: Browser) -> list[dict[str, Any]]:
    values = browser.values(ThreadState, "heads")
    return json.loads(format.json_dumps(values[-1])) if values else []


def statuses(browser: Browser) -> list[str]:
    return [head["status"] for head in heads(browser)]


def where(browser: Browser) -> tuple[int, int]:
    last = heads(browser)[-1]
    return last["place"], last["places"]


async def test_versions_are_counted_and_switched_without_resending_texts(following: Browser) -> None:
    old = heads(following)[-1]["id"]
    await following.send(SteeringState.answer_again, Again("again-1", old, model="model-b"))
    await following.until(lambda: where(following) == (2, 2) and statuses(following)[-1] == "complete")
    new = heads(following)[-1]
    assert (new["before"], new["after"]) == (old, "")
    pushed = len(following.pushed("texts"))
    await following.send(SteeringState.show_branch, old)
    await following.until(lambda: where(following) == (1, 2))
    assert heads(following)[-1]["after"] == new["id"]
    await following.send(SteeringState.show_branch, new["id"])
    await following.until(lambda: where(following) == (2, 2))
    assert following.pushed("texts")[pushed:] == []


async def test_a_rewording_is_acknowledged_like_a_send(following: Browser) -> None:
    old = heads(following)[-1]["id"]
    await following.send(SteeringState.reword, Rewording("edit-1", old, "Hi."))
    await following.until(lambda: where(following) == (2, 2))
    assert heads(following)[-1]["note"].startswith("Edited")
    await following.send(SteeringState.reword, Rewording("edit-2", old, " "))
    stored, refused = following.pushed("composer")
    assert (stored["id"], "refused" in stored) == ("edit-1", False)
    assert "empty" in refused["refused"]


async def test_a_fork_leads_to_the_copy(following: Browser, conversation: Conversation) -> None:
    wanted = Again("fork-1", heads(following)[-1]["id"])
    await following.send(SteeringState.fork, wanted)
    await following.send(SteeringState.fork, wanted)
    first, second = following.redirects()
    assert first == second != routes.conversation(conversation.id)


async def test_a_deleted_message_is_offered_back(following: Browser) -> None:
    question, answer = (head["id"] for head in heads(following))
    await following.send(UndoState.delete_message, answer)
    await following.until(lambda: statuses(following) == ["complete"])
    await following.send(UndoState.delete_message, question)
    await following.until(lambda: statuses(following) == [])
    await following.send(UndoState.undo, question)
    await following.send(UndoState.undo, answer)
    both = [f"Message deleted: “{text}”" for text in ("Hello.", "Hello?")]
    assert following.values(UndoState, "words") == [*both, both[0], ""]
    await following.until(lambda: [head["id"] for head in heads(following)] == [question, answer])
    assert following.values(UndoState, "offer")[-1] == ""


async def test_what_stayed_of_a_deleted_turn_is_known_to_its_offer(
    following: Browser, chat: Chat, conversation: Conversation
) -> None:
    await send(chat, chat.person.id, Draft(new_id(), "More?", conversation_id=conversation.id))
    await following.until(lambda: statuses(following) == ["complete"] * 4)
    before = [head["id"] for head in heads(following)]
    await following.send(UndoState.delete_turn, before[1])
    await following.until(lambda: [head["id"] for head in heads(following)] == before[2:])
    assert following.values(UndoState, "words")[-1] == "2 messages deleted: “Hello?”"
    await following.send(UndoState.undo, before[0])
    await following.until(lambda: [head["id"] for head in heads(following)] == before)


async def test_what_stayed_follows_a_turn_that_comes_back_though_the_one_between_does_not(
    following: Browser, chat: Chat, conversation: Conversation
) -> None:
    for count in (4, 6):
        await send(chat, chat.person.id, Draft(new_id(), "More?", conversation_id=conversation.id))
        await following.until(lambda count=count: statuses(following) == ["complete"] * count)
    before = [head["id"] for head in heads(following)]
    for left in (before[2:], before[4:]):
        await following.send(UndoState.delete_turn, heads(following)[0]["id"])
        await following.until(lambda left=left: [head["id"] for head in heads(following)] == left)
    await following.send(UndoState.undo, before[0])
    await following.until(lambda: [head["id"] for head in heads(following)] == before[:2] + before[4:])


async def test_what_waits_for_another_to_come_back_first_stays_on_offer(
    following: Browser, chat: Chat
) -> None:
    question, answer = (head["id"] for head in heads(following))
    await following.send(UndoState.delete_message, answer)
    elsewhere = await trash.delete_message(chat, chat.person.id, question)
    await following.send(UndoState.undo, answer)
    assert "Bring that back first" in following.values(UndoState, "notice")[-1]
    assert following.values(UndoState, "offer")[-1] == answer
    await trash.restore_message(chat, chat.person.id, elsewhere)
    await following.send(UndoState.undo, answer)
    await following.until(lambda: [head["id"] for head in heads(following)] == [question, answer])


async def test_a_deleted_conversation_is_left_and_come_back_to(
    following: Browser, conversation: Conversation
) -> None:
    await following.send(UndoState.delete_conversation, conversation.id)
    following.path = routes.NEW_CHAT
    await following.send(UndoState.undo, conversation.id)
    assert following.redirects() == [routes.NEW_CHAT, routes.conversation(conversation.id)]


async def test_what_can_not_be_brought_back_now_stays_on_offer(
    following: Browser, chat: Chat, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = heads(following)[-1]["id"]
    await following.send(UndoState.delete_message, answer)
    await following.send(UndoState.delete_conversation, conversation.id)
    busy = AsyncMock(side_effect=StoreError("secret on host-7 is busy.", "busy"))
    for id, name in ((conversation.id, "restore_conversation"), (answer, "restore_message")):
        with monkeypatch.context() as away:
            away.setattr(trash, name, busy)
            await following.send(UndoState.undo, id)
        assert "too much to do" in following.values(UndoState, "notice")[-1]
        assert following.values(UndoState, "offer")[-1] == id
        await following.send(UndoState.undo, id)
        assert following.values(UndoState, "notice")[-1] == ""
    assert following.values(UndoState, "offer")[-1] == ""
    snapshot = await read_snapshot(chat, chat.person.id, conversation.id)
    assert snapshot.messages[-1].id == answer


async def test_an_offer_that_has_stood_long_enough_goes_and_older_ones_with_it(
    following: Browser, conversation: Conversation
) -> None:
    browser, answer = following, heads(following)[-1]["id"]
    await browser.send(UndoState.delete_message, answer)
    await browser.send(UndoState.delete_conversation, conversation.id)
    await browser.send(UndoState.let_go, conversation.id)
    for id in (conversation.id, answer):
        await browser.send(UndoState.undo, id)
    offered = browser.values(UndoState, "offer")
    assert (offered[:2], set(offered[2:])) == ([answer, conversation.id], {""})
    assert browser.redirects() == [routes.NEW_CHAT]


@pytest.mark.parametrize("argument", HOSTILE)
async def test_arguments_from_anybody_change_nothing(
    browser: Browser, chat: Chat, conversation: Conversation, argument: Any
) -> None:
    steering, undo = SteeringState.get_full_name(), UndoState.get_full_name()
    for handler in ("answer_again", "continue_answer", "agree_to_payee", "fork"):
        for wanted in (argument, {"id": argument, "message_id": argument, "model": argument}):
            await browser.send_raw(f"{steering}.{handler}", wanted=wanted)
            assert browser.values(SteeringState, "notice")[-1]
    await browser.send_raw(f"{steering}.show_branch", message_id=argument)
    await browser.send_raw(
        f"{steering}.reword", rewording={"id": argument, "text": "x", "message_id": argument}
    )
    await browser.send_raw(f"{undo}.delete_message", message_id=argument)
    await browser.send_raw(f"{undo}.delete_turn", message_id=argument)
    await browser.send_raw(f"{undo}.delete_conversation", conversation_id=argument)
    assert browser.values(UndoState, "notice")[-1]
    await browser.send_raw(f"{undo}.undo", id=argument)
    await browser.send_raw(f"{undo}.let_go", id=argument)
    snapshot = await read_snapshot(chat, chat.person.id, conversation.id)
    assert len(snapshot.messages) == 2
