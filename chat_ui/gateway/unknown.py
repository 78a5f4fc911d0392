"""What gateways send that nobody here knows: named in the log, so that the first time teaches something."""

from __future__ import annotations

import logging
from functools import lru_cache

__all__ = ["note_unknown"]

log = logging.getLogger(__name__)


@lru_cache(maxsize=256)
def note_unknown(what: str) -> None:
    """Log a kind of thing once; ``what`` names it and holds nothing of its content."""
    log.info("A gateway sent something unknown: %s", what)
