"""Troubles that last: whoever meets one says so, but in a line, and not again soon.

While a database or Redis is away, every open page misses it every other second, and Reflex does beside.
"""

from __future__ import annotations

import logging
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
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, RedisError):
            return True
        record.msg, record.args, record.exc_info = f"{record.getMessage()} ({error})", (), None
        return _is_news(record.msg)


def _is_news(words: str) -> bool:
    now = time.monotonic()
    for known in [known for known, then in _said.items() if now - then >= SAID_AGAIN_S]:
        del _said[known]
    return _said.setdefault(words, now) == now
