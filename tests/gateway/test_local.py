"""Looking for servers on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from chat_ui.gateway.local import PORTS, Found, find_local
from tests.scripted import ScriptedGateway

from .wire import Peer, Script, ScriptedServer

Serve = Callable[[Script], Awaitable[ScriptedServer]]


async def test_what_lists_models_is_found_and_nothing_else() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>A router")
        writer.close()

    async with ScriptedGateway("small", "large") as one, ScriptedGateway() as other, ScriptedGateway() as own:
        other.down = True
        page = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with page:
            at_page = page.sockets[0].getsockname()[1]
            ports = {at_page: "Page", other.port: "Down", own.port: "This site", one.port: "Good"}
            found = await find_local(ports, skip={own.port})
        nobody = await find_local({at_page: "Page"})
    assert found == [Found("Good", one.base_url, ("small", "large"))]
    assert nobody == []
    assert own.listings == 0
    assert one.requests == other.requests == []


async def test_one_that_wants_a_key_is_asked_once_and_said_to(serve: Serve) -> None:
    async def locked(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}")

    server = await serve(locked)
    found = await find_local({server.port: "LiteLLM"})
    assert found == [Found("LiteLLM", server.base_url, (), wants_key=True)]
    assert len(server.requests) == 1


def test_the_usual_ports_are_known() -> None:
    assert PORTS == {11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp", 8000: "vLLM", 4000: "LiteLLM"}
