"""LLMHub (llmhub.one): what its authors wrote about it, all that is known."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

from chat_ui.gateway import (
    Clocks,
    Finish,
    Gateway,
    GatewayProfile,
    Metadata,
    StreamCut,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from tests.gateway.wire import ASK, DONE, HASTY, KEY, Peer, ends, said, sse

from .replies import JSON, Reply, Serve, ask


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """A chunk as the document prints it."""
    return sse(
        {
            "id": "chatcmpl-abc123",
            "object": "chat.completion.chunk",
            "created": 1706123456,
            "model": "gpt-4o",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
    )


HELLO = (chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo"}))
MODEL = Metadata(model="gpt-4o")


async def test_its_chunks_and_done(serve: Serve) -> None:
    asked = await ask(serve, Reply((*HELLO, chunk({}, "stop"), DONE)))
    assert asked.events == [MODEL, TextDelta("Hello"), Finish("stop")]
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"


async def test_no_usage_is_needed(serve: Serve) -> None:
    asked = await ask(serve, Reply((*HELLO, chunk({}, "stop"), DONE)))
    assert not [event for event in asked.events if isinstance(event, Usage)]


async def test_the_short_form_of_its_chunks(serve: Serve) -> None:
    short = b'data: {"id":"chatcmpl-abc","choices":[{"delta":{"content":"Hi"}}]}\n\n'
    asked = await ask(serve, Reply((short, DONE)))
    assert asked.events == [TextDelta("Hi"), Finish("stop")]


async def test_the_reason_length_says_that_the_answer_is_truncated(serve: Serve) -> None:
    asked = await ask(serve, Reply((*HELLO, chunk({}, "length"), DONE)))
    assert ends(asked.events) == ["length"]


async def test_arguments_of_a_tool_call_come_in_pieces(serve: Serve) -> None:
    function = {"name": "get_weather", "arguments": ""}
    first = {"index": 0, "id": "call_1", "type": "function", "function": function}
    pieces = ['{"loc', 'ation": "', 'Paris"}']
    deltas = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
    stream = (chunk({"tool_calls": [first]}), *map(chunk, deltas), chunk({}, "tool_calls"), DONE)
    asked = await ask(serve, Reply(stream))
    assert asked.events == [
        MODEL,
        ToolCallDelta(0, "call_1", "get_weather", ""),
        *(ToolCallDelta(0, None, None, piece) for piece in pieces),
        Finish("tool_calls"),
    ]


async def test_a_dropped_connection_keeps_the_partial_answer(serve: Serve) -> None:
    asked = await ask(serve, Reply(HELLO, ending="cut"))
    assert said(asked.events) == "Hello"
    assert type(asked.error) is StreamCut
    assert asked.times == 1


def test_a_long_answer_has_more_time_than_its_document_asks_for() -> None:
    clocks = Clocks()
    assert clocks.first_content >= 120
    assert clocks.total >= 120


async def test_an_answer_can_be_aborted(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + HELLO[1])
        await peer.until_client_leaves()

    server = await serve(script)
    gateway = Gateway(GatewayProfile("test", server.base_url, key=KEY), patience=HASTY)
    async with aclosing(gateway.stream(ASK)) as events:
        assert await anext(events) == MODEL
    await server.client_left.wait()
    await gateway.aclose()


async def test_empty_lines_before_a_whole_answer(serve: Serve) -> None:
    # So does llmhub.dev, which is easily taken for it, while a request waits.
    body = b'{"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}'
    asked = await ask(serve, Reply((b"\n", b"\n", b"\n" + body), kind=JSON))
    assert asked.events == [TextDelta("Hi"), Finish("stop")]
