"""A gateway that says numbered words as a script has them, and remembers what it said."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

from tests.chaos.patience import until

__all__ = ["Gateway", "Script", "Telling"]

MODEL = "words"
Ending = Literal["finish", "cut", "leave", "hang"]


@dataclass(frozen=True, slots=True)
class Script:
    """How one question is answered.

    Args:
        thoughts: pieces of reasoning, which come first.
        words: pieces of the answer.
        pause: seconds between two pieces.
        stall: seconds of silence in the middle.
        slice_bytes: how many bytes are written at a time, wherever that cuts them.
        refusals: how many requests are turned away before, as by a busy gateway.
        ending: ``finish`` as it should be, ``cut`` the connection off, ``leave`` without a word of the end,
            or ``hang`` until the other side goes.
    """

    thoughts: tuple[str, ...]
    words: tuple[str, ...]
    pause: float
    stall: float
    slice_bytes: int
    refusals: int
    ending: Ending


@dataclass(slots=True)
class Telling:
    """What was said in reply to one request, whether it arrived or not."""

    text: str = ""
    reasoning: str = ""


@dataclass(slots=True)
class Gateway:
    """Answers questions by their scripts, on connections that it keeps open.

    Args:
        scripts: by question.
        tellings: what was said, by question; one for each request.
        said: how many pieces were said in all.
        busy: on how many connections an answer is being told.
        port: where it listens.
    """

    scripts: dict[str, Script] = field(default_factory=dict)
    tellings: dict[str, list[Telling]] = field(default_factory=dict)
    said: int = 0
    busy: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Gateway:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await until(lambda: not self._writers, "the gateway closes its connections")

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; returns whether another may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if head.startswith("GET"):
            await _respond(writer, "200 OK", {"object": "list", "data": [{"id": MODEL}]})
            return True
        length = int(head.lower().partition("content-length:")[2].split("\r\n", 1)[0])
        body = json.loads(await reader.readexactly(length))
        self.busy += 1
        try:
            return await self._answer(body["messages"][-1]["content"], reader, writer)
        finally:
            self.busy -= 1

    async def _answer(
        self, question: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        script = self.scripts[question]
        telling = Telling()
        requests = self.tellings.setdefault(question, [])
        requests.append(telling)
        if len(requests) <= script.refusals:
            await _respond(writer, "503 Busy", {"error": {"message": "Too much to do."}})
            return True
        await self._tell(script, telling, writer)
        match script.ending:
            case "finish":
                end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
                done = _chunk(_event(end) + b"data: [DONE]\n\n") + b"0\r\n\r\n"
                await _write(writer, done, script.slice_bytes)
                return True
            case "cut":
                writer.transport.abort()
            case "leave":
                writer.close()
            case "hang":
                await reader.read(1)
        return False

    async def _tell(self, script: Script, telling: Telling, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        await _write(writer, head, script.slice_bytes)
        pieces = [("reasoning_content", piece) for piece in script.thoughts]
        pieces += [("content", piece) for piece in script.words]
        for number, (part, piece) in enumerate(pieces):
            self.said += 1
            # Before it is written: some of it may arrive even if writing fails.
            if part == "content":
                telling.text += piece
            else:
                telling.reasoning += piece
            event = _event({"choices": [{"index": 0, "delta": {part: piece}}]})
            await _write(writer, _chunk(event), script.slice_bytes)
            await asyncio.sleep(script.stall if number == len(pieces) // 2 else script.pause)


def _event(payload: dict[str, Any]) -> bytes:
    # Not as ASCII: a slice may then end within a character.
    return b"data: " + json.dumps(payload, ensure_ascii=False).encode() + b"\n\n"


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def _write(writer: asyncio.StreamWriter, data: bytes, slice_bytes: int) -> None:
    for start in range(0, len(data), slice_bytes):
        writer.write(data[start : start + slice_bytes])
        await writer.drain()
        await asyncio.sleep(0)


async def _respond(writer: asyncio.StreamWriter, status: str, payload: Any) -> None:
    body = json.dumps(payload).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
