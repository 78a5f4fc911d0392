"""What pages still send while the site ends is let go, and nobody is alarmed by it."""

from __future__ import annotations

import logging
from contextlib import suppress
from unittest.mock import Mock

import pytest
from redis.exceptions import RedisError
from reflex.state import StateUpdate
from reflex_base.event import Event

from chat_ui.chat.errors import Closing
from chat_ui.monitoring.lasting import InALine
from chat_ui.state import undo
from chat_ui.state.current import current_chat
from chat_ui.state.door import EventDoor
from chat_ui.state.failing import FAILURE, failed
from chat_ui.state.following import keep_following
from chat_ui.state.undo import UndoState
from chat_ui.store.errors import StoreError
from chat_ui.words import say

from .conftest import Browser


async def test_an_event_that_comes_after_the_end_is_let_go() -> None:
    update = await EventDoor().preprocess(Mock(), Mock(), Event(name="anything", payload={}))
    assert update == StateUpdate()


async def test_a_follower_ends_with_the_site() -> None:
    async def follow() -> None:
        current_chat()

    told = Mock()
    await keep_following(follow, told)
    told.assert_not_called()


@pytest.mark.parametrize("end", [Closing(), StoreError("The database chat.db is closed.", "closing")])
def test_a_handler_that_the_end_overtakes_alarms_nobody(
    end: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert failed(end) is None
    assert caplog.records == []


async def test_all_else_is_logged_and_said_past_the_state(
    browser: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(text: object) -> str:
        raise ZeroDivisionError(text)

    monkeypatch.setattr(browser.processor, "backend_exception_handler", failed)
    monkeypatch.setattr(undo, "text_of", fail)
    with suppress(ZeroDivisionError):
        await browser.send(UndoState.delete_message, "one")
    await browser.until(lambda: browser.pushed(FAILURE) == [say("failed")])
    assert "ZeroDivisionError" in caplog.text


def test_what_a_redis_that_is_away_has_made_fail_is_said_and_logged_without_the_way_to_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = RedisError("refused")
    assert say("failed.passing") in str(failed(away))
    assert [record.exc_info and record.exc_info[1] for record in caplog.records] == [away]
    assert [record for record in caplog.records if InALine().filter(record)] == caplog.records
    assert "Traceback" not in logging.Formatter().format(caplog.records[0])


def test_what_the_database_can_not_do_is_said_in_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        told = failed(StoreError("The database chat on host-7 can't be reached.", "away"))
    assert say("store.away") in str(told)
    assert [(record.getMessage(), record.exc_info) for record in caplog.records] == [
        ("The database chat on host-7 can't be reached.", None)
    ]
