"""One answer from first byte to last, without a network."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from chat_ui.gateway import (
    ConnectionLost,
    EmptyAnswer,
    EventTooLarge,
    Finish,
    FinishReason,
    Gateway,
    GatewayError,
    GatewayProfile,
    Metadata,
    NotAnAPI,
    Patience,
    ReasoningDelta,
    StreamCut,
    StreamError,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)

from .wire import ASK, DONE, KEY, answer, answering, chunk, collected, ends, profile, said, sse, text

HELLO = sse(text("Hel"), text("lo"), chunk({}, "stop")) + DONE
MESSAGE = {
    "id": "1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}


class Body(httpx.AsyncByteStream):
    """Chunks of bytes, and perhaps an exception after them."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._chunks:
            if isinstance(part, Exception):
                raise part
            yield part


def streaming(*chunks: bytes | Exception, kind: str = "text/event-stream") -> httpx.MockTransport:
    return httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"content-type": kind}, stream=Body(*chunks))
    )


async def failing(transport: httpx.AsyncBaseTransport) -> tuple[list[StreamEvent], GatewayError]:
    """What came before the error, and the error."""
    events: list[StreamEvent] = []
    gateway = Gateway(profile(), transport=transport, patience=Patience(retries=0))
    with pytest.raises(GatewayError) as caught:
        await collected(gateway, into=events)
    await gateway.aclose()
    return events, caught.value


async def test_what_is_sent() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("POST", "http://gateway.test/v1/chat/completions")
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["accept"] == "text/event-stream"
        assert request.headers["accept-encoding"] == "identity"
        body = json.loads(request.content)
        assert (body["model"], body["stream"]) == ("some-model", True)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=HELLO)

    assert said(await answer(httpx.MockTransport(respond))) == "Hello"


async def test_without_a_key_no_authorization_is_sent() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        assert "authorization" not in request.headers
        return httpx.Response(200, content=HELLO)

    gateway = Gateway(
        GatewayProfile("test", "http://gateway.test/v1"), transport=httpx.MockTransport(respond)
    )
    assert said(await collected(gateway)) == "Hello"
    await gateway.aclose()


async def test_the_events_of_an_answer() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    content = sse(chunk({"content": "Hi"}, model="lab/m"), chunk({}, "stop", model="lab/m"), usage) + DONE
    assert await answer(answering(content, x_request_id="r-1")) == [
        Metadata(request_id="r-1"),
        Metadata(model="lab/m"),
        TextDelta("Hi"),
        Finish("stop"),
        Usage(3, 2),
    ]


async def test_the_other_name_of_the_request_id() -> None:
    assert Metadata(request_id="r-2") in await answer(answering(HELLO, request_id="r-2"))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64])
async def test_any_chunk_size_gives_the_same_answer(size: int) -> None:
    chunks = [HELLO[start : start + size] for start in range(0, len(HELLO), size)]
    assert await answer(streaming(*chunks)) == [TextDelta("Hel"), TextDelta("lo"), Finish("stop")]


async def test_what_is_read_at_once_is_told_in_fewer_pieces_in_its_order() -> None:
    thinking = [chunk({"reasoning_content": word}) for word in ("Let ", "me ", "see.")]
    words = [text("word " * 10) for _ in range(12)]
    sent = sse(*thinking, *words, chunk({"reasoning_content": "Hm."}), text("End"), chunk({}, "stop")) + DONE
    told = await answer(answering(sent))
    assert [event.text for event in told if isinstance(event, ReasoningDelta)] == ["Let me see.", "Hm."]
    assert said(told) == "word " * 120 + "End"
    # None of them grows beyond what the journal can keep up with.
    assert [len(event.text) for event in told if isinstance(event, TextDelta)] == [300, 300, 3]
    kinds = [type(event) for event in told]
    assert kinds.index(ReasoningDelta) < kinds.index(TextDelta)
    assert ends(told) == ["stop"]


@pytest.mark.parametrize("kind", ["text/event-stream; charset=latin-1", "Text/Event-Stream", "text/x", None])
@pytest.mark.parametrize("before", [b"", b": hi\n\n", b"\n\n", b"\xef\xbb\xbf", b"id: 1\n", b"event: m\n"])
async def test_events_are_known_by_their_bytes(kind: str | None, before: bytes) -> None:
    assert said(await answer(answering(before + HELLO, kind=kind))) == "Hello"


@pytest.mark.parametrize("kind", ["application/json", "text/html", "application/octet-stream"])
async def test_a_wrong_content_type_is_forgiven(kind: str) -> None:
    chunks = [HELLO[start : start + 1] for start in range(len(HELLO))]
    assert said(await answer(streaming(*chunks, kind=kind))) == "Hello"


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", None])
async def test_a_whole_message_in_place_of_a_stream(kind: str | None) -> None:
    content = b"\n \n" + json.dumps(MESSAGE).encode()
    assert await answer(answering(content, kind=kind)) == [TextDelta("Hello"), Usage(3, 1), Finish("stop")]


async def test_a_whole_message_with_reasoning_alone_is_an_answer() -> None:
    message = {"content": None, "reasoning": "Hm", "tool_calls": []}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "length"}]}
    events = await answer(answering(json.dumps(body), kind="application/json"))
    assert events == [ReasoningDelta("Hm"), Finish("length")]


async def test_a_compressed_answer_is_understood_all_the_same() -> None:
    assert said(await answer(answering(gzip.compress(HELLO), content_encoding="gzip"))) == "Hello"


async def test_a_tool_call_alone_is_an_answer() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "look", "arguments": "{}"}}
    events = await answer(answering(sse(chunk({"tool_calls": [call]}), chunk({}, "tool_calls"))))
    assert events == [ToolCallDelta(0, "a", "look", "{}"), Finish("tool_calls")]


