from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any
from unittest.mock import AsyncMock

import pytest
from reflex.utils import format

from chat_ui.chat import follow, library
from chat_ui.chat.again import Again
from chat_ui.chat.follow import read_snapshot
from chat_ui.chat.service import Chat
from chat_ui.chat.trash import delete_conversation
from chat_ui.chat.turns import Draft
from chat_ui.state import thread
from chat_ui.state.preferences import ChatSettingsState
from chat_ui.state.steering import SteeringState
from chat_ui.state.thread import MOST_HEADS, ThreadState
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import new_id
from tests.scripted import ScriptedGateway, happens

from .conftest import Browser

# Bytes of a piece's frame beside its text: names, one id, and an offset of up to three digits.
ENVELOPE = 90

HOSTILE: list[Any] = [
    None,
    5,
    True,
    [],
    {},
    [["x"]],
    {"id": {"$ne": ""}},
    "",
    "x" * 1000,
    "\ud800\0",
    "../..",
]


@pytest.fixture
async def following(browser: Browser, conversation: Conversation) -> AsyncGenerator[Browser]:
    future = await browser.start(ThreadState.follow)
    await browser.until(lambda: bool(browser.values(ThreadState, "heads")))
    yield browser
    future.cancel()


def statuses(browser: Browser) -> list[list[str]]:
    return [[head["status"] for head in as_rows(heads)] for heads in browser.values(ThreadState, "heads")]


def as_rows(heads: Any) -> list[dict[str, Any]]:
    return json.loads(format.json_dumps(heads))


def name_of(handler: str) -> str:
    return f"{ThreadState.get_full_name()}.{handler}"


def pieces(browser: Browser) -> list[list[Any]]:
    return [value for value in browser.pushed("texts") if isinstance(value, list)]


def told(browser: Browser) -> str:
    return "".join(text for _, _, text, *part in pieces(browser) if not part)


async def test_a_first_message_is_acknowledged_with_its_conversation(
    browser: Browser, chat: Chat, gateway: ScriptedGateway
) -> None:
    gateway.greeting = "Hello."
    await browser.send(ThreadState.send, Draft("send-1", "Hello?"))
    [answer] = browser.pushed("composer")
    assert answer.keys() == {"id", "conversation"}
    assert answer["id"] == "send-1"
    snapshot = await read_snapshot(chat, chat.person.id, answer["conversation"])
    assert snapshot.messages[0].text == "Hello?"
    await browser.send(ThreadState.send, Draft("send-1", "Hello?"))
    assert browser.pushed("composer") == [answer] * 2


async def test_a_further_message_stays_on_the_page(
    browser: Browser, gateway: ScriptedGateway, conversation: Conversation
) -> None:
    gateway.greeting = "Hello."
    await browser.send(ThreadState.send, Draft("send-2", "And?", conversation.id))
    assert browser.pushed("composer") == [{"id": "send-2", "conversation": conversation.id}]


async def test_a_refusal_says_why_and_acknowledges_nothing(browser: Browser) -> None:
    await browser.send(ThreadState.send, Draft("send-1", "Hello?", new_id()))
    [refusal] = browser.pushed("composer")
    assert refusal.keys() == {"id", "refused"}
    assert "no such conversation" in refusal["refused"]
    assert browser.redirects() == []


