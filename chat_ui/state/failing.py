"""What becomes of an error that no handler has an answer to."""

from __future__ import annotations

import logging

import reflex as rx
from redis.exceptions import RedisError
from reflex.app import default_backend_exception_handler
from reflex.event import EventSpec
from reflex_base.utils.exceptions import LockExpiredError

from chat_ui.chat.errors import Closing
from chat_ui.chat.trouble import in_words
from chat_ui.state import wire
from chat_ui.store.errors import StoreError
from chat_ui.words import say

__all__ = ["failed"]

# Where the page hears of it (``ui/components/failure.js``).
FAILURE = "failure"
COMES_BACK_AFTER_S = 2.0

log = logging.getLogger(__name__)


# Reflex wants the argument to be called so.
def failed(exception: Exception) -> EventSpec | None:
    """Log it, and tell the page what failed, unless it comes of nothing but the end of the site.

    Pages send events until their connection is cut, and come back by themselves: to them nothing has failed.
    Where the state of pages was out of reach, theirs is cut, so that they do.
    """
    is_end = isinstance(exception, Closing) or (
        isinstance(exception, StoreError) and exception.trouble == "closing"
    )
    if is_end:
        log.info("An event came while the site ended; its page sends it again, or reloads.")
        return None
    if isinstance(exception, StoreError):
        return rx.set_value(FAILURE, in_words(exception))
    if isinstance(exception, RedisError | LockExpiredError):
        log.error("An event failed.", exc_info=exception)
        # It may have been the one that loads the page, which nobody sends again on the same websocket.
        wire.part_soon(COMES_BACK_AFTER_S)
        return rx.set_value(FAILURE, {"words": say("failed.passing"), "passes": True})
    # Its log line, without the box that it would open on the page.
    default_backend_exception_handler(exception)
    return rx.set_value(FAILURE, say("failed"))
