"""The site's beginning."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from chat_ui.monitoring.lasting import InALine
from chat_ui.settings import Settings
from chat_ui.state import current


@pytest.fixture
def thawed() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)
    gc.enable()


@pytest.fixture(autouse=True)
def log_set_up(monkeypatch: pytest.MonkeyPatch) -> Mock:
    set_up = Mock()
    monkeypatch.setattr(current.logs, "set_up", set_up)
    return set_up


async def test_what_was_imported_is_not_searched_for_garbage(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, thawed: None
) -> None:
    monkeypatch.setattr(current, "get_settings", lambda: settings)
    gc.disable()
    async with current.run_chat():
        assert current.is_running()
        assert gc.isenabled()
        assert gc.get_freeze_count() > len(gc.get_objects())
    assert not current.is_running()


async def test_its_log_has_a_line_of_a_trouble_that_lasts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, thawed: None, log_set_up: Mock
) -> None:
    monkeypatch.setattr(current, "get_settings", lambda: settings)
    async with current.run_chat():
        assert [type(each) for each in log_set_up.call_args.args] == [Settings, InALine]
