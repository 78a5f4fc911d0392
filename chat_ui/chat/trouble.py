"""What a person is told when the store can't do its work.

Its own words name files, hosts and users of the database: they are for whoever runs the site, who finds them
in the log. Whoever sits before the page is told what it means for them.
"""

from __future__ import annotations

import logging
import time

from chat_ui.store.errors import StoreError
from chat_ui.words import say

__all__ = ["in_words", "why"]

# While a database is away, every open page meets the same trouble every other second.
LOGGED_AGAIN_S = 10.0

log = logging.getLogger(__name__)

_logged: dict[str, float] = {}


def in_words(error: Exception) -> str:
    """What happened, and what to do about it; errors of other layers are made for a person as they are."""
    if not isinstance(error, StoreError):
        return str(error)
    return f"{why(error)} {say(f'store.{error.trouble}.advice')}"


def why(error: StoreError) -> str:
    """What happened, in a sentence; the log has the store's own words."""
    _log(str(error))
    return say(f"store.{error.trouble}")


def _log(words: str) -> None:
    now = time.monotonic()
    for known in [known for known, then in _logged.items() if now - then >= LOGGED_AGAIN_S]:
        del _logged[known]
    if words not in _logged:
        _logged[words] = now
        log.warning("%s", words)
