"""When garbage is sought: nothing moves in the process meanwhile, no answer either.

To go through all there is takes a third of a second with 300 pages open, and was due whenever a fourth had
been added. Nearly all that becomes garbage does so soon, though, as the state that Reflex loads for one
event: it is sought in what has come within a few seconds, which takes some milliseconds. What becomes garbage
later, as the state of a page does, is found when all is looked through: in a moment in which nobody waits for
an answer, or at long last.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

__all__ = ["seek_again_and_again", "seek_in_what_is_new"]

EVERY_S = 5.0
SELDOM_S = 60.0
LONGEST_S = 300.0
NEVER = 1_000_000_000
# What was there at the last look is in the third of Python's generations, what has come since in the others.
LATELY = 1


def seek_in_what_is_new() -> None:
    """Have garbage sought again, by Python itself only where it is youngest.

    All that was imported is here to stay, and isn't looked through any more.
    """
    gc.freeze()
    young, _, _ = gc.get_threshold()
    gc.set_threshold(young, NEVER, NEVER)
    gc.enable()


async def seek_again_and_again(
    is_quiet: Callable[[], bool],
    *,
    every_s: float = EVERY_S,
    seldom_s: float = SELDOM_S,
    longest_s: float = LONGEST_S,
) -> None:
    """Seek garbage in what has come lately, and now and then in all there is, until cancelled.

    Args:
        is_quiet: whether nobody waits for anything.
        every_s: how often to seek at all.
        seldom_s: after how long to go through all in a moment that is quiet.
        longest_s: after how long to do so in any case.
    """
    sought = time.monotonic()
    while True:
        await asyncio.sleep(every_s)
        since = time.monotonic() - sought
        if since >= longest_s or (since >= seldom_s and is_quiet()):
            gc.collect()
            sought = time.monotonic()
        else:
            gc.collect(LATELY)
