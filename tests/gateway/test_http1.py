"""HTTP/1.1 as servers really speak it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.gateway.http1 import DirectTransport, Reply

from .wire import Peer, Script, ScriptedServer

Serve = Callable[[Script], Awaitable[ScriptedServer]]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
# Each with its body, and whether another response could follow it on the connection.
REPLIES = {
    "counted": (COUNTED, b"hello", True),
    "chunked": (CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello", True),
    "trailers": (CHUNKED + b"5\r\nhello\r\n0\r\nDigest: x\r\n\r\n", b"hello", True),
    "chunk extensions": (CHUNKED + b"5;why=not\r\nhello\r\n0\r\n\r\n", b"hello", True),
    "padded chunk sizes": (CHUNKED + b"5  \r\nhello\r\n0\r\n\r\n", b"hello", True),
    "line feeds alone": (b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", b"hello", True),
    "both lengths": (CHUNKED[:-2] + b"Content-Length: 9\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello", True),
    "nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "an interim one first": (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + COUNTED, b"hello", True),
    "two interim ones": (b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + COUNTED, b"hello", True),
    "it closes": (COUNTED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"hello", False),
    "HTTP/1.0": (COUNTED.replace(b"1.1", b"1.0"), b"hello", False),
    "more than asked for": (COUNTED * 2, b"hello", False),
    "something after it": (COUNTED + b"!", b"hello", False),
}  # fmt: skip


def read(data: bytes, cuts: list[int]) -> Reply:
    reply = Reply()
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        if start < end:
            reply.feed(data[start:end])
    return reply


@pytest.mark.parametrize("name", REPLIES)
@given(cuts=st.lists(st.integers(0, 1000), max_size=8))
def test_it_says_the_same_however_it_is_cut(name: str, cuts: list[int]) -> None:
    data, body, keeps = REPLIES[name]
    reply = read(data, cuts)
    assert (reply.failure, reply.is_whole, reply.take_body()) == (None, True, body)
    assert reply.status == (204 if name == "nothing" else 200)
    assert reply.leaves_connection is keeps
    assert b"Link" not in dict(reply.headers)


@given(st.binary(max_size=200), st.lists(st.integers(0, 1000), max_size=4))
def test_noise_is_no_response(noise: bytes, cuts: list[int]) -> None:
    reply = read(b"!" + noise, cuts)
    assert reply.failure is not None
    assert not reply.has_head


def test_what_came_before_a_mistake_is_good() -> None:
    reply = read(CHUNKED + b"5\r\nhello\r\nnonsense\r\n", [])
    assert reply.take_body() == b"hello"
    assert isinstance(reply.failure, httpx.RemoteProtocolError)
    assert not reply.is_whole


@pytest.mark.parametrize(
    "endless", [b"HTTP/1.1 200 OK\r\nX-A: ", CHUNKED + b"5;x=", CHUNKED + b"1\r\nx\r\n0\r\nX-A: "]
)
def test_nothing_grows_without_end(endless: bytes) -> None:
    reply = Reply()
    reply.feed(endless)
    fed = 0
    while reply.failure is None:
        reply.feed(b"x" * 1024)
        fed += 1024
    assert fed <= 128 * 1024


def test_another_protocol_is_refused() -> None:
    reply = read(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", [])
    assert reply.failure is not None
    assert not reply.has_head


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = DirectTransport(verify=ssl.create_default_context(), idle=30)
    async with httpx.AsyncClient(transport=transport) as httpx_client:
        yield httpx_client


def saying(*replies: bytes, closing: bool = False) -> Script:
    left = list(replies)

    async def script(peer: Peer) -> None:
        await peer.send(left.pop(0))
        if closing:
            peer.hang_up_politely()

    return script


async def test_a_body_of_no_known_length_ends_with_the_connection(serve: Serve) -> None:
    server = await serve(saying(b"HTTP/1.1 200 OK\r\n\r\nhello", COUNTED, closing=True))
    async with client() as http:
        assert (await http.get(server.base_url)).text == "hello"
        assert (await http.get(server.base_url)).text == "hello"
    assert server.connections == 2


@pytest.mark.parametrize("cut", [b"", b"HTTP/1.1 200", CHUNKED, CHUNKED + b"5\r\nhel", COUNTED[:-1]])
async def test_a_cut_response_is_an_error(serve: Serve, cut: bytes) -> None:
    server = await serve(saying(cut, closing=True))
    async with client() as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(server.base_url)


async def test_one_connection_carries_what_goes_to_one_place(serve: Serve) -> None:
    first, second = await serve(saying(*[COUNTED] * 3)), await serve(saying(COUNTED))
    async with client() as http:
        for server in (first, first, second, first):
            response = await http.get(f"{server.base_url}/models?limit=1")
            assert (response.text, response.http_version, response.reason_phrase) == (
                "hello",
                "HTTP/1.1",
                "OK",
            )
    assert (first.connections, second.connections) == (2, 1)
    assert first.requests[0].startswith(b"GET /v1/models?limit=1 HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{first.port}\r\n".encode() in first.requests[0]


async def test_what_is_left_of_a_response_is_never_taken_for_the_next(serve: Serve) -> None:
    server = await serve(saying(COUNTED + b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", COUNTED))
    async with client() as http:
        assert (await http.get(server.base_url)).status_code == 200
        assert (await http.get(server.base_url)).status_code == 200
    assert server.connections == 2


async def test_who_stops_reading_closes_the_connection(serve: Serve) -> None:
    async def endless(peer: Peer) -> None:
        await peer.send(CHUNKED)
        await peer.send_chunk(b"hello")
        await peer.until_client_leaves()

    server = await serve(endless)
    async with client() as http, http.stream("GET", server.base_url) as response:
        async for body in response.aiter_bytes():
            assert body == b"hello"
            break
    await asyncio.wait_for(server.client_left.wait(), 5)


async def test_a_header_is_one_line(serve: Serve) -> None:
    server = await serve(saying(COUNTED))
    async with client() as http:
        with pytest.raises(httpx.LocalProtocolError):
            await http.get(server.base_url, headers={"x-key": "a\r\nx-other: b"})
        assert (await http.get(server.base_url)).text == "hello"
    assert len(server.requests) == 1


async def test_an_answer_to_half_a_request_counts(serve: Serve) -> None:
    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refusing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client() as http:
        response = await http.post(f"http://127.0.0.1:{port}/", content=b"x" * 300_000)
    assert response.status_code == 413
