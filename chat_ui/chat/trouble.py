"""What a person is told when the store can't do its work.

Its own words name files, hosts and users of the database: they are for whoever runs the site, who finds them
in the log. Whoever sits before the page is told what it means for them.
"""

from __future__ import annotations

import logging

from chat_ui.monitoring.lasting import warn
from chat_ui.store.errors import StoreError
from chat_ui.words import say

__all__ = ["in_words", "why"]

log = logging.getLogger(__name__)


def in_words(error: Exception) -> str:
    """What happened, and what to do about it; errors of other layers are made for a person as they are."""
    if not isinstance(error, StoreError):
        return str(error)
    return f"{why(error)} {say(f'store.{error.trouble}.advice')}"


def why(error: StoreError) -> str:
    """What happened, in a sentence; the log has the store's own words."""
    warn(log, str(error))
    return say(f"store.{error.trouble}")
