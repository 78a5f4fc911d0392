"""What becomes of an answer that the disk doesn't take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from chat_ui.accounts.people import local_person
from chat_ui.chat.asking import Asker
from chat_ui.chat.changes import AnswerUnsaved, MessageEnded
from chat_ui.chat.ending import SAVE_ATTEMPTS
from chat_ui.chat.feed import MemoryFeed
from chat_ui.chat.follow import read_texts
from chat_ui.chat.gateways import Gateways
from chat_ui.chat.outcome import NEVER_ASKED
from chat_ui.chat.pace import Pace
from chat_ui.chat.runs import Runs
from chat_ui.chat.service import DATABASE, Chat
from chat_ui.chat.turns import Draft, send
from chat_ui.settings import Settings
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import new_id
from chat_ui.store.payments import Budget
from chat_ui.store.runs import JournalBatch
from tests.scripted import ScriptedGateway, happens

from .conftest import opened_cleanly
from .page import ended, opened, say

Rows = Callable[[str], list[tuple[Any, ...]]]
Locked = Callable[[], Any]


@asynccontextmanager
async def impatient(settings: Settings) -> AsyncGenerator[Chat]:
    """A chat that doesn't wait for a locked database."""
    db = await Database.open(settings.data_dir / DATABASE, busy_timeout=0)
    async with aclosing(Gateways(settings, None)) as gateways:
        feed = MemoryFeed()
        pace = Pace(piece=0, journal=0, retry=0.001, longest_retry=0.001, drain=0)
        budget = Budget(0, 0, 0)
        asker = Asker(db, feed, gateways, budget)
        running = Runs(db, feed, asker, worker_id="impatient", pace=pace)
        try:
            yield Chat(settings, db, feed, gateways, running, budget, await local_person(db), None)
        finally:
            await running.drain()
            await db.close()


@pytest.fixture
async def chat(settings: Settings) -> AsyncGenerator[Chat]:
    async with impatient(settings) as running:
        yield running


def tried(caplog: pytest.LogCaptureFixture, what: str) -> int:
    return sum(what in record.getMessage() for record in caplog.records)


