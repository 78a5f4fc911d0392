"""A process that begins while what it shares with others is away."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pydantic import SecretStr

from chat_ui.chat.redis_feed import RedisAwayError
from chat_ui.settings import Settings, SettingsError
from chat_ui.state import opening
from chat_ui.store.errors import StoreError

DATABASE_AWAY = StoreError("The database can't be reached.", "away")
DAMAGED = StoreError("The database is damaged.")
REDIS_AWAY = RedisAwayError("Redis can't be reached.")
NO_URL = SettingsError("CHAT_UI_REDIS_URL can't be read.")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, each time."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(opening.asyncio, "sleep", sleep)
    monkeypatch.setattr(opening, "end_by_signals", lambda *_, **__: None)
    return waited


def failing(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> None:
    """Have the chat open only after so many errors."""
    left = list(errors)

    @asynccontextmanager
    async def open_chat(_: Settings) -> AsyncGenerator[str]:
        if left:
            raise left.pop(0)
        yield "the chat"

    monkeypatch.setattr(opening, "open_chat", open_chat)


def shared(settings: Settings) -> Settings:
    return settings.model_copy(update={"redis_url": SecretStr("redis://localhost")})


async def test_one_of_several_tries_again_at_longer_intervals_and_says_so(
    settings: Settings,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing(monkeypatch, *[DATABASE_AWAY] * 6, REDIS_AWAY)
    async with AsyncExitStack() as stack:
        with caplog.at_level(logging.WARNING):
            assert await opening.open_when_possible(shared(settings), stack) == "the chat"
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert [record.getMessage() for record in caplog.records][-2:] == [
        "Chat UI can't start yet. The database can't be reached. It is tried again in 30 s.",
        "Chat UI can't start yet. Redis can't be reached. It is tried again in 30 s.",
    ]


@pytest.mark.parametrize("error", [DAMAGED, NO_URL])
async def test_what_does_not_pass_is_not_waited_for(
    settings: Settings, pauses: list[float], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing(monkeypatch, error)
    async with AsyncExitStack() as stack:
        with pytest.raises(type(error)):
            await opening.open_when_possible(shared(settings), stack)
    assert pauses == []


async def test_one_alone_ends(
    settings: Settings, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, DATABASE_AWAY)
    async with AsyncExitStack() as stack:
        with pytest.raises(StoreError):
            await opening.open_when_possible(settings, stack)
    assert pauses == []


async def test_it_can_be_told_to_end_before_it_has_tried(
    settings: Settings, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch)
    heard: list[float] = []
    monkeypatch.setattr(opening, "end_by_signals", lambda _, *, within_s: heard.append(within_s))
    async with AsyncExitStack() as stack:
        await opening.open_when_possible(shared(settings), stack)
    assert heard == [opening.ENDED_WITHIN_S]
