"""A gateway on a real socket, which says what a test tells it to, when the test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any

KEY = "sk-the-key-that-nobody-may-see"
PATIENCE_S = 60.0
HEAD = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n"


async def happens(check: Callable[[], object]) -> None:
    """Let everything else go on until something has happened that nobody tells a test of."""
    async with asyncio.timeout(PATIENCE_S):
        while not check():  # noqa: ASYNC110
            await asyncio.sleep(0)


class Request:
    """One request for an answer, and the verbs that answer it."""

    def __init__(self, headers: str, body: Any, writer: asyncio.StreamWriter) -> None:
        self.headers = headers
        self.body = body
        self.client_left = asyncio.Event()
        self._writer = writer
        self._begun = False

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The messages it holds, as ``(role, content)``."""
        return [(message["role"], message["content"]) for message in self.body["messages"]]

    async def say(self, text: str) -> None:
        """Send a piece of the answer, now."""
        await self.send({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})

    async def think(self, text: str) -> None:
        """Send a piece of reasoning, now."""
        await self.send({"choices": [{"index": 0, "delta": {"reasoning_content": text}}]})

    async def send(self, payload: dict[str, Any]) -> None:
        """Send one event, now."""
        await self._send(b"data: " + json.dumps(payload).encode() + b"\n\n")

    async def finish(self, reason: str = "stop", **usage: int) -> None:
        """End the answer as a gateway does that has said everything."""
        await self.send({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        if usage:
            await self.send({"choices": [], "usage": usage})
        await self._send(b"data: [DONE]\n\n")
        await self.end()

    async def end(self) -> None:
        """End the response in order, whatever has been said."""
        await self._write(b"0\r\n\r\n")
        self._writer.close()

    def cut(self) -> None:
        """Break the connection off."""
        self._writer.transport.abort()

    async def refuse(
        self, status: int, message: str, *, for_good: bool = True, retry_after: int | None = None
    ) -> None:
        """Answer with an error instead; unless it is for good, the client may ask again (in some seconds)."""
        said = "No\r\nX-Should-Retry: false" if for_good and retry_after is None else "Not now"
        if retry_after is not None:
            said += f"\r\nRetry-After: {retry_after}"
        await respond(self._writer, f"{status} {said}", {"error": {"message": message}})

    async def until_client_leaves(self) -> None:
        """Wait until the other side has closed the connection."""
        async with asyncio.timeout(PATIENCE_S):
            await self.client_left.wait()

    async def _send(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            head = HEAD.format(status="200 OK", kind="text/event-stream")
            await self._write((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        await self._write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


class ScriptedGateway:
    """Lists models by itself; each request for an answer waits for what the test does with it.

    Args:
        models: the ids that it lists, or whole rows of its list.
        port: where; 0 for a free one.

    ``down`` makes it list nothing and say so, ``key`` makes it list only to those who have it.
    """

    def __init__(self, *models: str | dict[str, Any], port: int = 0) -> None:
        self.models = list(models or ("model-a", "model-b"))
        self.port = port
        self.requests: list[Request] = []
        self.forget()

    async def __aenter__(self) -> ScriptedGateway:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    def forget(self) -> None:
        """Forget what it was asked, by whoever is gone by now, and how it was told to be."""
        self.down, self.key = False, ""
        self.greeting: str | None = None
        self.listings = 0
        self.requests.clear()
        self._waiting: asyncio.Queue[Request] = asyncio.Queue()

    async def next_request(self) -> Request:
        """The next request for an answer, as soon as it is there."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._waiting.get()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if head.startswith("GET"):
                await self._list(head, writer)
            else:
                await self._answer(head, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _list(self, head: str, writer: asyncio.StreamWriter) -> None:
        self.listings += 1
        if self.down:
            await respond(writer, "503 Down", {"error": {"message": "The models are asleep."}})
        elif self.key and f"Bearer {self.key}\r\n" not in head:
            await respond(writer, "401 Unauthorized", {"error": {"message": "Which key?"}})
        else:
            rows = [{"id": model} if isinstance(model, str) else model for model in self.models]
            await respond(writer, "200 OK", {"object": "list", "data": rows})

    async def _answer(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int(head.lower().partition("content-length:")[2].split("\r\n", 1)[0])
        request = Request(head, json.loads(await reader.readexactly(length)), writer)
        self.requests.append(request)
        if self.greeting is None:
            self._waiting.put_nowait(request)
        else:
            await request.say(self.greeting)
            await request.finish()
        try:
            while await reader.read(1024):
                pass
        finally:
            request.client_left.set()


async def respond(writer: asyncio.StreamWriter, status: str, payload: Any) -> None:
    """Send a whole JSON response."""
    body = json.dumps(payload).encode()
    head = HEAD.format(status=status, kind="application/json") + f"Content-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
