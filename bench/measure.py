"""Measuring on a machine that has other things to do as well."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Spread", "cpu_seconds", "interleaved", "pin_to_one_core", "ratios", "tail"]

T = TypeVar("T")
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the values of several rounds lie."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of some values, of which there must be one at least."""
        ordered = sorted(values)
        return cls(ordered[0], statistics.median(ordered), ordered[-1])

    def __str__(self) -> str:
        digits = 0 if self.median >= 100 else 1 if self.median >= 10 else 2
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def tail(waits: Sequence[float]) -> tuple[float, float, float]:
    """The middle one of some waits, the one that one in a hundred exceeds, and the longest."""
    return statistics.median(waits), statistics.quantiles(waits, n=100, method="inclusive")[98], max(waits)


def interleaved(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure every subject once per round, so that a busy moment meets them all.

    Each round begins with another subject. One round before the first isn't counted: it warms up.

    Returns:
        The figures of each subject, round by round: those of the same round may be compared.
    """
    names = list(subjects)
    figures: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            figure = subjects[name]()
            if number:
                figures[name].append(figure)
    return figures


def ratios(figures: list[float], others: list[float]) -> Spread:
    """The spread of one subject's figures over another's, round by round."""
    return Spread.of(figure / other for figure, other in zip(figures, others, strict=True))


def cpu_seconds(work: Callable[[], T]) -> tuple[float, T]:
    """The processor time that some work took in this process, and what it returned."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def pin_to_one_core(*, neighbor: int | None = None) -> None:
    """Keep this process on one core, where the system allows it.

    Args:
        neighbor: a process that has to stay off that core, if there is another one.
    """
    if not CORES:
        return
    os.sched_setaffinity(0, CORES[-1:])
    if neighbor is not None and len(CORES) > 1:
        os.sched_setaffinity(neighbor, CORES[:-1])
