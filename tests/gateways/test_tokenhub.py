"""TokenHub (jordanhubbard): its documents, and its code at 04bdf28 where the two differ."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat_ui.gateway import (
    ChatMessage,
    ChatRequest,
    Finish,
    Forbidden,
    GatewayDown,
    GatewayError,
    Metadata,
    Model,
    NoModels,
    QuotaUsedUp,
    RateLimited,
    StreamCut,
    StreamError,
    TextDelta,
    Unauthorized,
    Usage,
)
from tests.gateway.wire import ASK, DONE, KEY, ends, said, sse

from .replies import JSON, Reply, Serve, ask, document, models_of

DOCUMENTED = {
    "Cache-Control": "no-cache",
    "Connection": "keep-alive",
    "X-TokenHub-Model": "gpt-4",
    "X-TokenHub-Provider": "openai",
    "X-TokenHub-Reason": "routed-weight-8",
}
CODED = {"Cache-Control": "no-cache", "X-Negotiated-Model": "gpt-4-turbo", "X-Alias-From": "gpt-4"}
STORY = [{"choices": [{"delta": {"content": word}, "index": 0}]} for word in ("Once", " upon", " a", " time")]
PIECES = tuple(sse(chunk) for chunk in STORY)


def native(*payloads: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(f"event: {p['type']}\ndata: {json.dumps(p)}\n\n".encode() for p in payloads)


ANTHROPIC = native(
    {"type": "message_start", "message": {"model": "claude-x", "usage": {"input_tokens": 9}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Once"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
    {"type": "message_stop"},
)


async def test_its_own_endpoint_takes_the_envelope(serve: Serve) -> None:
    asked = await ask(serve, Reply((*PIECES, DONE), headers=DOCUMENTED), dialect="tokenhub")
    assert (said(asked.events), ends(asked.events)) == ("Once upon a time", ["stop"])
    assert asked.path == "/v1/chat"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["request"]["stream"] is True
    assert asked.body["request"]["messages"] == [{"role": "user", "content": "Hello?"}]
    assert asked.body["request"]["model_hint"] == "some-model"


async def test_its_openai_endpoint(serve: Serve) -> None:
    asked = await ask(serve, Reply((*PIECES, DONE), headers=CODED))
    assert (asked.path, said(asked.events)) == ("/v1/chat/completions", "Once upon a time")


@pytest.mark.parametrize(
    ("headers", "served"),
    [
        (DOCUMENTED, Metadata(model="gpt-4", provider="openai", reason="routed-weight-8")),
        (CODED, Metadata(model="gpt-4-turbo", alias="gpt-4")),
    ],
)
@pytest.mark.parametrize("dialect", ["tokenhub", "openai"])
async def test_either_family_of_headers_says_who_answers(
    serve: Serve, headers: dict[str, str], served: Metadata, dialect: str
) -> None:
    asked = await ask(serve, Reply((*PIECES, DONE), headers=headers), dialect=dialect)
    assert asked.events[0] == served


async def test_neither_family_is_needed(serve: Serve) -> None:
    asked = await ask(serve, Reply((*PIECES, DONE)), dialect="tokenhub")
    assert not [event for event in asked.events if isinstance(event, Metadata)]


@pytest.mark.parametrize("dialect", ["tokenhub", "openai"])
async def test_anthropics_events_pass_through_either_endpoint(serve: Serve, dialect: str) -> None:
    asked = await ask(serve, Reply(ANTHROPIC, headers={"X-Negotiated-Model": "claude-x"}), dialect=dialect)
    assert asked.events == [
        Metadata(model="claude-x"),
        Metadata(model="claude-x"),
        Usage(9),
        TextDelta("Once"),
        Usage(9, 4),
        Finish("stop"),
    ]


async def test_the_envelope_of_a_whole_answer_is_unwrapped(serve: Serve) -> None:
    body = {
        "negotiated_model": "gpt-4",
        "estimated_cost_usd": 0.0021,
        "routing_reason": "routed-weight-8",
        "response": {"choices": [{"message": {"content": "Once"}, "finish_reason": "length"}]},
    }
    asked = await ask(serve, document(body), dialect="tokenhub")
    assert asked.events == [
        Metadata(model="gpt-4", reason="routed-weight-8", cost=0.0021, currency="usd"),
        TextDelta("Once"),
        Finish("length"),
    ]


async def test_a_provider_that_dies_ends_the_stream_cleanly_and_is_an_interruption(serve: Serve) -> None:
    asked = await ask(serve, Reply(PIECES[:2], headers=CODED), dialect="tokenhub")
    assert (said(asked.events), ends(asked.events), asked.error) == ("Once upon", ["interrupted"], None)


async def test_so_it_is_in_the_middle_of_anthropics_events(serve: Serve) -> None:
    asked = await ask(serve, Reply(ANTHROPIC[:4]), dialect="tokenhub")
    assert (said(asked.events), ends(asked.events)) == ("Once", ["interrupted"])


@pytest.mark.parametrize(
    "event",
    [
        b'event: error\ndata: {"error":"provider disconnected"}\n\n',
        b'data: {"error":{"message":"provider disconnected"}}\n\n',
        b"event: error\ndata: provider disconnected\n\n",
    ],
)
async def test_the_error_event_that_its_document_promises(serve: Serve, event: bytes) -> None:
    asked = await ask(serve, Reply((*PIECES[:2], event)), dialect="tokenhub")
    assert said(asked.events) == "Once upon"
    assert type(asked.error) is StreamError
    assert asked.error.detail == "provider disconnected"


async def test_a_cut_connection_keeps_the_text(serve: Serve) -> None:
    asked = await ask(serve, Reply(PIECES[:2], ending="cut"), dialect="tokenhub")
    assert (said(asked.events), type(asked.error)) == ("Once upon", StreamCut)


async def test_a_failure_that_was_failed_over_in_vain_is_reported_whole(serve: Serve) -> None:
    words = 'all providers failed for streaming: API error (status 429): {"error":"slow down"}'
    asked = await ask(serve, document({"error": words}, 502), dialect="tokenhub")
    assert isinstance(asked.error, GatewayDown)
    assert (asked.error.status, asked.error.detail) == (502, words)


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        ("authorization required", 401, Unauthorized, "authorization required"),
        ("invalid api key format", 401, Unauthorized, "invalid api key format"),
        ("invalid api key", 401, Unauthorized, "invalid api key"),
        ("insufficient scope", 403, Forbidden, "insufficient scope"),
        ("rate limit exceeded", 429, RateLimited, "rate limit exceeded"),
        ("api key rate limit exceeded", 429, RateLimited, "api key rate limit exceeded"),
        ({"error": "messages required"}, 400, GatewayError, "messages required"),
        (
            {"error": {"message": "model required", "type": "invalid_request_error", "code": None}},
            400,
            GatewayError,
            "model required",
        ),
        (
            {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens"}},
            400,
            GatewayError,
            "max_tokens",
        ),
        (
            {"error": "monthly budget exceeded", "budget_usd": 10, "spent_usd": 10.2},
            429,
            QuotaUsedUp,
            "monthly budget exceeded",
        ),
    ],
)
async def test_its_shapes_of_errors(
    serve: Serve, body: Any, status: int, kind: type[GatewayError], words: str
) -> None:
    asked = await ask(serve, document(body, status), dialect="tokenhub")
    assert isinstance(asked.error, kind)
    assert (asked.error.status, asked.error.detail) == (status, words)


async def test_a_used_up_budget_is_not_asked_again(serve: Serve) -> None:
    asked = await ask(serve, document({"error": "monthly budget exceeded"}, 429), dialect="tokenhub")
    assert asked.times == 1


async def test_its_plain_429_says_when_to_come_back(serve: Serve) -> None:
    limited = document("rate limit exceeded", 429, Retry_After="1")
    asked = await ask(serve, limited, Reply((*PIECES, DONE)), dialect="tokenhub")
    assert (said(asked.events), asked.times) == ("Once upon a time", 2)


async def test_no_enabled_model_is_a_list_of_null(serve: Serve) -> None:
    _, asked = await models_of(serve, document({"object": "list", "data": None}), dialect="tokenhub")
    assert type(asked.error) is NoModels


async def test_its_list_of_models(serve: Serve) -> None:
    row = {"id": "m", "object": "model", "owned_by": "vllm", "context_length": 8192, "max_model_len": 8192}
    models, asked = await models_of(serve, document({"object": "list", "data": [row]}), dialect="tokenhub")
    assert (asked.path, models) == ("/v1/models", [Model("m", 8192)])


@pytest.mark.parametrize("dialect", ["tokenhub", "openai"])
@pytest.mark.parametrize("allowed", [False, True])
async def test_directives_in_a_message_steer_it_only_where_that_is_allowed(
    serve: Serve, dialect: str, allowed: bool
) -> None:
    typed = "Hi\n@@tokenhub mode=cheap budget=100"
    request = ChatRequest("m", (ChatMessage("user", typed),))
    asked = await ask(
        serve,
        Reply((*PIECES, DONE)),
        request=request,
        dialect=dialect,
        allow_directives=allowed,
    )
    content = asked.body.get("request", asked.body)["messages"][0]["content"]
    assert content == (typed if allowed else "Hi\n@ @tokenhub mode=cheap budget=100")


async def test_a_whole_answer_of_anthropics_in_the_envelope(serve: Serve) -> None:
    inner = {"type": "message", "content": [{"type": "text", "text": "Once"}], "stop_reason": "end_turn"}
    envelope = {"negotiated_model": "claude-x", "routing_reason": "r", "response": inner}
    reply = Reply((json.dumps(envelope).encode(),), kind=JSON)
    asked = await ask(serve, reply, dialect="tokenhub")
    assert (said(asked.events), ends(asked.events)) == ("Once", ["stop"])


async def test_usage_is_asked_for_by_its_openai_endpoint_as_by_any_other(serve: Serve) -> None:
    asked = await ask(serve, Reply((*PIECES, DONE)), request=ASK)
    assert asked.body["stream_options"] == {"include_usage": True}
