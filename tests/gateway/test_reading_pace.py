"""When a connection is read that has been told a pace, by a clock that only moves when nothing else does."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Sequence
from itertools import islice
from typing import Any

import pytest

from chat_ui.gateway.network import Connection

PACE = 1 / 30
SHORT = 0.001


class Clock(selectors.SelectSelector):
    """Looks at sockets without waiting: the time that it should have waited has passed all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is there now."""
        assert timeout is not None, "everybody waits for ever"
        self.now += timeout
        return super().select(0)


class Transport(asyncio.Transport):
    """A socket with what has come to it, which it hands on unless it was told to wait."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._kept: list[bytes] | None = None

    def come(self, data: bytes) -> None:
        """Let something arrive."""
        if self._kept is None:
            self._connection.data_received(data)
        else:
            self._kept.append(data)

    def pause_reading(self) -> None:
        """Keep what comes."""
        self._kept = []

    def resume_reading(self) -> None:
        """Hand on what was kept, as soon as the loop looks."""
        kept, self._kept = self._kept, None
        if kept:
            asyncio.get_running_loop().call_soon(self._connection.data_received, b"".join(kept))


def read_at_pace(arrivals: Sequence[float], pace: float) -> list[list[float]]:
    """How long each of what arrives waits until it is read, read by read."""

    async def read() -> list[list[float]]:
        loop, connection = asyncio.get_running_loop(), Connection()
        transport = Transport(connection)
        connection.connection_made(transport)
        connection.breathe(lambda: pace)
        for moment in arrivals:
            loop.call_at(moment, transport.come, b".")
        loop.call_at(arrivals[-1] + 1, connection.connection_lost, None)
        unread, waits = iter(arrivals), list[list[float]]()
        while data := await connection.read():
            waits.append([loop.time() - moment for moment in islice(unread, len(data))])
        return waits

    clock = Clock()

    def loop() -> Any:
        made = asyncio.SelectorEventLoop(clock)
        made.time = lambda: clock.now  # type: ignore[method-assign]
        return made

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(read())


def every(interval: float, count: int = 100) -> list[float]:
    return [number * interval for number in range(1, count + 1)]


def at_once(waits: list[list[float]]) -> int:
    return sum(wait < SHORT for read in waits for wait in read)


@pytest.mark.parametrize("interval", [0.034, 0.05, 0.2])
def test_what_comes_less_often_than_it_may_be_read_is_read_as_it_comes(interval: float) -> None:
    waits = read_at_pace(every(interval), PACE)
    assert (len(waits), at_once(waits)) == (100, 100)


@pytest.mark.parametrize("interval", [0.018, 0.02, 0.025, 0.03])
def test_of_what_comes_a_little_too_often_only_what_is_too_much_waits_for_the_next(interval: float) -> None:
    waits = read_at_pace(every(interval), PACE)
    assert len(waits) == pytest.approx(100 * interval / PACE, abs=2)
    # But for the last, which nothing follows.
    assert at_once(waits) >= len(waits) - 1
    assert max(max(read) for read in waits[:-1]) == pytest.approx(interval)


@pytest.mark.parametrize("interval", [0.001, 0.004, 0.01])
def test_what_comes_much_more_often_is_read_at_the_pace(interval: float) -> None:
    waits = read_at_pace(every(interval, 1000), PACE)
    assert len(waits) == pytest.approx(1000 * interval / PACE, abs=2)
    assert max(max(read) for read in waits) <= PACE + SHORT


@pytest.mark.parametrize("arrivals", [[0.0, 0.001, 0.002, 0.003], [0.0, 0.01]])
def test_what_is_followed_by_silence_waits_no_longer_than_the_pace(arrivals: list[float]) -> None:
    waits = read_at_pace(arrivals, PACE)
    assert max(max(read) for read in waits) <= PACE + SHORT
    assert sum(map(len, waits)) == len(arrivals)


@pytest.mark.parametrize("late", [0.01, 0.025])
def test_what_follows_a_late_one_as_ever_is_read_as_it_comes(late: float) -> None:
    arrivals = every(0.035)
    arrivals[50] += late
    waits = read_at_pace(arrivals, PACE)
    assert (len(waits), at_once(waits)) == (100, 100)


def test_a_silence_is_not_made_up_for() -> None:
    waits = read_at_pace([*every(0.02), *(9 + moment for moment in every(0.001, 200))], PACE)
    after = waits[-10:]
    assert sum(map(len, after)) >= 200
    assert 1 <= sum(len(read) == 1 for read in after) <= 4
