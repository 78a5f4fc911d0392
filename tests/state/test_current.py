"""The site's beginning."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from chat_ui.settings import Settings
from chat_ui.state import current


@pytest.fixture
def thawed() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)
    gc.enable()


async def test_what_was_imported_is_not_searched_for_garbage(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, thawed: None
) -> None:
    monkeypatch.setattr(current, "get_settings", lambda: settings)
    monkeypatch.setattr(current.logs, "set_up", lambda _: None)
    gc.disable()
    async with current.run_chat():
        assert current.is_running()
        assert gc.isenabled()
        assert gc.get_freeze_count() > len(gc.get_objects())
    assert not current.is_running()
