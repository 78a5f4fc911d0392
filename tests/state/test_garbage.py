"""When garbage is sought in all there is, and when only in what has come lately."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from chat_ui.state.garbage import seek_again_and_again, seek_in_what_is_new

NEVER_S = 600.0
LATELY, ALL = (True, False), (True, True)


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


class Page:
    """What is there until garbage is sought: it holds itself."""

    def __init__(self) -> None:
        self.own = self


async def found(
    times: int,
    *,
    is_quiet: Callable[[], bool] = lambda: False,
    seldom_s: float = 0.0,
    longest_s: float = NEVER_S,
) -> list[tuple[bool, bool]]:
    """Each time: whether garbage was found in what had just come, and in what had been there before."""
    seek_in_what_is_new()
    seeking = asyncio.create_task(
        seek_again_and_again(is_quiet, every_s=0, seldom_s=seldom_s, longest_s=longest_s)
    )
    await asyncio.sleep(0)
    open_for_long = Page()
    old = weakref.ref(open_for_long)
    await asyncio.sleep(0)
    del open_for_long
    seen = []
    for _ in range(times):
        new = weakref.ref(Page())
        await asyncio.sleep(0)
        seen.append((new() is None, old() is None))
    seeking.cancel()
    return seen


async def test_what_has_come_lately_is_looked_through_each_time() -> None:
    assert await found(3) == [LATELY, LATELY, LATELY]


async def test_all_there_is_once_nobody_waits() -> None:
    quiet = iter([False, False, False, True])
    assert await found(3, is_quiet=lambda: next(quiet)) == [LATELY, LATELY, ALL]


async def test_not_again_so_soon() -> None:
    assert await found(2, is_quiet=lambda: True, seldom_s=NEVER_S) == [LATELY, LATELY]


async def test_but_at_long_last_in_any_case() -> None:
    assert await found(1, longest_s=0) == [ALL]


async def test_python_does_not_do_so_by_itself() -> None:
    gc.set_threshold(100, 2, 2)
    seek_in_what_is_new()
    before = [each["collections"] for each in gc.get_stats()]
    kept = [[number] for number in range(100_000)]
    youngest, *others = (now["collections"] - then for now, then in zip(gc.get_stats(), before, strict=True))
    assert (youngest > 0, others, len(kept)) == (True, [0, 0], 100_000)
