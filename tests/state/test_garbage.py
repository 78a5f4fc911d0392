"""When garbage is sought in all there is."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from chat_ui.state.garbage import seek_in_what_is_new, seek_when_quiet


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def searches() -> int:
    """How often all there is was looked through."""
    return gc.get_stats()[2]["collections"]


async def watched(quiet: list[bool], *, longest_s: float) -> list[int]:
    """How many searches there were in all before each look, whether it was quiet then, and after the last."""
    seek_in_what_is_new()
    before, found, looked = searches(), list[int](), asyncio.Event()

    def is_quiet() -> bool:
        found.append(searches() - before)
        if len(found) > len(quiet):
            looked.set()
            return False
        return quiet[len(found) - 1]

    seeking = asyncio.create_task(seek_when_quiet(is_quiet, every_s=0, longest_s=longest_s))
    await looked.wait()
    seeking.cancel()
    return found


async def test_it_waits_until_nobody_does() -> None:
    assert await watched([False, False, True, False], longest_s=600) == [0, 0, 0, 1, 1]


async def test_it_does_not_wait_for_ever() -> None:
    assert await watched([False, False], longest_s=0) == [0, 1, 2]


async def test_python_does_not_do_so_by_itself() -> None:
    gc.set_threshold(100, 2, 2)
    seek_in_what_is_new()
    before = searches()
    kept = [[number] for number in range(100_000)]
    assert (searches() - before, len(kept)) == (0, 100_000)
