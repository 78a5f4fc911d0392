"""What becomes of an error that no handler has an answer to."""

from __future__ import annotations

import logging

from reflex.app import default_backend_exception_handler
from reflex.event import EventSpec

from chat_ui.chat.errors import Closing
from chat_ui.store.errors import StoreError

__all__ = ["failed"]

log = logging.getLogger(__name__)


# Reflex wants the argument to be called so.
def failed(exception: Exception) -> EventSpec | None:
    """Have Reflex log it and say so, unless it comes of nothing but the end of the site.

    Pages send events until their connection is cut, and come back by themselves: to them nothing has failed.
    """
    is_end = isinstance(exception, Closing) or (
        isinstance(exception, StoreError) and exception.trouble == "closing"
    )
    if not is_end:
        return default_backend_exception_handler(exception)
    log.info("An event came while the site ended; its page sends it again, or reloads.")
    return None
