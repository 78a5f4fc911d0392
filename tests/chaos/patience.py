"""Waiting for what must come about, however long a slow machine takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["PATIENCE_S", "until"]

PATIENCE_S = 60.0


async def until(check: Callable[[], object], what: str, instead: Callable[[], str] = str) -> None:
    """Wait for something to be so.

    Args:
        check: whether it is.
        what: it, in words.
        instead: tells what there is where it isn't.

    Raises:
        AssertionError: it isn't for too long; the text says what.
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not check():  # noqa: ASYNC110 - other processes tell nobody
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"This never came about: {what}\n{instead()}") from None