async def test_a_journal_that_is_locked_is_written_later_without_loss_or_doubling(
    chat: Chat,
    gateway: ScriptedGateway,
    rows: Rows,
    locked: Locked,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    write = chat.runs._on_disk.write
    tries: list[JournalBatch] = []

    async def count(batch: JournalBatch) -> None:
        tries.append(batch)
        await write(batch)

    monkeypatch.setattr(chat.runs._on_disk, "write", count)
    async with opened(chat, conversation.id) as page:
        with locked():
            for word in ("one ", "two ", "three "):
                before = len(tries)
                await request.say(word)
                await request.think(word.upper())
                await happens(lambda: len(tries) >= before + 3)  # noqa: B023
            assert tried(caplog, "journal could not be written") == 1
        await request.say("four")
        for part, whole in (("text", "one two three four"), ("reasoning", "ONE TWO THREE ")):
            query = f"SELECT text FROM run_journal WHERE part='{part}' ORDER BY seq"  # noqa: S608
            await happens(lambda: "".join(text for (text,) in rows(query)) == whole)  # noqa: B023
        await request.finish()
        answer = await page.until_ended()
    assert (answer.status, answer.text) == ("complete", "one two three four")
    assert page.shown() == answer.text


async def test_an_answer_that_can_not_be_saved_says_so_and_is_saved_later(
    chat: Chat, gateway: ScriptedGateway, locked: Locked
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        with locked():
            await request.say("Precious.")
            await request.finish()
            unsaved = await page.until_ended()
            assert (unsaved.status, unsaved.text) == ("interrupted", "Precious.")
            assert "could not be saved" in (unsaved.error or "")
            assert "database has too much to do" in (unsaved.error or "")
            async with opened(chat, conversation.id) as reloaded:
                assert (reloaded.last.status, reloaded.last.error) == (unsaved.status, unsaved.error)
                assert reloaded.shown() == "Precious."
            assert (await read_texts(chat, chat.person.id, unsaved.id)).text == "Precious."
            assert await chat.runs.stop(chat.person.id, unsaved.id)
        await page.until(lambda: page.last.status == "complete")
    assert (page.last.text, page.last.error) == ("Precious.", None)
    assert page.count(AnswerUnsaved) == page.count(MessageEnded) == 1


async def test_stopping_does_not_wait_for_a_disk_that_never_comes(
    chat: Chat, gateway: ScriptedGateway, locked: Locked, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        await request.say("So far")
        await page.until_shown("So far")
        with locked():
            assert await chat.runs.stop(chat.person.id, page.last.id)
            await request.until_client_leaves()
            assert tried(caplog, "could not be saved") >= SAVE_ATTEMPTS
        await page.until(lambda: page.last.status == "stopped")


async def test_closing_gives_up_what_can_not_be_saved_but_not_its_journal(
    settings: Settings, gateway: ScriptedGateway, rows: Rows, locked: Locked
) -> None:
    async with impatient(settings) as chat:
        conversation = await say(chat, "Hello?")
        request = await gateway.next_request()
        await request.say("In the journal.")
        await happens(lambda: rows("SELECT text FROM run_journal") == [("In the journal.",)])
        with locked():
            await chat.runs.drain()
        assert rows("SELECT status FROM run") == [("running",)]
    async with opened_cleanly(settings) as restarted:
        answer = await ended(restarted, conversation)
    assert (answer.status, answer.text) == ("interrupted", "In the journal.")


async def test_no_more_is_shown_than_two_batches_while_the_disk_is_slow(
    settings: Settings, gateway: ScriptedGateway, locked: Locked
) -> None:
    most = 2 * Pace().journal_chars
    piece = "word " * 40
    pieces = 5 * most // len(piece)
    async with opened_cleanly(settings) as chat:
        conversation = await say(chat, "Hello?")
        request = await gateway.next_request()
        async with opened(chat, conversation.id) as page:
            with locked():
                for _ in range(pieces):
                    await request.say(piece)
                await page.until(lambda: len(page.shown()) >= most)
                for _ in range(500):
                    await asyncio.sleep(0)
                held = chat.runs.shown(page.last)
                assert held is not None
                assert len(held.text) < most + 2 * len(piece)
            await request.finish()
            answer = await page.until_ended()
    assert answer.status == "complete"
    assert page.shown() == answer.text == piece * pieces


@pytest.fixture
def unconfirmed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let the connection break once, after the next commit that is durable, or isn't, has arrived."""
    write = Database.write
    breaks: list[bool] = []

    @asynccontextmanager
    async def breaking(self: Database, *, durable: bool = True) -> AsyncGenerator[Any]:
        async with write(self, durable=durable) as tx:
            yield tx
        if durable in breaks:
            breaks.remove(durable)
            raise StoreError("The connection broke.", "away")

    monkeypatch.setattr(Database, "write", breaking)
    return breaks.append


async def test_an_end_that_was_stored_but_not_confirmed_is_told(
    chat: Chat, gateway: ScriptedGateway, unconfirmed: Callable[[bool], None]
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        unconfirmed(True)
        await request.say("All of it.")
        await request.finish()
        answer = await page.until_ended()
    assert (answer.status, answer.text) == ("complete", "All of it.")
    assert page.count(MessageEnded) == 1


async def test_a_batch_that_was_stored_but_not_confirmed_is_in_the_journal_once(
    chat: Chat, gateway: ScriptedGateway, rows: Rows, unconfirmed: Callable[[bool], None]
) -> None:
    conversation = await say(chat, "Hello?")
    request = await gateway.next_request()
    async with opened(chat, conversation.id) as page:
        unconfirmed(False)
        said = ""
        for word in ("one ", "two ", "three"):
            said += word
            await request.say(word)
            await page.until_shown(said)
        query = "SELECT text FROM run_journal ORDER BY seq"
        await happens(lambda: "".join(text for (text,) in rows(query)).endswith("three"))
        assert "".join(text for (text,) in rows(query)) == said
        await request.finish()
        await page.until_ended()


async def test_a_turn_that_was_stored_but_not_confirmed_does_not_stream_for_ever(
    chat: Chat, gateway: ScriptedGateway, unconfirmed: Callable[[bool], None]
) -> None:
    draft = Draft(new_id(), "Hello?")
    unconfirmed(True)
    with pytest.raises(StoreError):
        await send(chat, chat.person.id, draft)
    conversation = await send(chat, chat.person.id, draft)
    answer = await ended(chat, conversation)
    assert (answer.status, answer.error) == ("failed", NEVER_ASKED)
    assert gateway.requests == []
