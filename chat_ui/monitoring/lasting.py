"""Troubles that last: whoever meets one says so, but in a line, and not again soon.

While a database or Redis is away, every open page misses it every other second, and Reflex does beside.
"""

from __future__ import annotations

import logging
import sys
import time

from redis.exceptions import RedisError

__all__ = ["InALine", "warn"]

SAID_AGAIN_S = 10.0

_said: dict[str, float] = {}


def warn(log: logging.Logger, words: str) -> None:
    """Log a warning, unless the same was said a moment ago."""
    if _is_news(words):
        log.warning("%s", words)


class InALine(logging.Filter):
    """Takes the traceback from what a Redis that is away has made fail: it is long, and leads there alone."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a line."""
        error = _cause(record)
        if not isinstance(error, RedisError):
            return True
        words = record.getMessage()
        record.msg = words if str(error) in words else f"{words} ({error})"
        record.args, record.exc_info = (), None
        return _is_news(record.msg)


def _cause(record: logging.LogRecord) -> BaseException | None:
    """What has failed; Reflex gives some errors in words alone. What ``warn`` says was seen to be news."""
    if record.exc_info:
        return record.exc_info[1]
    return sys.exc_info()[1] if record.levelno >= logging.ERROR else None


def _is_news(words: str) -> bool:
    now = time.monotonic()
    for known in [known for known, then in _said.items() if now - then >= SAID_AGAIN_S]:
        del _said[known]
    return _said.setdefault(words, now) == now
