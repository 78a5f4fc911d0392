"""Workers of one site: each a chat of its own, on one PostgreSQL database and one Redis."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from chat_ui.chat import workers
from chat_ui.chat.pace import Pace
from chat_ui.chat.service import Chat, open_chat
from chat_ui.settings import Settings
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from tests.scripted import KEY, ScriptedGateway

# A worker in a process of its own, which does what it is told by a line on its input.
OTHER = """
import asyncio, sys
from chat_ui.chat import workers
from chat_ui.chat.pace import Pace
from chat_ui.chat.service import open_chat
from chat_ui.chat.turns import Draft, send
from chat_ui.settings import load_settings
from chat_ui.store.ids import new_id

workers.BEAT_S = 3600

async def main():
    loop = asyncio.get_running_loop()
    async with open_chat(load_settings(), pace=Pace(piece=0, journal=0)) as chat:
        worker = workers.Worker(chat.db, chat.feed, chat.runs)
        while command := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            if command == "beat":
                await worker.beat()
                print("beaten", flush=True)
            else:
                conversation = await send(chat, chat.person.id, Draft(id=new_id(), text=command))
                print(conversation.id, flush=True)

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Other:
    """A worker in another process."""

    process: asyncio.subprocess.Process

    async def tell(self, command: str) -> str:
        """Let it do something; returns what it says to that."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n".encode())
        async with asyncio.timeout(60):
            return (await self.process.stdout.readline()).decode().strip()

    async def kill(self) -> None:
        """End it without a word."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@pytest.fixture
def shared(
    postgres: PostgresServer, redis: RedisServer, gateway: ScriptedGateway, settings: Settings
) -> Settings:
    """The settings of all workers."""
    return settings.model_copy(
        update={
            "database_url": postgres.url(postgres.make_database()),
            "redis_url": SecretStr(redis.url()),
        }
    )


@pytest.fixture
def worker(shared: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    """Open one more worker, which says that it lives only when the test lets it."""
    monkeypatch.setattr(workers, "BEAT_S", 3600)

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Chat]:
        async with open_chat(shared, pace=Pace(piece=0, journal=0, retry=0, drain=0)) as chat:
            yield chat

    return opened


@pytest.fixture
async def other(shared: Settings, gateway: ScriptedGateway) -> AsyncGenerator[Other]:
    """A worker in a process of its own, which can be killed."""
    assert shared.redis_url is not None
    env = os.environ | {
        "CHAT_UI_DATABASE_URL": shared.database_url or "",
        "CHAT_UI_REDIS_URL": shared.redis_url.get_secret_value(),
        "CHAT_UI_DATA_DIR": str(shared.data_dir),
        "CHAT_UI_GATEWAY_URL": gateway.base_url,
        "CHAT_UI_GATEWAY_KEY": KEY,
        "CHAT_UI_GATEWAY_MODEL": "model-a",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=env
    )
    running = Other(process)
    yield running
    await running.kill()
