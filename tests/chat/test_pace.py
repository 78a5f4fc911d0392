"""How long pieces wait, and for what."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack

from chat_ui.chat.pace import BEAT_S, Pace, Tempo

BOUNDS = Pace(piece=0.02, pieces_per_s=1000, longest_piece=0.2)


async def test_the_more_answers_run_the_longer_a_piece_waits() -> None:
    tempo, waits = Tempo(BOUNDS), []
    with ExitStack() as running:
        for _ in range(300):
            running.enter_context(tempo.running())
            waits.append(tempo.between_pieces)
        assert [waits[count - 1] for count in (1, 20, 50, 100, 300)] == [0.02, 0.02, 0.05, 0.1, 0.2]
    assert tempo.between_pieces == 0.02


async def test_the_later_the_process_the_longer_a_piece_waits() -> None:
    tempo = Tempo(BOUNDS)
    with tempo.running():
        # Whatever keeps the process from its work: this is what it looks like from inside.
        time.sleep(3 * BEAT_S)  # noqa: ASYNC251
        await until_beat(tempo)
        assert tempo.between_pieces == BOUNDS.longest_piece
        for _ in range(30):
            tempo._listen(asyncio.get_running_loop().time())
        assert tempo.between_pieces < BOUNDS.longest_piece


async def test_nobody_is_listened_for_when_nothing_runs() -> None:
    tempo = Tempo(BOUNDS)
    with tempo.running(), tempo.running():
        await until_beat(tempo)
        assert tempo._beat is not None
    await until_beat(tempo)
    assert tempo._beat is None


async def test_without_a_pace_nothing_waits() -> None:
    tempo = Tempo(Pace(piece=0))
    with tempo.running():
        assert tempo.between_pieces == 0


async def until_beat(tempo: Tempo) -> None:
    beat = tempo._beat
    while tempo._beat is beat:  # noqa: ASYNC110 - a beat tells nobody
        await asyncio.sleep(BEAT_S / 20)
