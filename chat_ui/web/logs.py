"""Keeps what people send out of the logs.

Reflex logs an event that it can't handle with all it carries: https://github.com/reflex-dev/reflex has it in
``reflex_base/event/processor`` and ``reflex/app.py``.
"""

from __future__ import annotations

import logging
import re

__all__ = ["PayloadFilter", "keep_payloads_out"]

LOGGERS = (
    "reflex.app",
    "reflex_base.event.processor.base_state_processor",
    "reflex_base.event.processor.event_processor",
    "reflex_base.vars.base",
)
# From here on such a line quotes what somebody sent.
QUOTES = re.compile(
    r"(Frontend Exception]|Event\(|Event data:|event data|with value|but got|must be a dictionary).*",
    re.DOTALL,
)

ERRORS = re.compile(r"^([\w.]+(?:Error|Exception|Exit|Interrupt)): .*", re.MULTILINE)


class PayloadFilter(logging.Filter):
    """Cuts a line where it begins to quote an event, and an error where it does."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Cut; every line stays."""
        record.msg, record.args = _cut(record.getMessage()), ()
        if record.exc_info and record.exc_info[1] is not None and QUOTES.search(str(record.exc_info[1])):
            record.msg += f" ({type(record.exc_info[1]).__name__})"
            record.exc_info = None
        return True


def keep_payloads_out() -> None:
    """Have Reflex's loggers cut their lines."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, PayloadFilter) for one in logger.filters):
            logger.addFilter(PayloadFilter())


def _cut(line: str) -> str:
    # The last line of a traceback is the error's own text, which may quote as well; its kind is enough.
    line = ERRORS.sub(r"\1", line)
    return QUOTES.sub(lambda found: f"{found[1].rstrip('(')} …", line)
