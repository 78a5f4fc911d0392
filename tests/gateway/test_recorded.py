"""Recorded streams mean the same however the network cuts them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.gateway import (
    Finish,
    GatewayError,
    Metadata,
    ReasoningDelta,
    SSEDecoder,
    StreamDecoder,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)

from .recorded import STREAMS

EXPECTED: dict[str, list[StreamEvent | str]] = {
    "azure: placeholder, filter results, a choice without delta": [
        Metadata(model="gpt-4o"),
        TextDelta("Café"),
        Finish("stop"),
    ],
    "openrouter: comments, reasoning thrice, usage with cost in the finish chunk, two reasons": [
        Metadata(model="lab/m", provider="Lab"),
        ReasoningDelta("Hm"),
        TextDelta("Yes"),
        Finish("length"),
        Usage(9, 3),
        Metadata(cost=0.00012, currency="usd"),
    ],
    "mistral: content as a list with thinking": [
        ReasoningDelta("So"),
        TextDelta("你"),
        Usage(1, 2),
        Finish("stop"),
    ],
    "gemini: tool calls without an index, whole arguments, stop": [
        ToolCallDelta(0, "a", "f", "{}"),
        ToolCallDelta(1, "b", "g", '{"x":1}'),
        Finish("stop"),
    ],
    "a proxy: every parallel call is index 0, arguments null": [
        ToolCallDelta(0, "a", "f", "{}"),
        ToolCallDelta(1, "b", "g", ""),
        Finish("tool_calls"),
    ],
    "vllm: usage on every chunk, extras, a close without [DONE]": [
        TextDelta("a"),
        Usage(5, 1),
        TextDelta("b"),
        Usage(5, 2),
        Finish("length"),
    ],
    "litellm: usage beside an empty delta": [TextDelta("a"), Finish("stop"), Usage(5, 2)],
    "litellm: an error in the middle and no [DONE]": [TextDelta("a"), "cut"],
    "groq: usage under its name, an error event": [TextDelta("a"), Usage(5, 2), "no"],
    "tokenhub: an error as a bare string": [TextDelta("a"), "gone"],
    "deepseek: think tags in the text": [ReasoningDelta("Hm"), TextDelta("Yes"), Finish("stop")],
    "aimock: halves of a character": [TextDelta("😀"), Finish("stop")],
    "anthropic: thinking, text, a tool": [
        Metadata(model="claude-x"),
        Usage(7, 1, 4),
        ReasoningDelta("Hm"),
        ToolCallDelta(0, "t", "f", ""),
        ToolCallDelta(0, None, None, '{"x":1}'),
        Usage(7, 15, 4),
        Finish("tool_calls"),
    ],
    "anthropic: overloaded in the middle, an unknown event before": [TextDelta("a"), "busy"],
    "ai&: the older trailer glued to [DONE], without its blank line": [
        TextDelta("a"),
        Finish("stop"),
        Metadata("r", "lab/m", None, None, 0.00001, "usd"),
    ],
    "ai&: the newer trailer": [
        ReasoningDelta("a"),
        Finish("length"),
        Usage(7, 2, 3),
        Metadata(cost=0.1, currency="jpy"),
    ],
    "a byte order mark, single carriage returns, and a last event without its end": [
        TextDelta("😀"),
        Finish("stop"),
    ],
    "cut in the middle of an event": [TextDelta("a"), Finish("interrupted")],
}


def events_in(chunks: list[bytes]) -> list[StreamEvent | str]:
    """The events of a stream; the words of the error that it ended in, if it did."""
    sse, decoder = SSEDecoder(), StreamDecoder()
    found: list[StreamEvent | str] = []
    try:
        for chunk in chunks:
            for event in sse.feed(chunk):
                found += decoder.feed(event)
        for event in sse.close():
            found += decoder.feed(event)
        found += decoder.close()
    except GatewayError as error:
        found.append(error.detail or "")
    return found


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place for place in places if place < len(stream)}), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize("name", STREAMS)
def test_what_it_means(name: str) -> None:
    assert events_in([STREAMS[name]]) == EXPECTED[name]


@pytest.mark.parametrize("name", STREAMS)
def test_byte_by_byte(name: str) -> None:
    stream = STREAMS[name]
    assert events_in([stream[i : i + 1] for i in range(len(stream))]) == EXPECTED[name]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_with_any_line_ends(name: str, end: bytes) -> None:
    lines = STREAMS[name].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert events_in([end.join(lines)]) == EXPECTED[name]


@given(st.sampled_from(sorted(STREAMS)), st.lists(st.integers(0, 1500), max_size=30))
def test_any_split_gives_the_same_events(name: str, places: list[int]) -> None:
    assert events_in(cut(STREAMS[name], places)) == EXPECTED[name]


@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_a_stream_cut_anywhere_says_no_other_words(name: str, data: st.DataObject) -> None:
    stream = STREAMS[name]
    whole = events_in([stream])
    part = events_in([stream[: data.draw(st.integers(0, len(stream)))]])
    for kind in (TextDelta, ReasoningDelta):
        words = "".join(event.text for event in part if isinstance(event, kind))
        all_words = "".join(event.text for event in whole if isinstance(event, kind))
        # A character whose second half didn't come, and a tag that wasn't whole, stay as they are.
        assert all_words.startswith(words) or words.endswith(("\ufffd", "<thi", "</th"))


@given(st.sampled_from(sorted(STREAMS)), st.integers(0, 1500), st.binary(min_size=1, max_size=4))
def test_no_damaged_byte_crashes_it(name: str, place: int, damage: bytes) -> None:
    stream = STREAMS[name]
    events_in([stream[:place] + damage + stream[place + len(damage) :]])
