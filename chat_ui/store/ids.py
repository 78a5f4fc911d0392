"""Ids of rows: UUIDs that sort by the time they were made."""

from __future__ import annotations

import re
import secrets
import threading
import time
from uuid import UUID

__all__ = ["is_id", "new_id"]

_RANDOM_BITS = 74
_LOW_BITS = 62
_VERSION = 0x7 << 76
_VARIANT = 0b10 << _LOW_BITS
_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class _Sequence:
    """Timestamp and random bits as one number that only grows (RFC 9562, section 6.2, method 2)."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        milliseconds = time.time_ns() // 1_000_000
        fresh = milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            # A random step, because a neighbor's id must not tell this one.
            self._last = max(fresh, self._last + 1 + secrets.randbits(32))
            return self._last


_sequence = _Sequence()


def new_id() -> str:
    """Make an id: a UUIDv7 (RFC 9562) in canonical form.

    Each id of this process is greater than the one before, as text too, even within a millisecond or
    when the clock is set back.
    """
    value = _sequence.next()
    high, low = value >> _LOW_BITS, value & ((1 << _LOW_BITS) - 1)
    timestamp, middle = high >> 12, high & 0xFFF
    return str(UUID(int=timestamp << 80 | _VERSION | middle << 64 | _VARIANT | low))


def is_id(text: str) -> bool:
    """Whether a text is a UUID in canonical form: 36 characters, lower case, hyphens in place.

    Any version counts, since ids may also come from a browser or an import.
    """
    return _CANONICAL.fullmatch(text) is not None
