"""How the production server waits for its end."""

from __future__ import annotations

import asyncio
import signal

import pytest
import uvicorn
from starlette.applications import Starlette

from chat_ui import served

PATIENCE_S = 20


class Counted(served.Server):
    """Counts how often it looks whether it is to end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.looks = 0
        self.looked = asyncio.Event()

    async def on_tick(self, counter: int) -> bool:
        self.looks += 1
        self.looked.set()
        return await super().on_tick(counter)


async def test_a_signal_ends_the_server_without_its_looking_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "TICK_S", 3600)
    config = uvicorn.Config(Starlette())
    config.load()
    server = Counted(config)
    serving = asyncio.create_task(server.main_loop())
    await asyncio.wait_for(server.looked.wait(), PATIENCE_S)
    server.handle_exit(signal.SIGTERM, None)
    await asyncio.wait_for(serving, PATIENCE_S)
    assert server.looks == 2


async def test_a_signal_that_comes_before_the_server_has_started_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(served, "TICK_S", 3600)
    config = uvicorn.Config(Starlette())
    config.load()
    server = Counted(config)
    server.handle_exit(signal.SIGTERM, None)
    await asyncio.wait_for(server.main_loop(), PATIENCE_S)
    assert server.looks == 1
