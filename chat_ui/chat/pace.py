"""How often things happen while answers run."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from chat_ui.chat.journal import until_tick

__all__ = ["Pace", "Tempo"]

BEAT_S = 0.25
# The newest beat's share of how late the process is held to be.
NEWEST = 0.3
# Who comes late by this part of the time between two pieces has as much to do as it can.
LATE = 1 / 5


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things happen, in seconds where nothing else is said.

    Args:
        piece: between two pieces of an answer for its readers, while few answers run. Each costs the server
            and the browser more than what is in it (docs/benchmarks/stream.md).
        pieces_per_s: how many pieces leave in a second, all running answers together: many wait longer each,
            so that what arrives meanwhile goes in one.
        longest_piece: the longest of these waits.
        journal: how long text may wait for the journal.
        journal_chars: how much text may wait for it, in code points.
        retry: before the second try to save an answer; each later wait is twice as long.
        longest_retry: the longest of these waits.
        drain: how long running answers may go on when the site closes.
    """

    piece: float = 1 / 40
    pieces_per_s: float = 1500.0
    longest_piece: float = 0.15
    journal: float = 0.25
    journal_chars: int = 2048
    retry: float = 0.1
    longest_retry: float = 30.0
    drain: float = 2.0


class Tempo:
    """How long an answer's next piece waits after the last: the longer, the more this process has to do.

    It has two signs of that: how many answers run, and how late it comes to a beat that it sets itself. The
    second counts on a machine that is slow, or has other work.

    ``between_pieces`` says how long, in seconds: decided when one of them changes, for it is asked for with
    every piece.

    Args:
        pace: within which bounds.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._running = 0
        self._late = 0.0
        self._beat: asyncio.TimerHandle | None = None
        self.between_pieces = pace.piece

    @contextmanager
    def running(self) -> Generator[None]:
        """Count one more answer, as long as the context is open."""
        self._running += 1
        self._decide()
        if self._beat is None:
            self._wait()
        try:
            yield
        finally:
            self._running -= 1
            self._decide()

    def _decide(self) -> None:
        pace = self._pace
        if pace.piece:
            wanted = max(pace.piece, self._running / pace.pieces_per_s, self._late / LATE)
            self.between_pieces = min(wanted, pace.longest_piece)

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        # At the journal's ticks, which wake the process anyway: a wake costs more than what is done in it.
        due = loop.time() + until_tick(BEAT_S)
        self._beat = loop.call_at(due, self._listen, due)

    def _listen(self, due: float) -> None:
        late = asyncio.get_running_loop().time() - due
        self._late += (late - self._late) * NEWEST
        self._decide()
        self._beat = None
        if self._running:
            self._wait()
