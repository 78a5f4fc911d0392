"""What a turn asks of the database, with a page that shows its conversation and the list beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft
from chat_ui.state.sidebar import SidebarState
from chat_ui.state.thread import ThreadState
from chat_ui.store.conversations import Conversation
from chat_ui.store.driver import WholeCalls, Work
from tests.scripted import ScriptedGateway, happens

from .conftest import Browser

# Who sent it before, the conversation, its branch, the person's defaults, what follows the same message;
# two messages, the run, and the branch's new end are written.
BEGUN = 9
# The page measures how full the model's window is (defaults, sizes); the list is read again.
SHOWN = 3
JOURNALED = 1
# The run, the message, what was reserved, the journal, the conversation, and the message as it is stored.
ENDED = 6


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """All that is said to a database, but how transactions begin, and the purge that a site begins with."""
    said: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")) and "deleted_at <" not in statement:
            said.append(" ".join(statement.split())[:70])

    transact = WholeCalls.transact

    async def hear_at_once(driver: WholeCalls, begin: Work, work: Work) -> None:
        await transact(driver, begin, work)
        said.append("something at once")

    event.listen(Engine, "after_cursor_execute", hear)
    monkeypatch.setattr(WholeCalls, "transact", hear_at_once)
    yield said
    event.remove(Engine, "after_cursor_execute", hear)


async def test_a_turn_asks_the_database_no_more_than_it_must(
    browser: Browser,
    chat: Chat,
    gateway: ScriptedGateway,
    conversation: Conversation,
    statements: list[str],
) -> None:
    await chat.runs.stop_all(chat.person.id, conversation.id)
    await chat.titles.drain()
    beside = await browser.start(SidebarState.follow)
    following = await browser.start(ThreadState.follow)
    await browser.until(lambda: bool(browser.values(SidebarState, "rows")))
    await browser.until(lambda: bool(browser.values(ThreadState, "heads")))
    statements.clear()
    # The request of the answer that was stopped.
    await gateway.next_request()

    await browser.send(ThreadState.send, Draft("send-2", "And?", conversation.id))
    await happens(lambda: len(statements) == BEGUN + SHOWN)
    request = await gateway.next_request()
    await request.say("Well.")
    await happens(lambda: len(statements) == BEGUN + SHOWN + JOURNALED)
    await request.finish()
    total = BEGUN + SHOWN + JOURNALED + ENDED + SHOWN
    await happens(lambda: len(statements) == total)

    await chat.runs.drain()
    for one in (beside, following):
        one.cancel()
    assert len(statements) == total, statements
