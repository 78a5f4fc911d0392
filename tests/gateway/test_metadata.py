"""What comes beside an answer: in headers, in an envelope, after the end."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from chat_ui.gateway import (
    Finish,
    Metadata,
    ServerSentEvent,
    StreamDecoder,
    StreamError,
    StreamEvent,
    TextDelta,
    Usage,
)
from chat_ui.gateway.metadata import events_in_headers

from .wire import DONE, answer, answering, as_event, chunk, decoded, sse, text


class TestHeaders:
    @pytest.mark.parametrize(
        ("headers", "event"),
        [
            ({"X-Request-ID": "r"}, Metadata(request_id="r")),
            ({"request-id": "r"}, Metadata(request_id="r")),
            ({"x-litellm-call-id": "r"}, Metadata(request_id="r")),
            ({"X-Model": "m"}, Metadata(model="m")),
            ({"X-AiAnd-Model": "m"}, Metadata(model="m")),
            ({"X-Negotiated-Model": "m", "X-Alias-From": "a"}, Metadata(model="m", alias="a")),
            (
                {"X-TokenHub-Model": "m", "X-TokenHub-Provider": "p", "X-TokenHub-Reason": "routed-weight-8"},
                Metadata(model="m", provider="p", reason="routed-weight-8"),
            ),
            ({"X-Cost": "0.25", "X-Cost-Currency": "JPY"}, Metadata(cost=0.25, currency="jpy")),
            ({"X-Cost": "0.25"}, Metadata(cost=0.25, currency="usd")),
            ({"X-AiAnd-Cost-USD": "0.25"}, Metadata(cost=0.25, currency="usd")),
            ({"x-litellm-response-cost": "2.5e-05"}, Metadata(cost=2.5e-05, currency="usd")),
            ({"X-AiAnd-Input-Tokens": "7", "X-AiAnd-Output-Tokens": "2"}, Usage(7, 2)),
        ],
    )
    def test_names(self, headers: dict[str, str], event: StreamEvent) -> None:
        assert events_in_headers(httpx.Headers(headers)) == [event]

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"x-request-id": " "},
            {"x-cost": "0", "x-cost-currency": "usd", "x-aiand-output-tokens": "0"},
            {"x-litellm-response-cost": "0.0"},
            {"x-cost": "free"},
            {"x-cost": "-1"},
            {"x-cost": "1e999"},
            {"x-cost": "NaN"},
            {"x-aiand-input-tokens": "many"},
            {"x-aiand-input-tokens": "9" * 400},
        ],
    )
    def test_what_says_nothing(self, headers: dict[str, str]) -> None:
        assert events_in_headers(httpx.Headers(headers)) == []

    async def test_they_come_before_the_answer(self) -> None:
        stream = sse(text("Hi"), chunk({}, "stop")) + DONE
        events = await answer(answering(stream, x_request_id="r", x_model="lab/m"))
        assert events[:2] == [Metadata(request_id="r", model="lab/m"), TextDelta("Hi")]


OLD = {"request_id": "r", "cost_usd": 0.000018, "model": "lab/m"}
NEW = {
    "tokens": {"input": 7, "output": 2, "total": 9, "cached": 3},
    "cost": 0.000018,
    "currency": "usd",
    "ttft_ms": 120,
    "inference_ms": 850,
}


def after_done(data: str, name: str = "message") -> list[StreamEvent]:
    decoder = StreamDecoder()
    decoder.feed(as_event(text("x")))
    decoder.feed(as_event("[DONE]"))
    return decoder.feed(ServerSentEvent(name, data)) + decoder.close()


class TestTrailers:
    @pytest.mark.parametrize("name", ["aiand.metadata", "message"])
    def test_the_older_generation(self, name: str) -> None:
        served = Metadata(request_id="r", model="lab/m", cost=0.000018, currency="usd")
        assert after_done(json.dumps(OLD), name) == [served]

    def test_the_older_generation_with_usage(self) -> None:
        usage = {
            "prompt_tokens": 7,
            "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 3},
            "completion_tokens_details": {"reasoning_tokens": 1},
        }
        assert after_done(json.dumps({**OLD, "usage": usage}), "aiand.metadata")[0] == Usage(7, 2, 3, 1)

    @pytest.mark.parametrize("name", ["metrics", "message"])
    def test_the_newer_generation(self, name: str) -> None:
        assert after_done(json.dumps(NEW), name) == [Usage(7, 2, 3), Metadata(cost=0.000018, currency="usd")]

    def test_another_currency_and_a_cost_as_a_string(self) -> None:
        told = after_done(json.dumps({"cost": "0.25", "currency": "JPY"}), "metrics")
        assert told == [Metadata(cost=0.25, currency="jpy")]

    @pytest.mark.parametrize("name", ["aiand.metadata", "message"])
    def test_glued_to_done(self, name: str) -> None:
        decoder = StreamDecoder()
        decoder.feed(as_event(text("x")))
        events = decoder.feed(ServerSentEvent(name, "[DONE]\n" + json.dumps(OLD)))
        served = Metadata(request_id="r", model="lab/m", cost=0.000018, currency="usd")
        assert events == [Finish("stop"), served]

    def test_what_the_counts_before_knew_more_of_is_kept(self) -> None:
        usage = {"prompt_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 5}}
        decoder = StreamDecoder()
        decoder.feed(as_event({"choices": [], "usage": usage}))
        decoder.feed(as_event("[DONE]"))
        assert decoder.feed(ServerSentEvent("metrics", json.dumps(NEW)))[0] == Usage(7, 2, 3, 5)

    def test_after_message_stop(self) -> None:
        decoder = StreamDecoder()
        decoder.feed(as_event({"type": "message_stop"}))
        assert decoder.feed(as_event(OLD))[0] == Metadata("r", "lab/m", None, None, 0.000018, "usd")

    @pytest.mark.parametrize("data", ["{}", "[]", "null", "", "no json", '{"tokens": 3, "cost": null}'])
    def test_one_that_says_nothing(self, data: str) -> None:
        assert after_done(data, "aiand.metadata") == []

    async def test_on_the_wire(self) -> None:
        trailer = b"event: aiand.metadata\ndata: " + json.dumps(OLD).encode() + b"\n\n"
        events = await answer(answering(sse(text("Hi"), chunk({}, "stop")) + DONE + trailer))
        served = Metadata(request_id="r", model="lab/m", cost=0.000018, currency="usd")
        assert events == [TextDelta("Hi"), Finish("stop"), served]


class TestCost:
    def test_openrouter_has_it_among_the_usage(self) -> None:
        usage = {"prompt_tokens": 7, "completion_tokens": 2, "cost": 0.00014, "is_byok": False}
        assert decoded({"choices": [], "usage": usage}) == [
            Usage(7, 2),
            Metadata(cost=0.00014, currency="usd"),
        ]

    def test_a_cost_that_grows_is_told_anew_and_the_same_one_only_once(self) -> None:
        costs = [chunk({}, None, usage={"cost": cost}) for cost in (0.1, 0.1, 0.2)]
        assert decoded(*costs) == [Metadata(cost=cost, currency="usd") for cost in (0.1, 0.2)]

    @pytest.mark.parametrize("cost", [None, "free", -1, True, [], float("nan")])
    def test_none(self, cost: object) -> None:
        assert decoded(chunk({}, None, usage={"cost": cost})) == []


class TestEnvelopes:
    ENVELOPE: dict[str, Any] = {  # noqa: RUF012
        "negotiated_model": "gpt-4",
        "estimated_cost_usd": 0.0021,
        "routing_reason": "routed-weight-8",
    }
    SERVED = Metadata(model="gpt-4", reason="routed-weight-8", cost=0.0021, currency="usd")

    async def test_around_openais_message(self) -> None:
        inner = {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
        body = json.dumps({**self.ENVELOPE, "response": inner})
        events = await answer(answering(body, kind="application/json"))
        assert events == [self.SERVED, TextDelta("Hi"), Finish("stop")]

    async def test_around_anthropics_message(self) -> None:
        inner = {
            "type": "message",
            "model": "claude-x",
            "content": [{"type": "text", "text": "Hi"}],
            "stop_reason": "max_tokens",
        }
        body = json.dumps({**self.ENVELOPE, "response": inner})
        events = await answer(answering(body, kind="application/json"))
        assert events == [self.SERVED, Metadata(model="claude-x"), TextDelta("Hi"), Finish("length")]

    def test_around_an_error(self) -> None:
        with pytest.raises(StreamError) as caught:
            decoded({**self.ENVELOPE, "response": {"error": {"message": "no luck"}}})
        assert caught.value.detail == "no luck"
