"""A trouble that lasts is a line in the log, and not again soon."""

from __future__ import annotations

import logging

import pytest
from redis.exceptions import ConnectionError as RedisIsAway

from chat_ui.monitoring import lasting
from chat_ui.monitoring.lasting import InALine, warn

log = logging.getLogger(__name__)


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "_said", {})


def test_the_same_is_not_said_again_soon(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("It is away.", "It is away.", "It is full: 100%.", "It is away."):
        warn(log, words)
    assert caplog.messages == ["It is away.", "It is full: 100%."]
    monkeypatch.setattr(lasting, "SAID_AGAIN_S", 0)
    warn(log, "It is away.")
    assert caplog.messages[2:] == ["It is away."]


def failed(error: Exception) -> logging.LogRecord:
    try:
        raise error
    except type(error) as raised:
        exc_info = type(raised), raised, raised.__traceback__
    return log.makeRecord(log.name, logging.ERROR, __file__, 1, "Could not do %d%%", (7,), exc_info)


def test_what_a_redis_that_is_away_has_made_fail_is_a_line() -> None:
    first, again = (failed(RedisIsAway("refused 100%")) for _ in range(2))
    assert InALine().filter(first)
    assert logging.Formatter().format(first) == "Could not do 7% (refused 100%)"
    assert not InALine().filter(again)


def let_through(error: Exception, level: int) -> bool:
    """Whether something is written that is said of an error in words alone while it is handled."""
    try:
        raise error
    except type(error):
        record = log.makeRecord(log.name, level, __file__, 1, f"task error suppressed: {error}", (), None)
        return InALine().filter(record) and record.getMessage() == "task error suppressed: refused"


def test_what_is_told_of_it_in_words_alone_is_not_said_again_soon() -> None:
    assert [let_through(RedisIsAway("refused"), logging.ERROR) for _ in range(2)] == [True, False]
    # What ``warn`` lets through is news, and stays so.
    assert let_through(RedisIsAway("refused"), logging.WARNING)
    assert let_through(ConnectionError("refused"), logging.ERROR)


def test_what_else_fails_is_told_whole_each_time() -> None:
    for _ in range(2):
        record = failed(ConnectionError("refused"))
        assert InALine().filter(record)
        assert "Traceback" in logging.Formatter().format(record)
