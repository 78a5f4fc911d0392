from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from reflex.utils import format

from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft, send
from chat_ui.state import routes
from chat_ui.state.sidebar import PAGE, Row, SidebarState, day_of, rows_of
from chat_ui.state.undo import UndoState
from chat_ui.store import conversations, users
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import new_id
from tests.scripted import ScriptedGateway

from .conftest import Browser

TODAY = date(2026, 3, 15)


def conversation(id: str, updated_at: datetime) -> Conversation:
    return Conversation(id, id.upper(), "demo", None, None, 1, updated_at, updated_at, None)


@pytest.mark.parametrize(
    ("day", "heading"),
    [
        (date(2026, 3, 16), "Today"),
        (TODAY, "Today"),
        (date(2026, 3, 14), "Yesterday"),
        (date(2026, 3, 13), "Previous 7 days"),
        (date(2026, 3, 9), "Previous 7 days"),
        (date(2026, 3, 8), "March"),
        (date(2026, 1, 1), "January"),
        (date(2025, 12, 31), "December 2025"),
    ],
)
def test_headings(day: date, heading: str) -> None:
    assert day_of(day, TODAY) == heading


def test_the_first_row_of_each_day_carries_its_heading_in_the_readers_zone() -> None:
    east = timezone(timedelta(hours=10))
    now = datetime(2026, 3, 15, 8, tzinfo=east)
    listed = [
        conversation("a", datetime(2026, 3, 14, 21, tzinfo=UTC)),
        conversation("b", datetime(2026, 3, 14, 15, tzinfo=UTC)),
        conversation("c", datetime(2026, 3, 14, 13, tzinfo=UTC)),
        conversation("d", datetime(2026, 3, 10, tzinfo=UTC)),
        conversation("e", datetime(2026, 3, 9, tzinfo=UTC)),
    ]
    assert rows_of(listed, now) == [
        Row("a", "A", "Today"),
        Row("b", "B"),
        Row("c", "C", "Yesterday"),
        Row("d", "D", "Previous 7 days"),
        Row("e", "E"),
    ]


def test_no_conversations_make_no_rows() -> None:
    assert rows_of([], datetime.now(UTC)) == []


def titles(browser: Browser) -> list[str]:
    rows = browser.values(SidebarState, "rows")
    return [row["title"] for row in json.loads(format.json_dumps(rows[-1]))] if rows else []


def titled(id: str, conversation_id: Any, text: Any) -> dict[str, Any]:
    """A new title, as the page sends it."""
    return {"id": id, "conversation_id": conversation_id, "text": text}


async def begun(chat: Chat, *questions: str, owner: str | None = None) -> list[Conversation]:
    return [await send(chat, owner or chat.person.id, Draft(new_id(), question)) for question in questions]


@pytest.fixture(autouse=True)
def greets(gateway: ScriptedGateway) -> None:
    gateway.greeting = "Hello."


async def test_the_list_is_shown_and_kept_true(browser: Browser, chat: Chat) -> None:
    [one] = await begun(chat, "One")
    future = await browser.start(SidebarState.follow)
    await browser.until(lambda: titles(browser) == ["One"])
    await begun(chat, "Two")
    await browser.until(lambda: sorted(titles(browser)) == ["One", "Two"])
    await browser.send(SidebarState.rename, titled("a", one.id, "First"))
    await browser.until(lambda: sorted(titles(browser)) == ["First", "Two"])
    assert browser.pushed("composer") == [{"id": "a", "conversation": one.id}]
    browser.path = routes.conversation(one.id)
    await browser.send(UndoState.delete_conversation, one.id)
    assert browser.redirects() == [routes.NEW_CHAT]
    await browser.until(lambda: titles(browser) == ["Two"])
    future.cancel()


async def test_a_title_that_cannot_be_kept_is_refused_in_words(browser: Browser) -> None:
    for _ in range(2):
        await browser.send(SidebarState.rename, titled("a", new_id(), "First"))
    why = "There is no such conversation. It may have been deleted; start a new one."
    assert browser.pushed("composer") == [{"id": "a", "refused": why}] * 2


async def test_older_ones_come_when_asked_for(browser: Browser, chat: Chat) -> None:
    async with chat.db.write() as tx:
        for number in range(PAGE + 1):
            await conversations.create(tx, chat.person.id, title=str(number), gateway="demo", model=None)
    await browser.start(SidebarState.follow)
    await browser.until(lambda: len(titles(browser)) == PAGE)
    assert browser.values(SidebarState, "more") == [True]
    future = await browser.start(SidebarState.show_more)
    await browser.until(lambda: len(titles(browser)) == PAGE + 1)
    assert browser.values(SidebarState, "more") == [True, False]
    future.cancel()


async def test_deleting_another_one_stays_on_the_page(browser: Browser, chat: Chat) -> None:
    one, two = await begun(chat, "One", "Two")
    browser.path = routes.conversation(two.id)
    await browser.send(UndoState.delete_conversation, one.id)
    assert browser.redirects() == []
    assert not any(browser.values(UndoState, "notice"))


async def test_what_can_not_be_deleted_says_so(browser: Browser) -> None:
    await browser.send(UndoState.delete_conversation, new_id())
    assert "no such conversation" in browser.values(UndoState, "notice")[-1]


@pytest.mark.parametrize("argument", [None, 5, [], {}, {"id": 1}, "", "\ud800\0", "x" * 10_000, "mallory's"])
async def test_arguments_from_anybody_change_nothing(browser: Browser, chat: Chat, argument: Any) -> None:
    async with chat.db.write() as tx:
        mallory = (await users.create(tx, name="mallory")).id
    [hers] = await begun(chat, "Hers", owner=mallory)
    [mine] = await begun(chat, "Mine")
    await browser.start(SidebarState.follow)
    await browser.until(lambda: titles(browser) == ["Mine"])
    name = SidebarState.get_full_name()
    target = hers.id if argument == "mallory's" else argument
    await browser.send_raw(f"{name}.rename", wanted=argument)
    await browser.send_raw(f"{name}.rename", wanted=titled("a", target, "Taken"))
    await browser.send_raw(f"{UndoState.get_full_name()}.delete_conversation", conversation_id=target)
    blank = argument if not isinstance(argument, str) else ""
    await browser.send_raw(f"{name}.rename", wanted=titled("a", mine.id, blank))
    assert titles(browser) == ["Mine"]
    async with chat.db.read() as tx:
        assert [c.title for c in await conversations.recent(tx, mallory, limit=9)] == ["Hers"]
        assert [c.title for c in await conversations.recent(tx, chat.person.id, limit=9)] == ["Mine"]
