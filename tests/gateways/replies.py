"""A gateway on a real socket that sends what its document, or its code, says: byte for byte.

None of these gateways could be reached; what is sent here comes from their documents and sources.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from chat_ui.gateway import ChatRequest, Gateway, GatewayError, GatewayProfile, StreamEvent
from tests.gateway.wire import ASK, HASTY, KEY, Peer, Script, ScriptedServer

Serve = Callable[[Script], Awaitable[ScriptedServer]]

SSE = "text/event-stream"
JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"
REASONS = {
    200: "OK",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    429: "Too Many Requests",
}


@dataclass(frozen=True)
class Reply:
    """One answer on the wire.

    Args:
        pieces: the body; each piece is a chunk of its own, and a network packet of its own.
        headers: beside the content type.
        ending: "chunked" ends as HTTP wants, "close" without a length by closing, "cut" in the middle.
    """

    pieces: tuple[bytes, ...]
    status: int = 200
    kind: str = SSE
    headers: dict[str, str] = field(default_factory=dict[str, str])
    ending: str = "chunked"

    async def send(self, peer: Peer) -> None:
        head = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Bad')}", f"Content-Type: {self.kind}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        head += ["Connection: close"] if self.ending == "close" else ["Transfer-Encoding: chunked"]
        await peer.send("\r\n".join([*head, "", ""]).encode())
        for piece in self.pieces:
            await (peer.send(piece) if self.ending == "close" else peer.send_chunk(piece))
        if self.ending == "chunked":
            await peer.send_chunk(b"")
        else:
            peer.hang_up_politely()


def document(body: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON body, or a plain text where it is one."""
    plain = isinstance(body, str)
    content = (body + "\n" if plain else json.dumps(body)).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply((content,), status, PLAIN if plain else JSON, named)


@dataclass
class Asked:
    """What a gateway was asked and what came of it.

    Args:
        events: of the answer.
        error: what it ended in, if it did.
        path: of the last request.
        headers: of the last request, by lower-case name.
        body: of the last request.
        times: how often it was asked.
    """

    events: list[StreamEvent] = field(default_factory=list[StreamEvent])
    error: GatewayError | None = None
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    times: int = 0


def read_request(request: bytes, into: Asked) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    into.path = first.split(" ")[1]
    into.headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
    into.body = json.loads(body) if body else None


async def ask(serve: Serve, *replies: Reply, request: ChatRequest = ASK, **profile: Any) -> Asked:
    """Ask a gateway that answers each request by the next reply, and in the end always by the last."""
    asked = Asked()
    left = list(replies)

    async def script(peer: Peer) -> None:
        await (left.pop(0) if len(left) > 1 else left[0]).send(peer)

    server = await serve(script)
    gateway = Gateway(GatewayProfile("test", server.base_url, key=KEY, **profile), patience=HASTY)
    try:
        async with aclosing(gateway.stream(request)) as events:
            async for event in events:
                asked.events.append(event)
    except GatewayError as error:
        asked.error = error
    await gateway.aclose()
    asked.times = len(server.requests)
    read_request(server.requests[-1], asked)
    return asked


async def models_of(serve: Serve, reply: Reply, **profile: Any) -> tuple[list[Any], Asked]:
    """The models that a gateway lists, and how it was asked for them."""
    asked = Asked()
    server = await serve(reply.send)
    gateway = Gateway(GatewayProfile("test", server.base_url, key=KEY, **profile), patience=HASTY)
    listed: list[Any] = []
    try:
        listed = list(await gateway.models())
    except GatewayError as error:
        asked.error = error
    await gateway.aclose()
    read_request(server.requests[-1], asked)
    return listed, asked
