"""Whatever breaks, nothing that was on a screen is lost, doubled or left hanging.

uv run pytest -n 0 tests/chaos                      # 60 rounds, and 12 with two processes
uv run pytest -n 0 tests/chaos --chaos-rounds 500
uv run pytest -n 0 tests/chaos --chaos-seed 17      # the round of one seed again
"""

from __future__ import annotations

from pprint import pformat

import pytest

from tests.chaos.plan import OF_TWO, Round, draw
from tests.chaos.stage import Stage


@pytest.mark.asyncio(loop_scope="session")
async def test_a_round(seed: int, stage: Stage, request: pytest.FixtureRequest) -> None:
    await _play(draw(seed), stage, request)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_round_of_two_processes(
    seed: int, stage_of_two: Stage, request: pytest.FixtureRequest
) -> None:
    await _play(draw(seed, OF_TWO), stage_of_two, request)


async def _play(played: Round, stage: Stage, request: pytest.FixtureRequest) -> None:
    try:
        await stage.play(played)
    except BaseException:
        request.node.add_report_section("call", "mishaps", pformat(played.mishaps))
        request.node.add_report_section("call", "site", stage.log[-5000:])
        await stage.start_over()
        raise
