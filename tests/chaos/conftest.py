"""Rounds by their seeds, and the one stage that they are played on."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.stage import Stage, Tally

ROUNDS = 60
TALLY = pytest.StashKey[Tally]()
NO_DISK = "NO FULL DISKS: a small disk can only be mounted by root, on Linux"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the number of rounds, or the seed of the only one."""
    group = parser.getgroup("chaos")
    group.addoption("--chaos-rounds", type=int, default=ROUNDS, help="how many are played, from seed 1 on")
    group.addoption("--chaos-seed", type=int, help="play only the round of this seed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each seed."""
    if "seed" in metafunc.fixturenames:
        wanted = metafunc.config.option
        only = wanted.chaos_seed
        metafunc.parametrize("seed", range(1, wanted.chaos_rounds + 1) if only is None else [only])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what was done, and loudly what could not be."""
    tally = config.stash.get(TALLY, None)
    if tally is None:
        return
    terminalreporter.section("chaos")
    terminalreporter.line(f"{tally.rounds} rounds hold; answers: {dict(tally.answers)}")
    terminalreporter.line(f"what went wrong: {dict(tally.mishaps)}")
    terminalreporter.line(f"shown and not stored after a kill, at most: {tally.most_lost} characters")
    if not tally.has_small_disk:
        terminalreporter.line(NO_DISK, red=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> AsyncIterator[Stage]:
    """One site for all rounds; a round that fails gets the next one a new site."""
    if sys.platform != "linux":
        pytest.skip("NO CHAOS: processes are looked into as Linux allows it")
    tally = pytestconfig.stash[TALLY] = Tally()
    async with Stage(tmp_path_factory.mktemp("chaos"), tally) as running:
        yield running
