"""Who does something too often is held back, for as long as it takes, and nobody else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_ui.web.turnstile import Flow, Turnstile

AT_ONCE, PER_S = 5, 2


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_then_so_many_a_second_and_everybody_apart() -> None:
    clock = Clock()
    turnstile = Turnstile(Flow(AT_ONCE, PER_S), clock)
    assert [turnstile.lets_through("ada") for _ in range(AT_ONCE + 2)] == [True] * AT_ONCE + [False] * 2
    assert turnstile.lets_through("bea")
    clock.now += 1.01
    assert [turnstile.lets_through("ada") for _ in range(PER_S + 1)] == [True] * PER_S + [False]


def test_it_forgets_whoever_has_not_come_for_a_while() -> None:
    clock = Clock()
    turnstile = Turnstile(Flow(AT_ONCE, PER_S), clock)
    for number in range(100):
        turnstile.lets_through(str(number))
    assert len(turnstile) == 100
    clock.now += 1
    turnstile.lets_through("ada")
    assert len(turnstile) == 1


@given(waits=st.lists(st.floats(min_value=0, max_value=3), max_size=60))
def test_nobody_ever_gets_more_than_the_flow(waits: list[float]) -> None:
    clock = Clock()
    turnstile = Turnstile(Flow(AT_ONCE, PER_S), clock)
    passed: list[float] = []
    for wait in waits:
        clock.now += wait
        if turnstile.lets_through("ada"):
            passed.append(clock.now)
    for at, first in enumerate(passed):
        for count, last in enumerate(passed[at:], 1):
            assert count <= AT_ONCE + PER_S * (last - first) + 1e-6
