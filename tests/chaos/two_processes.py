"""A site of two processes that share a database server and Redis, and what goes wrong with those."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from chat_ui.gateway.lease import WARM
from tests.chaos.evidence import ServedDatabase
from tests.chaos.gateway import Gateway
from tests.chaos.patience import until
from tests.chaos.plan import Mishap
from tests.chaos.site import Workers
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer

__all__ = ["TwoProcesses"]

HANG_UP = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
)
REDIS_DATABASE = 7


class TwoProcesses:
    """A site of two processes.

    Args:
        place: where its own files lie.
        gateway_port: where its gateway is.
        postgres: the database server.
        redis: the Redis.
    """

    lacks = ""

    def __init__(self, place: Path, gateway_port: int, postgres: PostgresServer, redis: RedisServer) -> None:
        self._postgres = postgres
        self._redis = redis
        self._name = postgres.make_database()
        self.database = ServedDatabase(postgres, self._name)
        shared = {
            "CHAT_UI_DATABASE_URL": postgres.url(self._name),
            "CHAT_UI_REDIS_URL": redis.url(REDIS_DATABASE),
        }
        self.site = Workers(place, place / "data", gateway_port, shared)
        self.begin()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.site.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.site.kill()
        self._postgres.drop_database(self._name)

    def begin(self) -> None:
        self._redis_away = asyncio.Lock()
        self._hung_up = self.died_in_outage = False

    async def befall(self, mishap: Mishap) -> None:
        match mishap.kind:
            case "kill":
                self.died_in_outage |= self._hung_up
                # Another takes its place.
                with suppress(ProcessLookupError):
                    os.kill(min(self.site.worker_ids()), signal.SIGKILL)
            case "redis":
                async with self._redis_away:
                    await asyncio.to_thread(self._redis.stop)
                    await asyncio.sleep(mishap.seconds)
                    await asyncio.to_thread(self._redis.start)
            case "freeze":
                async with self._redis_away:
                    with self._redis.paused():
                        await asyncio.sleep(mishap.seconds)
            case "hang up":
                self._hung_up = True
                await asyncio.to_thread(self._postgres.ask, HANG_UP.format(self._name))

    def settle(self) -> None:
        """Leave it as it is: what went wrong has passed."""

    def complaints(self, log: str) -> bool:
        """Never: Reflex prints what failed with Redis."""
        return False

    async def check_at_rest(self, gateway: Gateway) -> None:
        await until(lambda: self.site.sockets_of_pages() == 0, "the processes let go of the pages' sockets")
        await until(lambda: gateway.connections <= 2 * WARM, "few connections to the gateway are kept")
