"""How often somebody may do something: far more than a page ever does, and far less than a flood."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Flow", "Meter", "Turnstile"]


@dataclass(frozen=True, slots=True)
class Flow:
    """So many at once, and so many a second in the long run."""

    at_once: int
    per_s: float


class Meter:
    """Lets through what keeps within a flow.

    Args:
        flow: what is let through.
        clock: seconds that only ever grow.
    """

    def __init__(self, flow: Flow, clock: Callable[[], float] = time.monotonic) -> None:
        self._each_s = 1 / flow.per_s
        self._longest_s = flow.at_once / flow.per_s
        self._clock = clock
        # When all of it is free again.
        self._free_at = clock()

    @property
    def is_free(self) -> bool:
        """Whether all of it is free, as it was at first."""
        return self._free_at <= self._clock()

    def lets_through(self) -> bool:
        """Whether one more keeps within it; counts it if so."""
        now = self._clock()
        free_at = max(self._free_at, now) + self._each_s
        if free_at - now > self._longest_s:
            return False
        self._free_at = free_at
        return True


class Turnstile:
    """A meter for everybody.

    It is this process that is protected, so each counts by itself, in memory.

    Args:
        flow: what is let through of each.
        clock: seconds that only ever grow.
    """

    def __init__(self, flow: Flow, clock: Callable[[], float] = time.monotonic) -> None:
        self._flow = flow
        self._clock = clock
        self._meters: dict[str, Meter] = {}

    def lets_through(self, who: str) -> bool:
        """Whether they may once more."""
        meter = self._meters.get(who) or Meter(self._flow, self._clock)
        self._meters = {name: each for name, each in self._meters.items() if not each.is_free}
        self._meters[who] = meter
        return meter.lets_through()

    def __len__(self) -> int:
        """How many it remembers."""
        return len(self._meters)
