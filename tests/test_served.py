"""The app as the production server asks for it."""

from __future__ import annotations

import gc
import signal
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


def test_who_is_told_to_end_while_the_app_is_made_ends(
    monkeypatch: pytest.MonkeyPatch, searched_again: None
) -> None:
    def take_note(*_: object) -> None:
        """What a worker's server does."""

    found: list[object] = []
    made = SimpleNamespace(app=lambda: found.append(signal.getsignal(signal.SIGTERM)))
    monkeypatch.setitem(sys.modules, "chat_ui.chat_ui", made)
    monkeypatch.setattr(chat_ui, "chat_ui", made, raising=False)
    was = signal.signal(signal.SIGTERM, take_note)
    try:
        served.app()
        assert found == [signal.SIG_DFL]
        assert signal.getsignal(signal.SIGTERM) is take_note
    finally:
        signal.signal(signal.SIGTERM, was)
