"""A gateway that streams a scripted answer at a steady rate, in a process of its own.

It is compatible with OpenAI (``/v1/models``, ``/v1/chat/completions``) and writes down when each piece left:
``/log`` tells, in nanoseconds of ``time.monotonic_ns``, which all processes of a machine share on Linux.

By hand: ``python -m bench.gateway --port 8123 --tokens 2000 --rate 50``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench import wire
from bench.answer import pieces

__all__ = ["MODEL", "Answer", "RunningGateway", "running_gateway"]

ROOT = Path(__file__).resolve().parent.parent
MODEL = "scripted"
HEAD = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nCache-Control: no-store\r\n"
NOT_FOUND = {"error": {"message": "There is nothing here.", "type": "invalid_request_error"}}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway says to everybody.

    Args:
        tokens: how many pieces.
        rate: pieces per second; 0 for as fast as they are read.
        seed: which answer.
    """

    tokens: int
    rate: float
    seed: int = 1

    @property
    def pieces(self) -> list[str]:
        """The answer itself."""
        return pieces(self.tokens, self.seed)


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway in a process of its own.

    Args:
        base_url: where it is, ``/v1`` included.
        pid: its process.
    """

    base_url: str
    pid: int

    def log(self) -> list[dict[str, Any]]:
        """The streams so far, in the order they were asked for: see ``Stream``."""
        with urlopen(self.base_url.removesuffix("/v1") + "/log") as response:
            return json.load(response)["streams"]


@contextmanager
def running_gateway(answer: Answer) -> Iterator[RunningGateway]:
    """Start a gateway, and end it with the block."""
    options = {"--tokens": answer.tokens, "--rate": answer.rate, "--seed": answer.seed}
    command = [sys.executable, "-m", "bench.gateway", *(f"{name}={value}" for name, value in options.items())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base_url = process.stdout.readline().strip()
            if not base_url:
                raise RuntimeError("The scripted gateway did not start.")
            yield RunningGateway(base_url, process.pid)
        finally:
            process.terminate()


@dataclass(slots=True)
class Stream:
    """One streamed answer.

    Args:
        asked: when its request had been read.
        written: when each piece was handed to the socket.
        complete: whether the client stayed to the end.
    """

    asked: int = field(default_factory=time.monotonic_ns)
    written: list[int] = field(default_factory=list)
    complete: bool = False

    def as_json(self) -> dict[str, Any]:
        """The stream as the log has it."""
        return {"asked": self.asked, "written": self.written, "complete": self.complete}


class ScriptedGateway:
    """Gives the same answer to whoever asks, to any number at once.

    Args:
        answer: what it says, and how fast.
    """

    def __init__(self, answer: Answer) -> None:
        self._rate = answer.rate
        self._pieces = answer.pieces
        self._streams: list[Stream] = []
        chance = random.Random(answer.seed)
        # Made once: what it costs to write an event must not depend on how many ask.
        self._chunks = [_framed(wire.chunk(piece, MODEL, chance)) for piece in self._pieces]

    async def serve(self, host: str, port: int) -> None:
        """Say where it is, then answer until the process ends."""
        server = await asyncio.start_server(self._converse, host, port)
        print(f"http://{host}:{server.sockets[0].getsockname()[1]}/v1", flush=True)
        async with server:
            await server.serve_forever()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A connection ends wherever its client leaves it.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = head.lower().partition("\r\ncontent-length:")[2].partition("\r\n")[0]
                body = await reader.readexactly(int(length or 0))
                await self._answer(" ".join(head.split(" ", 2)[:2]), body, writer)
        writer.close()

    async def _answer(self, wanted: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        match wanted.partition("?")[0]:
            case "POST /v1/chat/completions" if json.loads(body).get("stream"):
                await self._stream(writer)
            case "POST /v1/chat/completions":
                await _respond(writer, wire.completion(self._pieces, MODEL))
            case "GET /v1/models":
                model = {"id": MODEL, "object": "model", "created": wire.CREATED, "owned_by": "bench"}
                await _respond(writer, {"object": "list", "data": [model]})
            case "GET /log":
                await _respond(writer, {"streams": [stream.as_json() for stream in self._streams]})
            case _:
                await _respond(writer, NOT_FOUND, status="404 Not Found")

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        stream = Stream()
        self._streams.append(stream)
        head = HEAD.format(status="200 OK", kind="text/event-stream; charset=utf-8")
        writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + _framed(wire.first_chunk(MODEL)))
        async for chunk in self._paced():
            stream.written.append(time.monotonic_ns())
            writer.write(chunk)
            await writer.drain()
        writer.write(_framed(wire.ending(MODEL, len(self._pieces))) + _framed(b""))
        await writer.drain()
        stream.complete = True

    async def _paced(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, chunk in enumerate(self._chunks):
            # By the clock since the start, so that a late piece doesn't delay those after it.
            wait = start + number / self._rate - loop.time() if self._rate else 0
            if wait > 0:
                await asyncio.sleep(wait)
            yield chunk


def _framed(data: bytes) -> bytes:
    """A chunk of a body in chunked encoding; an empty one ends the body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def _respond(writer: asyncio.StreamWriter, payload: Any, status: str = "200 OK") -> None:
    body = json.dumps(payload).encode()
    head = HEAD.format(status=status, kind="application/json")
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.gateway", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--port", type=int, default=0, help="0 for a free one; the first line printed names it"
    )
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=50.0, help="per second; 0 for as fast as they are read")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    gateway = ScriptedGateway(Answer(arguments.tokens, arguments.rate, arguments.seed))
    with suppress(KeyboardInterrupt):
        asyncio.run(gateway.serve(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
