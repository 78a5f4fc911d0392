"""What gateways send, as bytes, and a server that sends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpx

from chat_ui.gateway import (
    ChatMessage,
    ChatRequest,
    Finish,
    Gateway,
    GatewayProfile,
    Patience,
    ReasoningDelta,
    ServerSentEvent,
    StreamDecoder,
    StreamEvent,
    TextDelta,
)

KEY = "sk-the-key-that-nobody-may-see"
ASK = ChatRequest("some-model", (ChatMessage("user", "Hello?"),))
DONE = b"data: [DONE]\n\n"
SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def choice(delta: Any = None, finish: Any = None, index: Any = 0) -> dict[str, Any]:
    """A choice as OpenAI shapes it."""
    return {"index": index, "delta": {} if delta is None else delta, "finish_reason": finish}


def chunk(delta: Any = None, finish: Any = None, **more: Any) -> dict[str, Any]:
    """A chunk with one choice; without a model, so that no metadata comes of it."""
    return {"object": "chat.completion.chunk", "choices": [choice(delta, finish)], **more}


def text(content: str) -> dict[str, Any]:
    return chunk({"content": content})


def sse(*payloads: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(payload).encode() + b"\n\n" for payload in payloads)


def decoded(*payloads: Any) -> list[StreamEvent]:
    """What a stream of these payloads yields, up to what is left open."""
    decoder = StreamDecoder()
    return [event for payload in payloads for event in decoder.feed(as_event(payload))]


def as_event(payload: Any, name: str = "message") -> ServerSentEvent:
    return ServerSentEvent(name, payload if isinstance(payload, str) else json.dumps(payload))


def said(events: Iterable[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def thought(events: Iterable[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def ends(events: Iterable[StreamEvent]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Finish)]


def answering(
    content: bytes | str = b"", *, status: int = 200, kind: str | None = "text/event-stream", **headers: str
) -> httpx.MockTransport:
    """A gateway that always gives the same answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind is not None:
        named["content-type"] = kind
    return httpx.MockTransport(lambda _: httpx.Response(status, headers=named, content=content))


def profile(base_url: str = "http://gateway.test/v1", **more: Any) -> GatewayProfile:
    return GatewayProfile("test", base_url, key=KEY, **more)


async def no_time(seconds: float) -> None:
    """Sleeps not at all."""


HASTY = Patience(sleep=no_time)


async def collected(gateway: Gateway, into: list[StreamEvent] | None = None) -> list[StreamEvent]:
    """Every event of one answer; what came before an error stays in ``into``."""
    events: list[StreamEvent] = [] if into is None else into
    async for event in gateway.stream(ASK):
        events.append(event)  # noqa: PERF401 - a comprehension would lose what came before an error
    return events


async def answer(transport: httpx.AsyncBaseTransport, **more: Any) -> list[StreamEvent]:
    gateway = Gateway(profile(**more), transport=transport, patience=HASTY)
    try:
        return await collected(gateway)
    finally:
        await gateway.aclose()


class Peer:
    """One request as the server sees it."""

    def __init__(self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def send_chunk(self, data: bytes) -> None:
        """A chunk of a body in chunked encoding; an empty one ends the body."""
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def until_client_leaves(self) -> None:
        while await self._reader.read(1024):
            pass

    def hang_up(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()

    def hang_up_politely(self) -> None:
        """Close the connection after all that was sent."""
        self._writer.close()


Script = Callable[[Peer], Awaitable[None]]


class ScriptedServer:
    """Listens on a real socket and answers each request by a script.

    Args:
        script: called per request; when it returns, the connection is kept for the next one.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self.connections = 0
        self.requests: list[bytes] = []
        self.client_left = asyncio.Event()
        self._serving: set[asyncio.Task[Any] | None] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"

    async def stop(self) -> None:
        self.take_no_more()
        await self._server.wait_closed()

    def take_no_more(self) -> None:
        """Refuse new connections; those that are open stay."""
        self._server.close()

    async def all_left(self) -> None:
        """Wait until nobody is connected any more."""
        if serving := {task for task in self._serving if task is not None}:
            await asyncio.wait(serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving.add(asyncio.current_task())
        try:
            while request := await self._request(reader):
                self.requests.append(request)
                await self._script(Peer(request, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.client_left.set()
            self._serving.discard(asyncio.current_task())
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = await reader.readline()
            if not line:
                return b""
            head += line
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return head + (await reader.readexactly(int(lengths[0].partition(b":")[2])) if lengths else b"")
