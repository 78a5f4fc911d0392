"""What a process finds that follows one which died."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from chat_ui.chat.follow import read_snapshot
from chat_ui.settings import Settings
from chat_ui.store import StoreError, messages, runs
from chat_ui.store.conversations import create, set_leaf
from chat_ui.store.messages import Message
from chat_ui.store.runs import JournalEntry
from tests.scripted import ScriptedGateway

from .conftest import opened_cleanly
from .page import ended, say

Rows = Callable[[str], list[tuple[Any, ...]]]


async def test_what_a_dead_process_left_is_kept_and_explained(settings: Settings, rows: Rows) -> None:
    async with opened_cleanly(settings) as chat:
        owner = chat.person.id
        async with chat.db.write() as tx:
            conversation = await create(tx, owner, title="Tea", gateway="gateway", model=None)
            answer = Message(conversation_id=conversation.id, role="assistant", status="streaming")
            await messages.add(tx, owner, answer)
            await set_leaf(tx, owner, conversation.id, answer.id)
            run = await runs.start(
                tx, owner, conversation_id=conversation.id, message_id=answer.id, worker_id="dead"
            )
            entries = [
                JournalEntry(1, "reasoning", "Hm."),
                JournalEntry(2, "text", "So "),
                JournalEntry(3, "text", "far"),
            ]
            await runs.append(tx, owner, run.id, entries)
        snapshot = await read_snapshot(chat, owner, conversation.id)
        assert [(m.status, m.text, m.reasoning) for m in snapshot.messages] == [
            ("streaming", "So far", "Hm.")
        ]
    async with opened_cleanly(settings) as chat:
        snapshot = await read_snapshot(chat, chat.person.id, conversation.id)
        [left] = snapshot.messages
    assert chat.person.id == owner
    assert (left.status, left.text, left.reasoning) == ("interrupted", "So far", "Hm.")
    assert "restarted before the answer was finished" in (left.error or "")
    assert rows("SELECT * FROM run_journal") == []


async def test_a_restart_leaves_finished_answers_alone(settings: Settings, gateway: ScriptedGateway) -> None:
    gateway.greeting = "Hello."
    async with opened_cleanly(settings) as chat:
        conversation = await say(chat, "Hello?")
        before = await ended(chat, conversation)
    async with opened_cleanly(settings) as chat:
        assert await ended(chat, conversation) == before


async def test_what_can_not_be_opened_leaves_nothing_open(settings: Settings) -> None:
    settings.data_dir.mkdir(exist_ok=True)
    (settings.data_dir / "gateway.json").write_text("{")
    before = asyncio.all_tasks()
    with pytest.raises(StoreError, match=r"gateway\.json"):
        async with opened_cleanly(settings):
            pass
    assert asyncio.all_tasks() == before