@pytest.mark.parametrize("end", [b"", DONE])
async def test_a_finish_without_content_is_an_answer(end: bytes) -> None:
    assert ends(await answer(answering(sse(chunk({}, "content_filter")) + end))) == ["content_filter"]


async def test_an_end_without_a_sign_is_an_interruption() -> None:
    assert await answer(answering(sse(text("Hel")))) == [TextDelta("Hel"), Finish("interrupted")]


async def test_the_last_event_may_lack_its_blank_line() -> None:
    assert ends(await answer(answering(HELLO.rstrip()))) == ["stop"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "text/event-stream"),
        (b"", "application/json"),
        (b"", None),
        (b"\n\n", "text/event-stream"),
        (b": ping\n\n: ping\n\n", "text/event-stream"),
        (DONE, "text/event-stream"),
        (sse(chunk({"role": "assistant"})), "text/event-stream"),
        (sse(chunk({"role": "assistant"})) + DONE, "text/event-stream"),
        (sse({"choices": [], "usage": {"prompt_tokens": 3}}), "text/event-stream"),
        (b"{}", "application/json"),
        (b"[]", "application/json"),
        (json.dumps({"choices": [{"message": {"content": ""}}]}).encode(), "application/json"),
    ],
)
async def test_empty_answers(content: bytes, kind: str | None) -> None:
    with pytest.raises(EmptyAnswer):
        await answer(answering(content, kind=kind))


@pytest.mark.parametrize(("end", "reason"), [(DONE, "stop"), (b"", "interrupted")])
async def test_an_answer_that_might_have_become_a_tag_is_no_empty_answer(
    end: bytes, reason: FinishReason
) -> None:
    assert await answer(answering(sse(text("<")) + end)) == [TextDelta("<"), Finish(reason)]


async def test_an_empty_status_204() -> None:
    with pytest.raises(EmptyAnswer):
        await answer(answering(status=204, kind=None))


async def test_an_empty_answer_quotes_what_the_gateway_says() -> None:
    with pytest.raises(EmptyAnswer) as caught:
        await answer(answering('{"message": "come back tomorrow"}', kind="application/json"))
    assert caught.value.detail == "come back tomorrow"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("<!doctype html><title>Sign in</title>", "text/html"),
        ("  <html>", "application/json"),
        ("<html>", None),
        ("Welcome!", "text/plain"),
        ("d", "text/plain"),
        ('{"choices": [', "application/json"),
        ("nothing", "application/json"),
        ('{"done": false}\n{"done": true}', "application/x-ndjson"),
        ("data: <html>\n\n", "text/event-stream"),
    ],
)
async def test_what_is_no_api(content: str, kind: str | None) -> None:
    with pytest.raises(NotAnAPI) as caught:
        await answer(answering(content, kind=kind))
    assert "<" not in str(caught.value)


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", "text/plain"])
@pytest.mark.parametrize("error", [{"message": "out of memory"}, "out of memory"])
async def test_an_error_with_a_good_status(error: Any, kind: str) -> None:
    with pytest.raises(StreamError) as caught:
        await answer(answering(json.dumps({"error": error}), kind=kind))
    assert caught.value.detail == "out of memory"


async def test_an_error_in_the_middle_comes_after_what_came_before() -> None:
    events, error = await failing(answering(sse(text("Hel"), {"error": f"no more for {KEY}"})))
    assert events == [TextDelta("Hel")]
    assert isinstance(error, StreamError)
    assert error.detail == "no more for [key]"


@pytest.mark.parametrize(
    "cut", [httpx.ReadError(""), httpx.RemoteProtocolError("incomplete chunked read"), OSError("strange")]
)
async def test_a_cut_after_content_keeps_the_content(cut: Exception) -> None:
    events, error = await failing(streaming(sse(text("Hel")), cut))
    assert events == [TextDelta("Hel")]
    assert type(error) is StreamCut


async def test_a_cut_before_content_is_a_lost_connection() -> None:
    events, error = await failing(streaming(sse(chunk({"role": "assistant"})), httpx.ReadError("")))
    assert events == []
    assert type(error) is ConnectionLost


async def test_a_cut_after_the_end_harms_nothing() -> None:
    events = await answer(streaming(sse(text("Hi"), chunk({}, "stop")), httpx.ReadError("")))
    assert events == [TextDelta("Hi"), Finish("stop")]


async def test_an_event_without_end_is_an_error() -> None:
    events, error = await failing(streaming(sse(text("Hi")), *[b"data: " + b"x" * 2**20] * 9))
    assert events == [TextDelta("Hi")]
    assert type(error) is EventTooLarge


async def test_a_body_that_is_no_gzip() -> None:
    with pytest.raises(NotAnAPI):
        await answer(httpx.MockTransport(lambda _: broken_gzip()))


def broken_gzip() -> httpx.Response:
    headers = {"content-encoding": "gzip", "content-type": "text/event-stream"}
    return httpx.Response(200, headers=headers, stream=Body(HELLO))


async def test_an_error_body_that_breaks_off_still_has_its_status() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(503, stream=Body(b"sor", httpx.ReadError(""))))
    _, error = await failing(transport)
    assert error.status == 503


async def test_nothing_is_sent_before_the_first_event_is_asked_for() -> None:
    asked: list[httpx.Request] = []
    transport = httpx.MockTransport(
        lambda request: asked.append(request) or httpx.Response(200, content=HELLO)
    )
    gateway = Gateway(profile(), transport=transport)
    stream = gateway.stream(ASK)
    assert asked == []
    await anext(stream)
    await stream.aclose()
    await gateway.aclose()
    assert len(asked) == 1
