"""ai& (aiand): docs.aiand.com, aiandlabs/aiand-cli and aiand-python."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from decimal import Decimal

import pytest

from chat_ui.gateway import (
    BadRequest,
    Capabilities,
    Finish,
    Gateway,
    GatewayProfile,
    Metadata,
    Model,
    PaymentRequired,
    Prices,
    RateLimited,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    TooManyAtOnce,
    Usage,
    Waiting,
)
from tests.gateway.wire import ASK, DONE, HASTY, SSE_HEAD, Peer, ends, said, sse

from .replies import Reply, Serve, ask, document, models_of

# As recorded in aiand-python's tests/cassettes/chat_completion.yaml.
HEADERS = {
    "X-Request-ID": "req_1",
    "X-Model": "openai/gpt-oss-120b",
    "X-Org-ID": "org_1",
    "X-Processing-Ms": "12",
    "X-RateLimit-Limit": "1000",
    "X-RateLimit-Remaining": "999",
}
EARLY = Metadata(request_id="req_1", model="openai/gpt-oss-120b")
HELLO = (
    sse({"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}], "usage": None}),
    sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None}),
)
USAGE = sse({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}})
OLD = json.dumps({"request_id": "req_1", "cost_usd": 0.000018, "model": "openai/gpt-oss-120b"}).encode()
METRICS = {
    "tokens": {"input": 7, "output": 2, "total": 9, "cached": 3},
    "cost": 0.000018,
    "currency": "usd",
    "ttft_ms": 120,
    "inference_ms": 850,
}
NEW = json.dumps(METRICS).encode()
COST = Metadata(cost=0.000018, currency="usd")
WHOLE = Metadata("req_1", "openai/gpt-oss-120b", None, None, 0.000018, "usd")


async def test_usage_is_asked_for_and_comes(serve: Serve) -> None:
    asked = await ask(serve, Reply((*HELLO, USAGE, DONE), headers=HEADERS))
    assert asked.body["stream_options"] == {"include_usage": True}
    assert asked.events == [EARLY, TextDelta("Hi"), Finish("stop"), Usage(7, 2)]


async def test_the_headers_of_its_documents_come_before_the_answer(serve: Serve) -> None:
    headers = {
        "X-Request-ID": "req_1",
        "X-AiAnd-Org-ID": "org_1",
        "X-AiAnd-Model": "openai/gpt-oss-120b",
        "X-AiAnd-Cost-USD": "0.000018",
        "X-AiAnd-Input-Tokens": "7",
        "X-AiAnd-Output-Tokens": "2",
    }
    asked = await ask(serve, Reply((*HELLO, DONE), headers=headers))
    assert asked.events == [WHOLE, Usage(7, 2), TextDelta("Hi"), Finish("stop")]


async def test_reading_goes_on_after_the_reader_was_told_of_the_end(serve: Serve) -> None:
    told = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.send(SSE_HEAD)
        await peer.send_chunk(b"".join(HELLO) + DONE)
        await told.wait()
        await peer.send_chunk(b"event: metrics\ndata: " + NEW + b"\n\n")
        await peer.send_chunk(b"")

    server = await serve(script)
    gateway = Gateway(GatewayProfile("test", server.base_url), patience=HASTY)
    events: list[StreamEvent] = []
    async for event in gateway.stream(ASK):
        events.append(event)
        if isinstance(event, Finish):
            told.set()
    await gateway.aclose()
    assert events == [TextDelta("Hi"), Finish("stop"), Usage(7, 2, 3), COST]


async def test_the_older_trailer_after_done(serve: Serve) -> None:
    trailer = b"event: aiand.metadata\ndata: " + OLD + b"\n\n"
    asked = await ask(serve, Reply((*HELLO, DONE, trailer), headers=HEADERS))
    assert asked.events == [EARLY, TextDelta("Hi"), Finish("stop"), WHOLE]


async def test_the_older_trailer_on_the_line_after_done(serve: Serve) -> None:
    glued = b"data: [DONE]\nevent: aiand.metadata\ndata: " + OLD + b"\n\n"
    asked = await ask(serve, Reply((*HELLO, glued), headers=HEADERS))
    assert asked.events == [EARLY, TextDelta("Hi"), Finish("stop"), WHOLE]


async def test_the_newer_trailer_comes_where_its_header_was_sent(serve: Serve) -> None:
    trailer = b"event: metrics\ndata: " + NEW + b"\n\n"
    asked = await ask(
        serve, Reply((*HELLO, DONE, trailer), headers=HEADERS), extra_headers={"X-Aiand-Metrics": "true"}
    )
    assert asked.headers["x-aiand-metrics"] == "true"
    assert asked.events == [EARLY, TextDelta("Hi"), Finish("stop"), Usage(7, 2, 3), COST]


async def test_its_header_is_sent_only_where_the_profile_says_so(serve: Serve) -> None:
    assert "x-aiand-metrics" not in (await ask(serve, Reply((*HELLO, DONE)))).headers


async def test_the_trailer_without_its_blank_line_at_the_close(serve: Serve) -> None:
    trailer = b"event: metrics\ndata: " + NEW
    asked = await ask(serve, Reply((*HELLO, DONE, trailer), ending="close"))
    assert asked.events == [TextDelta("Hi"), Finish("stop"), Usage(7, 2, 3), COST]


async def test_no_trailer_at_all(serve: Serve) -> None:
    asked = await ask(serve, Reply((*HELLO, DONE), headers=HEADERS))
    assert asked.events == [EARLY, TextDelta("Hi"), Finish("stop")]


async def test_a_trailer_that_is_cut_off_harms_nothing(serve: Serve) -> None:
    asked = await ask(serve, Reply((*HELLO, DONE, b"event: metrics\ndata: " + NEW[:20]), ending="cut"))
    assert (asked.events, asked.error) == ([TextDelta("Hi"), Finish("stop")], None)


async def test_a_trailer_after_message_stop(serve: Serve) -> None:
    stop = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    words = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}
    trailer = b"event: aiand.metadata\ndata: " + OLD + b"\n\n"
    asked = await ask(serve, Reply((sse(words), stop, trailer)), dialect="anthropic")
    assert asked.events == [TextDelta("Hi"), Finish("stop"), WHOLE]


async def test_the_cost_in_the_headers_of_a_whole_answer(serve: Serve) -> None:
    # Recorded: vLLM's own fields, and an answer that is reasoning alone because its tokens ran out.
    message = {"role": "assistant", "content": None, "reasoning": "Hm", "tool_calls": []}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": "length", "stop_reason": None}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2},
        "kv_transfer_params": None,
    }
    reply = document(body, X_Cost="0.000018", X_Cost_Currency="usd", X_Empty_Completion="reasoning_only")
    asked = await ask(serve, reply)
    assert asked.events == [COST, ReasoningDelta("Hm"), Usage(7, 2), Finish("length")]


@pytest.mark.parametrize("policy", ["concurrency", "global_concurrency"])
async def test_too_many_streams_at_once(serve: Serve, policy: str) -> None:
    body = {"error": {"message": "Too many", "type": "rate_limit_error", "param": None, "code": None}}
    asked = await ask(serve, document(body, 429, X_RateLimit_Policy=policy))
    assert type(asked.error) is TooManyAtOnce
    assert asked.error.retry_after is None


async def test_it_is_asked_again_once_one_of_our_own_has_ended(serve: Serve) -> None:
    may_end = asyncio.Event()

    async def script(peer: Peer) -> None:
        if len(server.requests) == 2:
            await document({"error": "Too many"}, 429, X_RateLimit_Policy="concurrency").send(peer)
            return
        await peer.send(SSE_HEAD)
        await peer.send_chunk(HELLO[0])
        if len(server.requests) == 1:
            await may_end.wait()
        await peer.send_chunk(HELLO[1] + DONE)
        await peer.send_chunk(b"")

    server = await serve(script)
    gateway = Gateway(GatewayProfile("test", server.base_url), patience=HASTY)
    async with aclosing(gateway.stream(ASK)) as first, aclosing(gateway.stream(ASK)) as second:
        assert await anext(first) == TextDelta("Hi")
        assert await anext(second) == Waiting(None, TooManyAtOnce.summary)
        may_end.set()
        assert [event async for event in first] == [Finish("stop")]
        assert [event async for event in second] == [TextDelta("Hi"), Finish("stop")]
    assert len(server.requests) == 3
    await gateway.aclose()


@pytest.mark.parametrize("policy", ["rpm", "global_rpm", "input_tpm", "output_tpm"])
async def test_other_limits_name_the_wait(serve: Serve, policy: str) -> None:
    body = {"error": {"message": "Too fast", "type": "rate_limit_error", "param": None, "code": None}}
    asked = await ask(serve, document(body, 429, X_RateLimit_Policy=policy, Retry_After="3"))
    assert type(asked.error) is RateLimited
    assert asked.error.retry_after == 3


async def test_used_up_credits_are_no_x402(serve: Serve) -> None:
    body = {"error": {"message": "No credits", "type": "insufficient_credits", "param": None, "code": None}}
    asked = await ask(serve, document(body, 402))
    assert (type(asked.error), asked.times) == (PaymentRequired, 1)


async def test_a_model_that_can_not_do_it(serve: Serve) -> None:
    body = {
        "error": {
            "message": "No vision",
            "type": "invalid_request_error",
            "param": None,
            "code": "model_capability_mismatch",
        }
    }
    asked = await ask(serve, document(body, 400))
    assert isinstance(asked.error, BadRequest)
    assert asked.error.detail == "No vision"


async def test_its_list_of_models_has_prices_as_strings(serve: Serve) -> None:
    row = {
        "id": "zai/glm-5",
        "owned_by": "zai",
        "context_window": 202752,
        "capabilities": ["reasoning", "tool_calling"],
        "reasoning_efforts": ["none", "high"],
        "currency": "usd",
        "input_per_1m": "0.60",
        "output_per_1m": "2.20",
        "cached_input_per_1m": "0.11",
    }
    models, asked = await models_of(serve, document({"object": "list", "data": [row]}))
    assert asked.path == "/v1/models"
    assert models == [
        Model(
            "zai/glm-5",
            202752,
            capabilities=Capabilities(vision=False, tools=True, reasoning=True),
            prices=Prices(Decimal("0.60"), Decimal("2.20")),
        )
    ]


async def test_an_answer_is_whole_though_nothing_follows_the_text(serve: Serve) -> None:
    asked = await ask(serve, Reply((HELLO[0], DONE)))
    assert (said(asked.events), ends(asked.events)) == ("Hi", ["stop"])
