from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.gateway import (
    Finish,
    GatewayError,
    Metadata,
    NotAnAPI,
    ReasoningDelta,
    ServerSentEvent,
    SSEDecoder,
    StreamDecoder,
    StreamError,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)

from .recorded import STREAMS
from .wire import as_event, choice, chunk, decoded, ends, said, text, thought


def closed(*payloads: Any) -> list[StreamEvent]:
    decoder = StreamDecoder()
    events = [event for payload in payloads for event in decoder.feed(as_event(payload))]
    return events + decoder.close()


class TestText:
    def test_an_ordinary_stream(self) -> None:
        events = closed(
            chunk({"role": "assistant", "content": ""}),
            text("Hel"),
            text("lo"),
            chunk({}, "stop"),
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
            "[DONE]",
        )
        assert events == [TextDelta("Hel"), TextDelta("lo"), Finish("stop"), Usage(3, 2)]

    @pytest.mark.parametrize(
        "first",
        [
            {"choices": [], "id": "", "model": "", "created": 0},
            {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
            {"choices": None},
            {"choices": [{"index": 0, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": None}]},
            {"choices": [None]},
            chunk({"role": "assistant"}),
            chunk({"role": None, "content": None}),
            chunk({"content": []}),
            chunk({"refusal": None, "audio": {"id": "a"}, "obfuscation": "xyz"}),
        ],
    )
    def test_chunks_without_content_yield_nothing(self, first: dict[str, Any]) -> None:
        assert decoded(first) == []

    def test_content_may_be_a_list_with_thinking(self) -> None:
        parts = [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "."}]},
            {"type": "text", "text": "Yes"},
            {"type": "reference", "reference_ids": [1]},
            None,
            7,
        ]
        assert decoded(chunk({"content": parts})) == [ReasoningDelta("Hm."), TextDelta("Yes")]

    def test_a_refusal_is_what_the_model_says(self) -> None:
        refused = [
            chunk({"role": "assistant", "content": None, "refusal": word}) for word in ("I ", "can't.")
        ]
        assert closed(*refused, chunk({}, "stop"))[:2] == [TextDelta("I "), TextDelta("can't.")]

    def test_only_the_first_choice_counts(self) -> None:
        both = {"choices": [choice({"content": "no"}, index=1), choice({"content": "yes"}, index=0)]}
        other = {"choices": [choice({"content": "no"}, "stop", index=1)]}
        assert decoded(both, other) == [TextDelta("yes")]

    def test_a_choice_may_lack_its_index_or_have_a_strange_one(self) -> None:
        assert decoded({"choices": [{"delta": {"content": "a"}}]}) == [TextDelta("a")]
        assert decoded({"choices": [choice({"content": "a"}, index=[])]}) == []

    def test_a_whole_message_is_an_answer(self) -> None:
        message = {"role": "assistant", "content": "Hi", "reasoning_content": "Hm"}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": None}
        assert decoded(body) == [ReasoningDelta("Hm"), TextDelta("Hi"), Finish("stop")]

    def test_a_whole_message_after_its_pieces_is_not_told_twice(self) -> None:
        last = {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
        assert decoded(text("Hi"), last) == [TextDelta("Hi"), Finish("stop")]


class TestReasoning:
    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
    def test_it_comes_under_two_names(self, name: str) -> None:
        assert decoded(chunk({name: "Hm", "content": None})) == [ReasoningDelta("Hm")]

    def test_the_same_text_under_several_names_counts_once(self) -> None:
        details = [{"type": "reasoning.text", "text": "Hm"}]
        delta = {"reasoning_content": "Hm", "reasoning": "Hm", "reasoning_details": details}
        assert decoded(chunk(delta)) == [ReasoningDelta("Hm")]

    def test_details_count_when_nothing_else_does(self) -> None:
        details = [{"type": "reasoning.text", "text": "Hm"}, {"type": "reasoning.summary", "summary": "!"}]
        assert decoded(chunk({"reasoning": None, "reasoning_details": details})) == [ReasoningDelta("Hm!")]

    def test_it_may_come_before_any_role(self) -> None:
        assert thought(decoded(chunk({"reasoning": "Hm"}), chunk({"role": "assistant"}))) == "Hm"


class TestFinish:
    @pytest.mark.parametrize(
        ("given_reason", "reason"),
        [
            ("stop", "stop"),
            ("STOP", "stop"),
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("something new", "stop"),
            ("length", "length"),
            ("max_tokens", "length"),
            ("tool_calls", "tool_calls"),
            ("function_call", "tool_calls"),
            ("tool_use", "tool_calls"),
            ("content_filter", "content_filter"),
        ],
    )
    def test_reasons(self, given_reason: str, reason: str) -> None:
        assert ends(closed(text("x"), chunk({}, given_reason), "[DONE]")) == [reason]

    def test_a_second_reason_yields_nothing(self) -> None:
        assert ends(closed(chunk({}, "length"), chunk({}, "stop"), "[DONE]")) == ["length"]

    def test_it_is_told_at_once(self) -> None:
        assert decoded(text("x"), chunk({}, "stop"))[-1] == Finish("stop")

    @pytest.mark.parametrize("done", ["[DONE]", "[DONE] ", " [DONE]", "[DONE]\n"])
    def test_done_without_a_reason_is_a_stop(self, done: str) -> None:
        assert closed(text("x"), done) == [TextDelta("x"), Finish("stop")]

    @pytest.mark.parametrize("payloads", [(), (text("x"),)])
    def test_an_end_without_any_sign_is_an_interruption(self, payloads: tuple[Any, ...]) -> None:
        decoder = StreamDecoder()
        for payload in payloads:
            decoder.feed(as_event(payload))
        assert decoder.close() == [Finish("interrupted")]
        assert decoder.close() == []

    @pytest.mark.parametrize("reason", [None, "", 0, 7, [], {}])
    def test_a_reason_that_is_none(self, reason: object) -> None:
        assert decoded(chunk({}, reason)) == []

    def test_the_reason_error_is_an_error(self) -> None:
        with pytest.raises(StreamError):
            decoded(text("x"), chunk({}, "error"))

    def test_the_reason_error_comes_with_the_words_in_its_choice(self) -> None:
        ended = {**choice({}, "error"), "error": {"code": 502, "message": "provider lost"}}
        with pytest.raises(StreamError) as caught:
            decoded(text("x"), {"choices": [ended]})
        assert caught.value.detail == "provider lost"

    def test_after_done_a_trailer_is_read_and_the_unknown_is_ignored(self) -> None:
        usage = {"choices": [], "usage": {"prompt_tokens": 1}}
        trailer = {"request_id": "r", "cost_usd": 0.1}
        events = closed(text("x"), "[DONE]", usage, trailer, "no json", {"error": "too late"})
        served = Metadata(request_id="r", cost=0.1, currency="usd")
        assert events == [TextDelta("x"), Finish("stop"), Usage(1), served]

    def test_a_trailer_may_be_glued_to_done(self) -> None:
        assert closed(text("x"), '[DONE]\n{"usage":{"prompt_tokens":1}}')[1:] == [Finish("stop"), Usage(1)]


class TestUsage:
    def test_in_the_finish_chunk_it_comes_before_the_end(self) -> None:
        events = decoded(text("x"), chunk({}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 2}))
        assert events[1:] == [Usage(1, 2), Finish("stop")]

    def test_in_a_chunk_with_an_empty_delta(self) -> None:
        assert decoded(chunk({}, None, usage={"completion_tokens": 2})) == [Usage(None, 2)]

    def test_under_x_groq(self) -> None:
        assert decoded(chunk({}, None, x_groq={"id": "r", "usage": {"prompt_tokens": 4}})) == [Usage(4)]

    def test_what_a_later_count_leaves_out_is_kept(self) -> None:
        counts = [{"prompt_tokens": 9}, {"completion_tokens": 2}]
        assert decoded(*[{"choices": [], "usage": usage} for usage in counts]) == [Usage(9), Usage(9, 2)]

    def test_cumulative_usage_ends_with_the_last(self) -> None:
        counts = [1, 2, 2, 3]
        events = decoded(*[chunk({}, None, usage={"completion_tokens": count}) for count in counts])
        assert events == [Usage(None, 1), Usage(None, 2), Usage(None, 3)]

    def test_details(self) -> None:
        usage = {
            "prompt_tokens": 9,
            "completion_tokens": 8.0,
            "prompt_tokens_details": {"cached_tokens": 7},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }
        assert decoded({"choices": [], "usage": usage}) == [Usage(9, 8, 7, 0)]

    def test_other_names(self) -> None:
        usage = {"input_tokens": 9, "output_tokens": 8, "prompt_cache_hit_tokens": 7}
        assert decoded({"choices": [], "usage": usage}) == [Usage(9, 8, 7)]

    @pytest.mark.parametrize(
        "nothing", [None, {}, [], "many", {"prompt_tokens": None}, {"prompt_tokens": "3"}]
    )
    def test_none(self, nothing: object) -> None:
        assert decoded(chunk({}, None, usage=nothing)) == []

    @pytest.mark.parametrize("number", ["-1", "1.5", "true", "1e999", "NaN", "1" + "0" * 400])
    def test_numbers_that_are_no_counts(self, number: str) -> None:
        assert decoded(f'{{"choices": [], "usage": {{"prompt_tokens": {number}}}}}') == []


class TestMetadata:
    def test_the_served_model_is_told_once(self) -> None:
        first = chunk({"content": "a"}, model="lab/model-1", provider="Lab")
        events = decoded(first, chunk({"content": "b"}, model="lab/model-2"))
        assert events == [Metadata(model="lab/model-1", provider="Lab"), TextDelta("a"), TextDelta("b")]


class TestSurrogates:
    def test_halves_in_two_pieces_become_one_character(self) -> None:
        assert said(decoded(r'{"choices":[{"delta":{"content":"a\ud83d"}}]}', text("\ude00b"))) == "a😀b"

    def test_a_first_half_alone(self) -> None:
        events = closed(text("a\ud83d"), text("b"), text("c\ud83d"), chunk({}, "stop"))
        assert events == [*map(TextDelta, ["a", "\ufffdb", "c", "\ufffd"]), Finish("stop")]

    def test_a_second_half_alone(self) -> None:
        assert said(decoded(text("\ude00b"))) == "\ufffdb"

    def test_half_of_an_interrupted_answer(self) -> None:
        assert closed(text("\ud83d")) == [TextDelta("\ufffd"), Finish("interrupted")]

    def test_text_and_reasoning_are_joined_apart(self) -> None:
        events = closed(
            chunk({"reasoning": "\ud83d"}), text("\ud83d"), chunk({"reasoning": "\ude00"}), text("\ude01")
        )
        assert (thought(events), said(events)) == ("😀", "😁")

    def test_in_tool_calls_and_names(self) -> None:
        first = {"index": 0, "id": "a\ud800", "function": {"name": "f\udfff", "arguments": "\ud83d"}}
        second = {"index": 0, "function": {"arguments": "\ude00"}}
        events = decoded(chunk({"tool_calls": [first]}), chunk({"tool_calls": [second]}))
        assert events == [ToolCallDelta(0, "a\ufffd", "f\ufffd", ""), ToolCallDelta(0, None, None, "😀")]

    def test_nul_is_replaced_too(self) -> None:
        assert said(decoded(text("a\0b"))) == "a\ufffdb"

    @given(st.lists(st.text(st.sampled_from("a\0é😀\ud83d\ude00\ud800\udfff"), max_size=4), max_size=8))
    def test_whatever_comes_out_can_be_stored(self, pieces: list[str]) -> None:
        words = said(closed(*map(text, pieces)))
        expected = "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        assert words == expected.replace("\0", "\ufffd")
        words.encode()


class TestErrors:
    @pytest.mark.parametrize(
        ("payload", "detail", "status"),
        [
            ({"error": {"message": "out of memory", "code": "500", "type": None}}, "out of memory", 500),
            (
                {"error": {"message": "slow down", "code": 429, "metadata": {}}, "choices": []},
                "slow down",
                429,
            ),
            (
                {"error": {"message": "bad tool", "code": "tool_use_failed", "status_code": 400}},
                "bad tool",
                400,
            ),
            ({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, "busy", None),
            ({"error": "no provider left"}, "no provider left", None),
            ({"error": {"code": 400}, "usage": {"prompt_tokens": 1}}, None, 400),
            ({"object": "error", "message": "too long", "code": 400}, "too long", 400),
            ({"error": ["strange"]}, "strange", None),
            ({"error": {"error": {"message": "deep"}}}, "deep", None),
        ],
    )
    def test_shapes(self, payload: dict[str, Any], detail: str | None, status: int | None) -> None:
        with pytest.raises(StreamError) as caught:
            decoded(text("x"), payload)
        assert (caught.value.detail, caught.value.status) == (detail, status)

    @pytest.mark.parametrize(
        "data", ['{"message": "no luck"}', '{"error": {"message": "no luck"}}', "no luck"]
    )
    def test_events_named_error(self, data: str) -> None:
        with pytest.raises(StreamError) as caught:
            StreamDecoder().feed(ServerSentEvent("error", data))
        assert caught.value.detail == "no luck"

    def test_the_key_is_not_quoted(self) -> None:
        decoder = StreamDecoder(secret="my-own-key")
        with pytest.raises(StreamError) as caught:
            decoder.feed(as_event({"error": "my-own-key and sk-abcdefgh are wrong"}))
        assert caught.value.detail == "[key] and [key] are wrong"

    @pytest.mark.parametrize("empty", [None, {}, "", False])
    def test_an_empty_error_is_none(self, empty: object) -> None:
        assert decoded({**text("x"), "error": empty}) == [TextDelta("x")]

    def test_garbage_in_place_of_an_api(self) -> None:
        with pytest.raises(NotAnAPI):
            decoded("<html>")

    def test_garbage_after_the_end_harms_nothing(self) -> None:
        assert closed(text("x"), chunk({}, "stop"), "<html>") == [TextDelta("x"), Finish("stop")]

    def test_an_error_after_the_reason_is_still_an_error(self) -> None:
        with pytest.raises(StreamError):
            decoded(text("x"), chunk({}, "length"), {"error": {"code": 400}})

    def test_garbage_in_the_middle(self) -> None:
        with pytest.raises(StreamError):
            decoded(text("x"), '{"choices": [')


class TestUnknown:
    @pytest.mark.parametrize("payload", ["", " ", "null", "[]", "7", '"words"', {}, {"timings": {}}])
    def test_data_that_is_nothing_we_know(self, payload: Any) -> None:
        assert decoded(payload) == []

    def test_named_events_without_json(self) -> None:
        assert StreamDecoder().feed(ServerSentEvent("ping", "now")) == []

    def test_it_is_logged_once_and_without_content(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, "chat_ui.gateway"):
            for _ in range(3):
                decoder = StreamDecoder()
                decoder.feed(as_event({"surprise": "private words"}, "test.unheard"))
        assert len(caplog.records) == 1
        assert "test.unheard" in caplog.text
        assert "surprise" in caplog.text
        assert "private words" not in caplog.text

    def test_so_are_fields_of_what_is_known(self, caplog: pytest.LogCaptureFixture) -> None:
        strange = {
            "choices": [{"index": 0, "delta": {"content": "Hi", "mood": "private"}, "shape": "private"}],
            "weather": "private",
        }
        with caplog.at_level(logging.INFO, "chat_ui.gateway"):
            for _ in range(3):
                assert decoded(strange) == [TextDelta("Hi")]
        assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
            "field weather in a chunk",
            "field shape in a choice",
            "field mood in a delta",
        ]
        assert "private" not in caplog.text

    def test_names_that_may_be_content_are_not_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, "chat_ui.gateway"):
            decoder = StreamDecoder()
            decoder.feed(as_event({"what she said to me": 1, "a" * 41: 2}, "a whole sentence"))
        assert len(caplog.records) == 1
        assert "said" not in caplog.text
        assert "sentence" not in caplog.text
        assert "aaa" not in caplog.text

    def test_a_gateway_that_makes_names_up_fills_no_log(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, "chat_ui.gateway"):
            for number in range(1000):
                StreamDecoder().feed(as_event({f"made-up-{number}": 1}))
        assert len(caplog.records) == 256

    @pytest.mark.parametrize("name", STREAMS)
    def test_recorded_streams_hold_few_surprises(self, name: str, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, "chat_ui.gateway"):
            sse, decoder = SSEDecoder(), StreamDecoder()
            with suppress(GatewayError):
                for event in [*sse.feed(STREAMS[name]), *sse.close()]:
                    decoder.feed(event)
        assert len(caplog.records) == ("an unknown event" in name)


FIELDS = [
    "choices",
    "delta",
    "content",
    "index",
    "usage",
    "error",
    "tool_calls",
    "function",
    "arguments",
    "id",
    "name",
    "message",
    "finish_reason",
    "reasoning",
    "model",
    "x_groq",
    "prompt_tokens",
    "code",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=4))
def test_no_json_crashes_it(payloads: list[Any]) -> None:
    try:
        events = closed(*[json.dumps(payload) for payload in payloads])
    except GatewayError:
        return
    assert len(ends(events)) == 1
    for event in events:
        repr(event).encode()


@given(
    st.binary(max_size=80), st.sampled_from([b"", b"data: ", b"event: error\ndata: ", b'data: {"choices":'])
)
def test_no_bytes_crash_it(garbage: bytes, before: bytes) -> None:
    sse, decoder = SSEDecoder(), StreamDecoder()
    try:
        for event in [*sse.feed(before + garbage + b"\n\n"), *sse.close()]:
            decoder.feed(event)
        decoder.close()
    except GatewayError:
        pass
