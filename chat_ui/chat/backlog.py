"""What an answer has said and the disk doesn't have yet: bounded, so that a killed process loses little."""

from __future__ import annotations

import asyncio

__all__ = ["Backlog"]


class Backlog:
    """Counts what waits for the journal, and what is on its way there.

    Args:
        batch_chars: how much text makes a batch that shouldn't wait, in code points. Twice as much, one batch
            that is written and one that gathers, is all that may be missing on disk.
    """

    def __init__(self, batch_chars: int) -> None:
        self.waiting = asyncio.Event()
        self.bulky = asyncio.Event()
        self._batch_chars = batch_chars
        self._waiting_chars = 0
        self._taken_chars = 0
        self.fails = False
        self._room = asyncio.Event()
        self._room.set()

    def add(self, chars: int) -> None:
        """So much more was said."""
        self._waiting_chars += chars
        self.waiting.set()
        self._look()

    def take(self) -> None:
        """What waits is on its way to the disk."""
        self._taken_chars, self._waiting_chars = self._waiting_chars, 0
        self.waiting.clear()
        self.bulky.clear()

    def written(self) -> None:
        """What was taken is on disk."""
        self._taken_chars = 0
        self.fails = False
        self._look()

    def give_back(self) -> None:
        """What was taken could not be written, and waits again."""
        self._waiting_chars += self._taken_chars
        self._taken_chars = 0
        self.fails = True
        self.waiting.set()
        self._look()

    async def room(self) -> None:
        """Wait until the disk has caught up; where it takes nothing at all, the reader comes first."""
        await self._room.wait()

    def _look(self) -> None:
        # What the disk refuses is tried again in its time, and not whenever more is said.
        if not self.fails and self._waiting_chars >= self._batch_chars:
            self.bulky.set()
        else:
            self.bulky.clear()
        if self.fails or self._waiting_chars + self._taken_chars < 2 * self._batch_chars:
            self._room.set()
        else:
            self._room.clear()
