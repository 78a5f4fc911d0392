"""A gateway that streams a scripted answer at a steady rate, in a process of its own.

It is compatible with OpenAI (``/v1/models``, ``/v1/chat/completions``) and writes down when each piece left:
``/log`` tells, in nanoseconds of ``time.monotonic_ns``, which all processes of a machine share on Linux.

Who asks for it in words gets another answer: "Say 500 tokens at 50 per second, marked k" is answered by
that many numbered tokens (see ``bench.numbered``); "in blocks of 500 lines" makes their code long.

By hand: ``python -m bench.gateway --port 8123 --tokens 2000 --rate 50``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import uvloop

from bench import wire
from bench.answer import pieces
from bench.numbered import CODE_LINES, numbered

__all__ = ["MODEL", "Answer", "RunningGateway", "question", "running_gateway"]

ROOT = Path(__file__).resolve().parent.parent
MODEL = "scripted"
HEAD = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nCache-Control: no-store\r\n"
WANTED = re.compile(
    r"Say (?P<tokens>\d+) tokens at (?P<rate>[\d.]+) per second, marked (?P<mark>\w)"
    r"(?:, in blocks of (?P<lines>\d+) lines)?"
)
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


def question(tokens: int, rate: float, mark: str, code_lines: int = CODE_LINES) -> str:
    """What to ask for an answer of numbered tokens."""
    return f"Say {tokens} tokens at {rate:g} per second, marked {mark}, in blocks of {code_lines} lines"


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

    def end(self) -> None:
        """Have the answers that are under way end with the token that they are at."""
        with urlopen(self.base_url.removesuffix("/v1") + "/end", data=b""):
            pass


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
        question: the last thing that was said to it.
        asked: when its request had been read.
        written: when each piece was handed to the socket.
        complete: whether the client stayed to the end.
        left: when the client was seen to have closed its socket before the end; 0 where it hasn't.
        ends: whether it ends before all is said.
    """

    question: str
    asked: int = field(default_factory=time.monotonic_ns)
    written: list[int] = field(default_factory=list)
    complete: bool = False
    left: int = 0
    ends: bool = False

    def as_json(self) -> dict[str, Any]:
        """The stream as the log has it."""
        return {name: getattr(self, name) for name in ("question", "asked", "written", "complete", "left")}

    async def watch(self, reader: asyncio.StreamReader) -> None:
        """Note when the client leaves: until the answer has ended, it says nothing more."""
        with suppress(ConnectionError):
            await reader.read(1)
        self.left, self.ends = time.monotonic_ns(), True


class Script:
    """An answer as it goes over the wire; made once, so that an event costs the same however many ask.

    Args:
        pieces: what it says.
        rate: pieces per second; 0 for as fast as they are read.
        seed: of what is random in its events.
    """

    def __init__(self, pieces: list[str], rate: float, seed: int = 1) -> None:
        chance = random.Random(seed)
        self.pieces = pieces
        self._rate = rate
        self._chunks = [_framed(wire.chunk(piece, MODEL, chance)) for piece in pieces]

    async def paced(self) -> AsyncIterator[bytes]:
        """Its events, each when it is due."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, chunk in enumerate(self._chunks):
            # By the clock since the start, so that a late piece doesn't delay those after it.
            wait = start + number / self._rate - loop.time() if self._rate else 0
            if wait > 0:
                await asyncio.sleep(wait)
            yield chunk


class ScriptedGateway:
    """Gives the same answer to whoever asks the same, to any number at once.

    Args:
        answer: what it says to a question that names no other, and how fast.
    """

    def __init__(self, answer: Answer) -> None:
        self._script = Script(answer.pieces, answer.rate, answer.seed)
        self._wanted: dict[str, Script] = {}
        self._streams: list[Stream] = []

    async def serve(self, host: str, port: int) -> None:
        """Say where it is, then answer until the process ends."""
        server = await asyncio.start_server(self._converse, host, port, backlog=1024)
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
                await self._answer(" ".join(head.split(" ", 2)[:2]), body, reader, writer)
        writer.close()

    async def _answer(
        self, wanted: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match wanted.partition("?")[0]:
            case "POST /v1/chat/completions":
                asked = json.loads(body)
                question = _last_words(asked)
                if asked.get("stream"):
                    await self._stream(question, reader, writer)
                else:
                    await _respond(writer, wire.completion(self._script_for(question).pieces, MODEL))
            case "GET /v1/models":
                model = {"id": MODEL, "object": "model", "created": wire.CREATED, "owned_by": "bench"}
                await _respond(writer, {"object": "list", "data": [model]})
            case "GET /log":
                await _respond(writer, {"streams": [stream.as_json() for stream in self._streams]})
            case "POST /end":
                for stream in self._streams:
                    stream.ends = True
                await _respond(writer, {})
            case _:
                await _respond(writer, NOT_FOUND, status="404 Not Found")

    def _script_for(self, question: str) -> Script:
        wanted = WANTED.search(question)
        if wanted is None:
            return self._script
        if wanted[0] not in self._wanted:
            pieces = numbered(int(wanted["tokens"]), wanted["mark"], int(wanted["lines"] or CODE_LINES))
            self._wanted[wanted[0]] = Script(pieces, float(wanted["rate"]))
        return self._wanted[wanted[0]]

    async def _stream(
        self, question: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        script = self._script_for(question)
        stream = Stream(question)
        self._streams.append(stream)
        head = HEAD.format(status="200 OK", kind="text/event-stream; charset=utf-8")
        writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + _framed(wire.first_chunk(MODEL)))
        watching = asyncio.create_task(stream.watch(reader))
        try:
            async for chunk in script.paced():
                if stream.ends or writer.is_closing():
                    break
                stream.written.append(time.monotonic_ns())
                writer.write(chunk)
                await writer.drain()
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        if stream.left or writer.is_closing():
            return
        writer.write(_framed(wire.ending(MODEL, len(stream.written))) + _framed(b""))
        await writer.drain()
        stream.complete = True


def _last_words(asked: Any) -> str:
    content = asked["messages"][-1]["content"]
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


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
        uvloop.run(gateway.serve(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
