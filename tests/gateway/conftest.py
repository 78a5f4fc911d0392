from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from chat_ui.gateway import unknown

from .wire import Script, ScriptedServer


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run on the event loop that the site runs on; everything else is tested on Python's own."""
    try:
        from uvloop import new_event_loop  # noqa: PLC0415
    except ImportError:
        new_event_loop = asyncio.new_event_loop
    return {"loop": new_event_loop}


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    """What one test met for the first time is new to the next."""
    unknown._noted.clear()


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Callable[[Script], Awaitable[ScriptedServer]]]:
    """Start a server on a real socket, which answers by a script."""
    servers: list[ScriptedServer] = []

    async def start(script: Script) -> ScriptedServer:
        server = ScriptedServer(script)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()