@pytest.mark.parametrize(
    "draft",
    [
        *HOSTILE,
        {"id": "send-1"},
        {"text": "no id"},
        {"id": 5, "text": "x"},
        {"id": "send-1", "text": ["x"]},
        {"id": "send-1", "text": "x", "conversation_id": 7},
    ],
)
async def test_a_draft_that_is_none_is_refused_or_read_as_far_as_it_goes(
    browser: Browser, gateway: ScriptedGateway, chat: Chat, draft: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.greeting = "Hello."
    await browser.send_raw(name_of("send"), draft=draft)
    [answer] = browser.pushed("composer")
    stored = isinstance(draft, dict) and draft.get("conversation_id") == 7
    assert ("refused" in answer) is not stored
    assert not caplog.records


async def test_a_draft_may_hold_more_than_we_know(browser: Browser, gateway: ScriptedGateway) -> None:
    gateway.greeting = "Hello."
    await browser.send_raw(name_of("send"), draft={"id": "send-1", "text": "Hello?", "owner": "mallory"})
    [answer] = browser.pushed("composer")
    assert answer["id"] == "send-1"
    assert "refused" not in answer


async def test_a_wait_is_pushed_and_touches_no_state(following: Browser, gateway: ScriptedGateway) -> None:
    browser = following
    await (await gateway.next_request()).refuse(503, "no", for_good=False)
    begun = len(browser.frames)
    await browser.until(lambda: any("wait" in pushed for pushed in browser.pushed("texts")))
    [told_of] = [pushed for pushed in browser.pushed("texts") if "wait" in pushed]
    assert told_of.keys() == {"id", "wait", "why"}
    assert 0 < told_of["wait"] <= 0.5
    assert "problem of its own" in told_of["why"]
    assert not any(frame.delta for frame in browser.frames[begun:])


async def test_text_streams_without_touching_the_state(following: Browser, gateway: ScriptedGateway) -> None:
    browser, request = following, await gateway.next_request()
    words = ["Hel", "lo ", "👋🏽", "!"] * 10
    begun = len(browser.frames)
    for number, word in enumerate(words):
        await request.say(word)
        await browser.until(lambda: told(browser) == "".join(words[: number + 1]))  # noqa: B023
    frames = browser.frames[begun:]
    assert not any(frame.delta for frame in frames)
    assert len(frames) <= len(words)
    for frame in frames:
        [event] = frame.events
        text = event.payload["value"][2]
        assert len(format.json_dumps(frame)) - len(format.json_dumps(text)) <= ENVELOPE
    await request.finish()
    await browser.until(lambda: statuses(browser)[-1] == ["complete", "complete"])
    offsets = [offset for _, offset, _ in pieces(browser)]
    lengths = [len(text) for _, _, text in pieces(browser)]
    assert offsets == [sum(lengths[:number]) for number in range(len(lengths))]


async def test_heads_change_at_the_turns_of_a_conversation_only(
    following: Browser, gateway: ScriptedGateway, conversation: Conversation
) -> None:
    browser, request = following, await gateway.next_request()
    await request.say("Hello.")
    await browser.until(lambda: told(browser) == "Hello.")
    await request.finish()
    await browser.until(lambda: statuses(browser)[-1] == ["complete", "complete"])
    await browser.send(ThreadState.send, Draft("send-2", "And?", conversation.id))
    request = await gateway.next_request()
    await request.think("Hm.")
    await request.say("That is all.")
    await request.finish()
    await browser.until(lambda: statuses(browser)[-1] == ["complete"] * 4)
    assert statuses(browser) == [
        ["complete", "streaming"],
        ["complete", "complete"],
        ["complete", "complete", "complete", "streaming"],
        ["complete"] * 4,
    ]
    assert "Hello" not in str(browser.values(ThreadState, "heads"))
    last = as_rows(browser.values(ThreadState, "heads")[-1])[-1]
    assert (last["chars"], last["error"]) == (len("That is all."), "")
    assert [part for _, _, text, *part in pieces(browser) if text == "Hm."] == [["reasoning"]]


async def test_that_an_answer_is_whole_is_told_before_the_state_has_changed(
    following: Browser, gateway: ScriptedGateway
) -> None:
    request = await gateway.next_request()
    await request.say("| half of a table |")
    await following.until(lambda: told(following) != "")
    begun = len(following.frames)
    await request.finish()
    await following.until(lambda: statuses(following)[-1] == ["complete", "complete"])
    frames = following.frames[begun:]
    first = next(number for number, frame in enumerate(frames) if frame.events)
    assert frames[first].events[0].payload["value"].keys() == {"id", "thought_ms"}
    assert not any(frame.delta for frame in frames[:first])


async def test_finished_texts_come_once_and_beside_the_state(
    browser: Browser, gateway: ScriptedGateway, chat: Chat, conversation: Conversation
) -> None:
    request = await gateway.next_request()
    await request.think("Hm.")
    await request.say("Hello.")
    await request.finish()
    await happens(lambda: not chat.runs._live)
    future = await browser.start(ThreadState.follow)
    await browser.until(lambda: bool(browser.values(ThreadState, "heads")))
    [batch] = browser.pushed("texts")
    thought = batch["texts"][0].pop("thought_ms")
    assert isinstance(thought, int)
    assert [{**value, "id": ""} for value in batch["texts"]] == [
        {"id": "", "text": "Hello.", "reasoning": "Hm."},
        {"id": "", "text": "Hello?"},
    ]
    future.cancel()


async def test_what_is_further_up_is_seldom_sent_again(
    following: Browser, gateway: ScriptedGateway, conversation: Conversation
) -> None:
    await (await gateway.next_request()).finish()
    gateway.greeting = "Yes."
    for turn in range(2, 12):
        await following.send(ThreadState.send, Draft(f"send-{turn}", "And?", conversation.id))
        await following.until(lambda: shown(following) == ["complete"] * 2 * turn)  # noqa: B023
    sizes = [len(heads) for heads in following.values(ThreadState, "heads")]
    assert max(sizes) <= MOST_HEADS
    assert len(following.values(ThreadState, "above")) <= 3
    ids = [head["id"] for head in everything(following)]
    assert len(set(ids)) == 22
    before = following.values(ThreadState, "above")[-1]
    await following.send(ThreadState.send, Draft("send-b", "Or?", conversation.id, parent_id=ids[1]))
    await following.until(lambda: len(everything(following)) == 4 and shown(following)[-1] == "complete")
    assert [head["id"] for head in everything(following)][:2] == ids[:2]
    assert following.values(ThreadState, "above")[-1] != before


def everything(browser: Browser) -> list[dict[str, Any]]:
    above = browser.values(ThreadState, "above")
    return [*as_rows(above[-1] if above else []), *as_rows(browser.values(ThreadState, "heads")[-1])]


def shown(browser: Browser) -> list[str]:
    return [head["status"] for head in everything(browser)]


async def test_a_database_that_is_busy_is_asked_again(
    browser: Browser, gateway: ScriptedGateway, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await gateway.next_request()).finish()
    monkeypatch.setattr("chat_ui.state.following.FOLLOW_AGAIN_S", 0)
    read, busy = follow.read_snapshot, [StoreError("secret on host-7 is busy.", "busy"), None]

    async def sometimes(*args: Any, **more: Any) -> Any:
        if problem := busy.pop(0) if busy else None:
            raise problem
        return await read(*args, **more)

    monkeypatch.setattr(follow, "read_snapshot", sometimes)
    future = await browser.start(ThreadState.follow)
    await browser.until(lambda: bool(browser.values(ThreadState, "heads")))
    assert browser.values(ThreadState, "notice") == [
        "The site's database has too much to do. This page goes on by itself as soon as it can.",
        "",
    ]
    assert browser.values(ThreadState, "missing") == []
    future.cancel()


async def test_stop_ends_the_answer(following: Browser, gateway: ScriptedGateway) -> None:
    request = await gateway.next_request()
    await request.say("So far")
    await following.until(lambda: told(following) == "So far")
    answer = as_rows(following.values(ThreadState, "heads")[-1])[-1]["id"]
    await following.send(ThreadState.stop, answer)
    await request.until_client_leaves()
    await following.until(lambda: statuses(following)[-1] == ["complete", "stopped"])


async def test_an_answer_is_continued_in_its_place(following: Browser, gateway: ScriptedGateway) -> None:
    request = await gateway.next_request()
    await request.say("So far")
    await request.finish("length")
    await following.until(lambda: statuses(following)[-1] == ["complete", "complete"])
    [question, cut] = as_rows(following.values(ThreadState, "heads")[-1])
    assert cut["action"] == "continue"
    await following.send(SteeringState.continue_answer, Again("again-1", cut["id"], model="model-a"))
    request = await gateway.next_request()
    await following.until(lambda: statuses(following)[-1] == ["complete", "streaming"])
    [first, growing] = as_rows(following.values(ThreadState, "heads")[-1])
    assert first == question
    assert growing["id"] != cut["id"]
    *_, texts, keys = following.pushed("texts")
    assert texts == {"texts": [{"id": growing["id"], "text": "So far", "grows": True}]}
    await request.say(", so good.")
    await following.until(lambda: told(following).endswith(", so good."))
    [(key, offset, _)] = [piece for piece in pieces(following) if piece[2] == ", so good."]
    assert (keys["keys"][str(key)], offset) == (growing["id"], len("So far"))
    await request.finish()
    await following.until(lambda: statuses(following)[-1] == ["complete", "complete"])


async def test_an_answer_out_of_sight_is_pushed_when_it_is_shown_and_into_no_other(
    following: Browser, chat: Chat, gateway: ScriptedGateway
) -> None:
    browser, request = following, await gateway.next_request()
    await request.say("Hot.")
    await request.finish()
    await browser.until(lambda: statuses(browser)[-1] == ["complete", "complete"])
    old = as_rows(browser.values(ThreadState, "heads")[-1])[-1]["id"]
    await browser.send(SteeringState.answer_again, Again("again-1", old, model="model-a"))
    request = await gateway.next_request()
    await browser.until(lambda: statuses(browser)[-1] == ["complete", "streaming"])
    new = as_rows(browser.values(ThreadState, "heads")[-1])[-1]["id"]
    await browser.send(SteeringState.show_branch, old)
    await browser.until(lambda: last_shown(browser) == old)
    # The page comes back to the conversation, and knows the names that were given before.
    before = len(browser.values(ThreadState, "heads"))
    again = await browser.start(ThreadState.follow)
    await browser.until(lambda: len(browser.values(ThreadState, "heads")) > before)
    begun = len(browser.pushed("texts"))
    await request.say("Cold.")
    await request.finish()
    await happens(lambda: not chat.runs._live)
    await browser.send(SteeringState.show_branch, new)
    await browser.until(lambda: last_shown(browser) == new)
    again.cancel()
    assert browser.pushed("texts")[begun:] == [{"texts": [{"id": new, "text": "Cold."}]}]


def last_shown(browser: Browser) -> str:
    return as_rows(browser.values(ThreadState, "heads")[-1])[-1]["id"]


async def test_a_text_with_a_hole_is_pushed_again_whole(following: Browser, gateway: ScriptedGateway) -> None:
    request = await gateway.next_request()
    await request.say("So far")
    await following.until(lambda: told(following) == "So far")
    answer = as_rows(following.values(ThreadState, "heads")[-1])[-1]["id"]
    await following.send(ThreadState.resend_text, answer)
    assert following.pushed("texts")[-1] == {"texts": [{"id": answer, "text": "So far", "grows": True}]}
    await request.finish()
    await following.until(lambda: statuses(following)[-1] == ["complete", "complete"])


@pytest.mark.parametrize("argument", [*HOSTILE, "0193a3c0-0000-7000-8000-000000000000"])
async def test_arguments_from_anybody_change_nothing(
    browser: Browser, chat: Chat, gateway: ScriptedGateway, conversation: Conversation, argument: Any
) -> None:
    request = await gateway.next_request()
    await browser.send_raw(name_of("stop"), message_id=argument)
    await browser.send_raw(name_of("resend_text"), message_id=argument)
    await browser.send_raw(name_of("show_earlier"), before=argument)
    await browser.send_raw(name_of("ask_price"), draft={"id": "x", "text": argument, "parent_id": argument})
    assert browser.pushed("texts") == []
    snapshot = await read_snapshot(chat, chat.person.id, conversation.id)
    assert snapshot.messages[-1].status == "streaming"
    await request.finish()


async def test_a_price_is_asked_for_with_the_settings_of_a_new_chat(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = AsyncMock(return_value="$0.06")
    monkeypatch.setattr(thread, "quote_of", asked)
    await browser.send(ChatSettingsState.change, "", "max_tokens", "9000")
    await browser.send(ThreadState.ask_price, Draft(new_id(), "Hello?"))
    assert asked.call_args.args[3].max_tokens == 9000
    assert browser.values(ThreadState, "price")[-1] == "$0.06"


@pytest.mark.parametrize("path", ["/c/", "/c/nonsense", "/c/0193a3c0-0000-7000-8000-000000000000", "/c/%00"])
async def test_an_address_without_a_conversation_says_so(browser: Browser, path: str) -> None:
    browser.path = path
    await browser.send(ThreadState.follow)
    assert "no such conversation" in browser.values(ThreadState, "missing")[-1]


async def test_a_deletion_empties_the_page(
    following: Browser, chat: Chat, gateway: ScriptedGateway, conversation: Conversation
) -> None:
    await delete_conversation(chat, chat.person.id, conversation.id)
    await following.until(lambda: bool(following.values(ThreadState, "missing")))
    assert following.values(ThreadState, "heads")[-1] == []
    assert "deleted" in following.values(ThreadState, "missing")[-1]


async def test_a_new_title_is_all_that_a_renaming_sends(
    following: Browser, chat: Chat, gateway: ScriptedGateway, conversation: Conversation
) -> None:
    begun = len(following.frames)
    await library.rename(chat, chat.person.id, conversation.id, "Greetings")
    await following.until(lambda: following.values(ThreadState, "title")[-1] == "Greetings")
    [frame] = following.frames[begun:]
    assert frame.delta == {ThreadState.get_full_name(): {"title_rx_state_": "Greetings"}}


async def test_the_key_never_reaches_the_browser(following: Browser, gateway: ScriptedGateway) -> None:
    request = await gateway.next_request()
    await request.refuse(401, "no")
    await following.until(lambda: statuses(following)[-1] == ["complete", "failed"])
    assert "sk-" not in following.sent()
