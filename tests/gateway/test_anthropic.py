"""Anthropic's own events, wherever they come from."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from chat_ui.gateway import (
    Finish,
    Metadata,
    ReasoningDelta,
    ServerSentEvent,
    StreamDecoder,
    StreamError,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)

from .wire import answer, answering, as_event, decoded, ends, said, text

START = {
    "type": "message_start",
    "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "claude-x"},
}
STOP = {"type": "message_stop"}


def block(index: int, **content: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": content}


def delta(index: int, **content: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": content}


def words(content: str, index: int = 0) -> dict[str, Any]:
    return delta(index, type="text_delta", text=content)


def stopped(index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def ending(reason: str | None, **usage: int) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def native(*payloads: dict[str, Any]) -> bytes:
    """The events as Anthropic sends them, each with its name."""
    return b"".join(f"event: {p['type']}\ndata: {json.dumps(p)}\n\n".encode() for p in payloads)


def closed(*payloads: Any) -> list[StreamEvent]:
    decoder = StreamDecoder()
    events = [event for payload in payloads for event in decoder.feed(as_event(payload))]
    return events + decoder.close()


async def test_an_ordinary_stream() -> None:
    usage = {"input_tokens": 25, "output_tokens": 1}
    events = await answer(
        answering(
            native(
                {**START, "message": {**START["message"], "usage": usage}},
                block(0, type="text", text=""),
                {"type": "ping"},
                words("Hel"),
                words("lo"),
                stopped(),
                ending("end_turn", output_tokens=15),
                STOP,
            ),
            request_id="req_1",
        )
    )
    assert events == [
        Metadata(request_id="req_1"),
        Metadata(model="claude-x"),
        Usage(25, 1),
        TextDelta("Hello"),
        Usage(25, 15),
        Finish("stop"),
    ]


def test_thinking_comes_as_reasoning_without_its_signature() -> None:
    events = closed(
        block(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="Hm"),
        delta(0, type="thinking_delta", thinking="."),
        delta(0, type="signature_delta", signature="c2VjcmV0"),
        stopped(),
        block(1, type="text", text=""),
        words("Yes", 1),
        STOP,
    )
    assert events == [ReasoningDelta("Hm"), ReasoningDelta("."), TextDelta("Yes"), Finish("stop")]


def test_redacted_thinking_and_citations_say_nothing_and_are_known(caplog: pytest.LogCaptureFixture) -> None:
    silent = [
        block(0, type="redacted_thinking", data="xyz"),
        delta(0, type="signature_delta", signature="xyz"),
        delta(0, type="citations_delta", citation={}),
        stopped(),
    ]
    with caplog.at_level(logging.INFO, "chat_ui.gateway"):
        assert decoded(START, *silent)[1:] == []
    assert caplog.records == []


def test_a_block_may_begin_with_text() -> None:
    assert said(decoded(block(0, type="text", text="Hel"), words("lo"))) == "Hello"


def test_tool_calls_come_in_pieces_and_are_numbered_from_0() -> None:
    events = closed(
        block(0, type="text", text=""),
        words("Let me look."),
        stopped(),
        block(1, type="tool_use", id="toolu_1", name="look", input={}),
        delta(1, type="input_json_delta", partial_json=""),
        delta(1, type="input_json_delta", partial_json='{"city"'),
        delta(1, type="input_json_delta", partial_json=':"Paris"}'),
        stopped(1),
        block(2, type="tool_use", id="toolu_2", name="look", input={}),
        delta(2, type="input_json_delta", partial_json="{}"),
        stopped(2),
        ending("tool_use", output_tokens=9),
        STOP,
    )
    assert events == [
        TextDelta("Let me look."),
        ToolCallDelta(0, "toolu_1", "look", ""),
        ToolCallDelta(0, None, None, '{"city"'),
        ToolCallDelta(0, None, None, ':"Paris"}'),
        ToolCallDelta(1, "toolu_2", "look", ""),
        ToolCallDelta(1, None, None, "{}"),
        Usage(None, 9),
        Finish("tool_calls"),
    ]


def test_the_input_of_a_tool_may_stand_in_its_start_alone() -> None:
    events = decoded(block(0, type="tool_use", id="a", name="look", input={"x": 1}), stopped())
    assert events == [ToolCallDelta(0, "a", "look", ""), ToolCallDelta(0, None, None, '{"x": 1}')]


def test_input_that_comes_in_pieces_too_is_told_once() -> None:
    piece = delta(0, type="input_json_delta", partial_json='{"x":1}')
    events = decoded(block(0, type="tool_use", id="a", name="look", input={"x": 1}), piece, stopped())
    assert [event.arguments for event in events if isinstance(event, ToolCallDelta)] == ["", '{"x":1}']


def test_a_tool_that_the_gateway_runs_itself_is_no_call_of_ours() -> None:
    search = block(0, type="server_tool_use", id="s", name="web_search", input={})
    assert decoded(search, delta(0, type="input_json_delta", partial_json='{"q":1}'), stopped()) == []


@pytest.mark.parametrize(
    ("given_reason", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "interrupted"),
        ("something new", "stop"),
    ],
)
def test_stop_reasons(given_reason: str, reason: str) -> None:
    assert ends(closed(words("x"), ending(given_reason), STOP)) == [reason]


def test_the_end_is_told_with_its_reason() -> None:
    assert decoded(words("x"), ending("end_turn"))[-1] == Finish("stop")


def test_message_stop_alone_is_an_end() -> None:
    assert closed(words("x"), ending(None), STOP) == [TextDelta("x"), Finish("stop")]


def test_an_end_before_any_stop_is_an_interruption() -> None:
    assert ends(closed(START, words("x"), stopped())) == ["interrupted"]


async def test_an_end_after_the_reason_and_before_message_stop_is_an_end() -> None:
    assert ends(await answer(answering(native(words("x"), ending("max_tokens"))))) == ["length"]


class TestUsage:
    def test_what_the_cache_gave_and_took_is_part_of_the_input(self) -> None:
        usage = {"input_tokens": 3, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20}
        start = {"type": "message_start", "message": {"usage": usage}}
        assert decoded(start) == [Usage(123, None, 100)]

    def test_counts_of_the_end_are_cumulative_and_replace_those_of_the_start(self) -> None:
        start = {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}}
        events = decoded(start, ending(None, output_tokens=5), ending("end_turn", output_tokens=9))
        assert events == [Usage(3, 1), Usage(3, 5), Usage(3, 9), Finish("stop")]

    def test_a_zero_for_what_was_counted_before_changes_nothing(self) -> None:
        start = {"type": "message_start", "message": {"usage": {"input_tokens": 3}}}
        assert decoded(start, ending("end_turn", input_tokens=0, output_tokens=9))[1] == Usage(3, 9)

    def test_a_start_without_counts_is_made_up_for_at_the_end(self) -> None:
        start = {"type": "message_start", "message": {"usage": {"input_tokens": 0, "output_tokens": 0}}}
        assert decoded(start, ending("end_turn", input_tokens=3, output_tokens=9))[1] == Usage(3, 9)


class TestWholeMessages:
    MESSAGE: dict[str, Any] = {  # noqa: RUF012
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "Hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "xyz"},
            {"type": "text", "text": "Hello"},
            {"type": "tool_use", "id": "a", "name": "look", "input": {"x": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }

    @pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
    async def test_a_whole_message_is_an_answer(self, kind: str) -> None:
        assert await answer(answering(json.dumps(self.MESSAGE), kind=kind)) == [
            Metadata(model="claude-x"),
            ReasoningDelta("Hm"),
            TextDelta("Hello"),
            ToolCallDelta(0, "a", "look", ""),
            ToolCallDelta(0, None, None, '{"x": 1}'),
            Usage(3, 2),
            Finish("tool_calls"),
        ]

    def test_after_its_pieces_it_is_not_told_twice(self) -> None:
        assert said(decoded(words("Hello"), self.MESSAGE)) == "Hello"


class TestMixedStreams:
    async def test_an_openai_endpoint_may_send_anthropics_events_and_no_done(self) -> None:
        stream = native(START, block(0, type="text", text=""), words("Hi"), ending("end_turn"), STOP)
        assert said(await answer(answering(stream))) == "Hi"
        assert ends(await answer(answering(stream))) == ["stop"]

    def test_done_after_message_stop_is_no_second_end(self) -> None:
        assert ends(closed(words("x"), ending("max_tokens"), STOP, "[DONE]")) == ["length"]

    def test_both_shapes_in_one_stream(self) -> None:
        assert said(closed(words("Hel"), text("lo"), STOP)) == "Hello"

    def test_the_type_may_stand_in_the_name_alone(self) -> None:
        decoder = StreamDecoder()
        piece = json.dumps({"index": 0, "delta": {"type": "text_delta", "text": "Hi"}})
        assert decoder.feed(ServerSentEvent("content_block_delta", piece)) == [TextDelta("Hi")]
        assert decoder.feed(ServerSentEvent("message_stop", "{}")) == [Finish("stop")]

    def test_the_name_may_be_missing(self) -> None:
        assert closed(words("Hi"), STOP) == [TextDelta("Hi"), Finish("stop")]


class TestErrors:
    ERROR: dict[str, Any] = {  # noqa: RUF012
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded"},
    }

    async def test_an_error_in_the_middle_comes_after_what_came_before(self) -> None:
        with pytest.raises(StreamError) as caught:
            await answer(answering(native(words("Hel"), self.ERROR)))
        assert caught.value.detail == "Overloaded"

    def test_an_error_after_the_end_is_too_late(self) -> None:
        assert closed(words("x"), STOP, self.ERROR) == [TextDelta("x"), Finish("stop")]


class TestUnknown:
    def test_unknown_events_blocks_and_deltas_are_ignored_and_named_once(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        strange = [
            {"type": "completion_of_tomorrow", "completion": "private words"},
            block(0, type="hologram", data="private words"),
            delta(0, type="hologram_delta", data="private words"),
        ]
        with caplog.at_level(logging.INFO, "chat_ui.gateway"):
            assert decoded(*strange, *strange) == []
        named = [record.getMessage() for record in caplog.records]
        assert len(named) == 3
        assert "hologram" in named[1]
        assert "private words" not in caplog.text

    @pytest.mark.parametrize("broken", [None, [], 7, "x", {"type": 3}])
    @pytest.mark.parametrize("kind", ["message_start", "content_block_start", "content_block_delta"])
    def test_what_has_another_type_than_expected_counts_as_absent(self, kind: str, broken: object) -> None:
        body = {"type": kind, "index": broken, "message": broken, "content_block": broken, "delta": broken}
        assert decoded(body) == []

    def test_halves_of_a_character_are_joined(self) -> None:
        assert said(decoded(words("a\ud83d"), words("\ude00b"))) == "a😀b"
