"""When garbage is sought: nothing moves in the process meanwhile, no answer either.

What is young is looked through often, which takes a millisecond. To go through all there is took a fifth of a
second with 300 pages open, and was due whenever a fourth had been added: it is left for a moment in which
nobody waits for an answer, but not for long, since what pages that have gone leave behind is found only then.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

__all__ = ["seek_in_what_is_new", "seek_when_quiet"]

EVERY_S = 30.0
LONGEST_S = 60.0
NEVER = 1_000_000


def seek_in_what_is_new() -> None:
    """Have garbage sought again, by Python itself only where it is young.

    All that was imported is here to stay, and isn't looked through any more.
    """
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
    gc.enable()


async def seek_when_quiet(
    is_quiet: Callable[[], bool], *, every_s: float = EVERY_S, longest_s: float = LONGEST_S
) -> None:
    """Seek garbage in all there is, now and then, until cancelled.

    Args:
        is_quiet: whether nobody waits for anything.
        every_s: how often to see whether that is so.
        longest_s: after how long it is done all the same.
    """
    sought = time.monotonic()
    while True:
        await asyncio.sleep(every_s)
        if is_quiet() or time.monotonic() - sought >= longest_s:
            gc.collect()
            sought = time.monotonic()
