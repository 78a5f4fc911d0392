"""How much of an answer may wait for the disk."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.chat.backlog import Backlog

BATCH = 10
STEPS = st.lists(st.integers(1, 2 * BATCH) | st.sampled_from(["take", "written", "give_back"]), max_size=60)


async def has_room(backlog: Backlog) -> bool:
    try:
        async with asyncio.timeout(0):
            await backlog.room()
    except TimeoutError:
        return False
    return True


@given(STEPS)
async def test_there_is_room_below_two_batches_or_where_the_disk_fails(steps: list[int | str]) -> None:
    backlog = Backlog(BATCH)
    waiting = taken = 0
    fails = False
    for step in steps:
        if isinstance(step, int):
            backlog.add(step)
            waiting += step
            assert backlog.waiting.is_set()
        elif step == "take" and not taken:
            backlog.take()
            waiting, taken = 0, waiting
            assert not backlog.waiting.is_set()
        elif step == "written":
            backlog.written()
            taken, fails = 0, False
        elif step == "give_back":
            backlog.give_back()
            waiting, taken, fails = waiting + taken, 0, True
        assert backlog.bulky.is_set() == (not fails and waiting >= BATCH)
        assert await has_room(backlog) == (fails or waiting + taken < 2 * BATCH)


@pytest.mark.parametrize(("said", "is_bulky"), [([BATCH - 1], False), ([BATCH - 1, 1], True)])
def test_a_batch_that_is_full_does_not_wait(said: list[int], is_bulky: bool) -> None:
    backlog = Backlog(BATCH)
    for chars in said:
        backlog.add(chars)
    assert backlog.bulky.is_set() == is_bulky
