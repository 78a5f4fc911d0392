"""One generation, from request to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from chat_ui.chat.answer import Answer
from chat_ui.chat.changes import Change, MessageEnded, Piece, RunWaiting, TurnStarted
from chat_ui.chat.errors import Closing
from chat_ui.chat.feed import Topic
from chat_ui.chat.pace import Pace
from chat_ui.chat.service import Chat
from chat_ui.settings import Settings
from tests.scripted import KEY, ScriptedGateway, happens

from .conftest import opened_cleanly
from .page import ended, opened, say

Rows = Callable[[str], list[tuple[Any, ...]]]


async def test_an_answer_reaches_the_page_piece_by_piece(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    async with opened(chat, conversation.id) as page:
        request = await gateway.next_request()
        await request.say("Hel")
        await page.until_shown("Hel")
        await request.say("lo 👋🏽")
        await page.until_shown("Hello 👋🏽")
        await request.say("!")
        await request.finish()
        answer = await page.until_ended()
    assert (answer.status, answer.text, answer.finish_reason) == ("complete", "Hello 👋🏽!", "stop")
    assert page.shown() == answer.text
    assert page.count(Piece) >= 3
    assert f"Bearer {KEY}" in request.headers


async def test_a_wait_is_told_and_changes_nothing(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    async with opened(chat, conversation.id) as page:
        await (await gateway.next_request()).refuse(503, "Out of order.", for_good=False)
        request = await gateway.next_request()
        await request.say("Hello.")
        await request.finish()
        answer = await page.until_ended()
    waits = [change for change in page.seen if isinstance(change, RunWaiting)]
    assert [wait.message_id for wait in waits] == [answer.id]
    assert 0 < (waits[0].seconds or 0) <= 0.5
    assert "problem of its own" in waits[0].words
    assert (answer.status, answer.text) == ("complete", "Hello.")


async def test_figures_of_the_answer_are_kept_with_it(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    await request.think("Hm.")
    await request.say("Hello.")
    await request.finish("length", prompt_tokens=7, completion_tokens=3)
    answer = await ended(chat, conversation)
    assert (answer.text, answer.reasoning, answer.finish_reason) == ("Hello.", "Hm.", "length")
    assert (answer.input_tokens, answer.output_tokens) == (7, 3)
    assert answer.first_token_ms is not None
    assert answer.duration_ms is not None
    assert answer.thought_ms is not None
    assert answer.duration_ms >= answer.thought_ms
    assert answer.duration_ms >= answer.first_token_ms


async def test_text_is_in_the_journal_before_the_answer_ends(
    chat: Chat, gateway: ScriptedGateway, rows: Rows
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    await request.think("Hm.")
    await request.say("What a reader has seen ")
    await request.say("is on disk.")
    query = "SELECT text FROM run_journal WHERE part='text' ORDER BY seq"
    seen = "What a reader has seen is on disk."
    await happens(lambda: "".join(text for (text,) in rows(query)) == seen)
    assert rows("SELECT text FROM run_journal WHERE part='reasoning'") == [("Hm.",)]
    await request.finish()
    await ended(chat, conversation)
    assert rows("SELECT * FROM run_journal") == []


async def test_the_journal_is_written_in_batches(
    settings: Settings, gateway: ScriptedGateway, rows: Rows
) -> None:
    pace = Pace(piece=0, journal=60, journal_chars=100, drain=0)
    async with opened_cleanly(settings, pace) as chat:
        conversation = await say(chat, "Hello?")
        request = await gateway.next_request()
        async with opened(chat, conversation.id) as page:
            for number in range(9):
                await request.say("x" * 10)
                await page.until_shown("x" * 10 * (number + 1))
            assert rows("SELECT * FROM run_journal") == []
            await request.say("y" * 10)
            await happens(lambda: rows("SELECT * FROM run_journal"))
            assert rows("SELECT seq, text FROM run_journal") == [(1, "x" * 90 + "y" * 10)]
        await request.finish()
        await ended(chat, conversation)


async def test_closing_the_page_ends_nothing(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await request.say("Still ")
        await page.until_shown("Still ")
    await request.say("here.")
    await request.finish()
    answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("complete", "Still here.")


async def test_stop_keeps_the_text_and_closes_the_connection(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await request.say("So far")
        await page.until_shown("So far")
        assert await chat.runs.stop(chat.person.id, page.last.id)
        await request.until_client_leaves()
        answer = await page.until_ended()
    assert (answer.status, answer.text, answer.error) == ("stopped", "So far", None)


async def test_stop_before_the_first_word(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await chat.runs.stop(chat.person.id, page.last.id)
        answer = await page.until_ended()
    await request.until_client_leaves()
    assert (answer.status, answer.text) == ("stopped", "")


async def test_stop_before_the_run_has_begun_asks_nobody(
    chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = chat.feed.publish

    async def stop_first(topic: Topic, change: Change) -> None:
        # The turn has started its run, whose task had no chance to take a step yet.
        if isinstance(change, TurnStarted):
            assert await chat.runs.stop(chat.person.id, change.added[-1].id)
        await publish(topic, change)

    monkeypatch.setattr(chat.feed, "publish", stop_first)
    conversation = await say(chat, "Hello?")
    assert (await ended(chat, conversation)).status == "stopped"
    assert gateway.requests == []


async def test_stopping_twice_is_stopping_once(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await request.say("So far")
        await page.until_shown("So far")
        id = page.last.id
        results = await asyncio.gather(*(chat.runs.stop(chat.person.id, id) for _ in range(3)))
        await page.until_ended()
    assert results == [True] * 3
    assert not await chat.runs.stop(chat.person.id, id)
    assert page.count(MessageEnded) == 1


async def test_nobody_stops_another_persons_run(chat: Chat, gateway: ScriptedGateway, mallory: str) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        assert not await chat.runs.stop(mallory, page.last.id)
        assert not await chat.runs.stop(chat.person.id, "no such message")
        await request.say("Unmoved.")
        await request.finish()
        answer = await page.until_ended()
    assert (answer.status, answer.text) == ("complete", "Unmoved.")


async def test_a_refusal_fails_the_answer_in_words(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    await (await gateway.next_request()).refuse(401, f"Incorrect key {KEY}")
    answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("failed", "")
    assert "doesn't accept the key" in (answer.error or "")
    assert KEY not in (answer.error or "")


async def test_an_error_after_the_first_word_keeps_the_text(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await request.say("Half of ")
        await page.until_shown("Half of ")
        request.cut()
        answer = await page.until_ended()
    assert (answer.status, answer.text) == ("interrupted", "Half of ")
    assert "lost in the middle" in (answer.error or "")


async def test_an_end_without_an_end_is_an_interruption(chat: Chat, gateway: ScriptedGateway) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    await request.say("Half of ")
    await request.end()
    answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("interrupted", "Half of ")
    assert "before the answer was finished" in (answer.error or "")


async def test_closing_the_site_interrupts_and_starts_nothing_new(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    async with opened_cleanly(settings) as chat:
        conversation = await say(chat, "Hello?")
        request = await gateway.next_request()
        async with opened(chat, conversation.id) as page:
            await request.say("So far")
            await page.until_shown("So far")
            await chat.runs.drain()
            answer = await page.until_ended()
        await request.until_client_leaves()
        with pytest.raises(Closing):
            await say(chat, "And now?", conversation_id=conversation.id)
    assert (answer.status, answer.text) == ("interrupted", "So far")
    assert "restarted" in (answer.error or "")
    assert len(gateway.requests) == 1


async def test_closing_the_site_leaves_an_answer_its_seconds(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    async with opened_cleanly(settings, Pace(piece=0, journal=0, drain=60)) as chat:
        conversation = await say(chat, "Hello?")
        request = await gateway.next_request()
        draining = asyncio.create_task(chat.runs.drain())
        await request.say("In time.")
        await request.finish()
        await draining
        answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("complete", "In time.")


async def test_a_turn_stored_while_the_site_closes_says_how_it_ended(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    async with opened_cleanly(settings) as chat:
        async with chat.db.write():
            sending = asyncio.create_task(say(chat, "Just in time?"))
            await happens(lambda: chat.runs._admitted)
            draining = asyncio.create_task(chat.runs.drain())
        await draining
        answer = await ended(chat, await sending)
    assert answer.status == "interrupted"
    assert "restarted" in (answer.error or "")
    assert gateway.requests == []


async def test_the_sites_own_error_is_logged_and_ends_the_run(
    chat: Chat, gateway: ScriptedGateway, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        chat.runs._live[page.last.id].answer = BrokenAnswer()
        await request.say("Hello.")
        answer = await page.until_ended()
    await request.until_client_leaves()
    assert answer.status == "failed"
    assert "its own fault" in (answer.error or "")
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


class BrokenAnswer(Answer):
    def add(self, event: object) -> int:
        raise ZeroDivisionError(event)


@pytest.mark.parametrize("round_number", range(10))
async def test_a_last_piece_as_large_as_a_batch_ends_the_run(
    chat: Chat, gateway: ScriptedGateway, round_number: int
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    await request.say("x" * 5000)
    await request.finish()
    answer = await ended(chat, conversation)
    assert (answer.status, len(answer.text)) == ("complete", 5000)


async def test_what_was_said_last_is_shown_before_the_end_is_told(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    async with opened_cleanly(settings, Pace(piece=60, journal=0, drain=0)) as chat:
        conversation = await say(chat, "Hello?")
        request = await gateway.next_request()
        async with opened(chat, conversation.id) as page:
            await request.say("First")
            await page.until_shown("First")
            await request.say(", and ")
            await request.say("last.")
            await request.finish()
            await page.until_ended()
            assert page.shown() == "First, and last."
            assert page.count(Piece) == 2


async def test_a_feed_that_fails_costs_no_answer(
    chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    publish = chat.feed.publish

    async def refuse(topic: Topic, change: Change) -> None:
        raise ConnectionError("The feed is gone.")

    monkeypatch.setattr(chat.feed, "publish", refuse)
    await request.say("All of it.")
    await request.finish()
    await happens(lambda: not chat.runs._live)
    monkeypatch.setattr(chat.feed, "publish", publish)
    answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("complete", "All of it.")
    assert "could not be told" in caplog.text
