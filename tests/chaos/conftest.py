"""Rounds by their seeds, and the one stage that they are played on."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.chaos.ground import Ground, OneProcess
from tests.chaos.stage import Stage, Tally
from tests.chaos.two_processes import TwoProcesses
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer

ROUNDS = 60
# Those of two processes take longer, and less can happen to them.
ROUNDS_FOR_ONE_OF_TWO = 5
TALLY = pytest.StashKey[Tally]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the number of rounds, or the seed of the only one."""
    group = parser.getgroup("chaos")
    group.addoption("--chaos-rounds", type=int, default=ROUNDS, help="how many are played, from seed 1 on")
    group.addoption("--chaos-seed", type=int, help="play only the round of this seed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each seed."""
    if "seed" in metafunc.fixturenames:
        wanted = metafunc.config.option
        of_two = "stage_of_two" in metafunc.fixturenames
        rounds = wanted.chaos_rounds // ROUNDS_FOR_ONE_OF_TWO if of_two else wanted.chaos_rounds
        only = wanted.chaos_seed
        metafunc.parametrize("seed", range(1, rounds + 1) if only is None else [only])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what was done, and loudly what could not be."""
    tally = config.stash.get(TALLY, None)
    if tally is None:
        return
    terminalreporter.section("chaos")
    terminalreporter.line(f"{tally.rounds} rounds hold; answers: {dict(tally.answers)}")
    terminalreporter.line(f"what went wrong: {dict(tally.mishaps)}")
    terminalreporter.line(f"shown and not stored after a kill, at most: {tally.most_lost} characters")
    for lacking in tally.lacking:
        terminalreporter.line(lacking, red=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> AsyncIterator[Stage]:
    """One site for all rounds; a round that fails gets the next one a new site."""
    async with _running(tmp_path_factory, pytestconfig, OneProcess) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage_of_two(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    postgres: PostgresServer,
    redis: RedisServer,
) -> AsyncIterator[Stage]:
    """The same with a site of two processes."""
    ground = partial(TwoProcesses, postgres=postgres, redis=redis)
    async with _running(tmp_path_factory, pytestconfig, ground) as running:
        yield running


def _running(
    folders: pytest.TempPathFactory, config: pytest.Config, ground: Callable[[Path, int], Ground]
) -> Stage:
    if sys.platform != "linux":
        pytest.skip("NO CHAOS: processes are looked into as Linux allows it")
    tally = config.stash.setdefault(TALLY, Tally())
    return Stage(folders.mktemp("chaos"), tally, ground)
