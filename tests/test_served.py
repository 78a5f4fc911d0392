"""The app as the production server asks for it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

import chat_ui
from chat_ui import served


@pytest.fixture
def searched_again() -> Iterator[None]:
    yield
    gc.enable()


def test_no_garbage_is_sought_while_the_app_is_made(
    monkeypatch: pytest.MonkeyPatch, searched_again: None
) -> None:
    found: list[bool] = []
    made = SimpleNamespace(app=lambda: found.append(gc.isenabled()))
    monkeypatch.setitem(sys.modules, "chat_ui.chat_ui", made)
    monkeypatch.setattr(chat_ui, "chat_ui", made, raising=False)
    served.app()
    assert found == [False]
