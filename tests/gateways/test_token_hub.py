"""token-hub (sandboxclaw): what its authors wrote about it, and tokenhub.sandboxclaw.com/docs."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from chat_ui.gateway import (
    Finish,
    Gateway,
    GatewayDown,
    GatewayProfile,
    Model,
    PaymentRequired,
    RateLimited,
    StreamCut,
    TextDelta,
    Unauthorized,
)
from tests.gateway.wire import ASK, DONE, HASTY, KEY, Peer, ends, said, sse

from .replies import Reply, Serve, ask, document, models_of


def piece(content: str | None = None, finish: str | None = None) -> dict[str, object]:
    delta = {} if content is None else {"content": content}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "moonshot-v1-8k",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


HELLO = (sse(piece("Hel")), b": keep-alive\n\n", sse(piece("lo")))
END = sse(piece(None, "stop"))


def error(kind: str, code: str, message: str) -> dict[str, object]:
    return {"error": {"type": kind, "code": code, "message": message}}


async def test_it_is_openai_compatible_and_asked_with_the_key(serve: Serve) -> None:
    asked = await ask(serve, Reply((*HELLO, END, DONE)))
    assert said(asked.events) == "Hello"
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["stream"] is True


async def test_done_ends_an_answer(serve: Serve) -> None:
    assert (await ask(serve, Reply((*HELLO, DONE)))).events[-1] == Finish("stop")


@pytest.mark.parametrize("ending", ["chunked", "close"])
async def test_a_plain_close_after_the_reason_ends_an_answer(serve: Serve, ending: str) -> None:
    asked = await ask(serve, Reply((*HELLO, END), ending=ending))
    assert (said(asked.events), ends(asked.events), asked.error) == ("Hello", ["stop"], None)


@pytest.mark.parametrize("ending", ["chunked", "close"])
async def test_a_plain_close_without_any_sign_is_an_interruption(serve: Serve, ending: str) -> None:
    asked = await ask(serve, Reply(HELLO, ending=ending))
    assert (said(asked.events), ends(asked.events)) == ("Hello", ["interrupted"])


async def test_a_cut_keeps_what_came(serve: Serve) -> None:
    asked = await ask(serve, Reply(HELLO, ending="cut"))
    assert said(asked.events) == "Hello"
    assert type(asked.error) is StreamCut


async def test_keep_alives_are_ignored(serve: Serve) -> None:
    beats = (b": keep-alive\n\n", b"\n", b":\n\n", b": ping\r\n\r\n")
    asked = await ask(serve, Reply((*beats, *HELLO, *beats, END, *beats, DONE)))
    assert (said(asked.events), ends(asked.events)) == ("Hello", ["stop"])


async def test_an_abandoned_answer_is_aborted(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + HELLO[0])
        await peer.until_client_leaves()

    server = await serve(script)
    gateway = Gateway(GatewayProfile("test", server.base_url, key=KEY), patience=HASTY)
    async with aclosing(gateway.stream(ASK)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    await server.client_left.wait()
    await gateway.aclose()


async def test_the_list_of_models_is_live(serve: Serve) -> None:
    reply = document({"object": "list", "data": [{"id": "moonshot-v1-8k", "object": "model"}]})
    models, asked = await models_of(serve, reply)
    assert models == [Model("moonshot-v1-8k")]
    assert asked.path == "/v1/models"
    assert asked.headers["authorization"] == f"Bearer {KEY}"


async def test_a_list_that_has_changed_is_not_remembered(serve: Serve) -> None:
    listings = [["moonshot-v1-8k"], ["moonshot-v1-32k", "moonshot-v1-8k"]]

    async def script(peer: Peer) -> None:
        listing = listings[len(server.requests) - 1]
        await document({"object": "list", "data": [{"id": name} for name in listing]}).send(peer)

    server = await serve(script)
    gateway = Gateway(GatewayProfile("test", server.base_url, key=KEY), patience=HASTY)
    assert [[model.id for model in await gateway.models()] for _ in listings] == listings
    await gateway.aclose()


async def test_a_new_key_that_is_not_known_yet_is_tried_again(serve: Serve) -> None:
    refused = document(error("authentication_error", "invalid_api_key", "Invalid API key"), 401)
    asked = await ask(serve, refused, Reply((*HELLO, END, DONE)))
    assert (said(asked.events), asked.error) == ("Hello", None)


async def test_a_key_that_stays_unknown_is_refused(serve: Serve) -> None:
    refused = document(error("authentication_error", "invalid_api_key", "Invalid API key"), 401)
    asked = await ask(serve, refused)
    assert type(asked.error) is Unauthorized
    assert asked.error.detail == "Invalid API key"


async def test_a_low_balance_is_said_and_nothing_is_paid(serve: Serve) -> None:
    words = "Balance below the estimated maximum cost"
    asked = await ask(serve, document(error("insufficient_balance", "insufficient_balance", words), 402))
    assert type(asked.error) is PaymentRequired
    assert asked.error.detail == words
    assert asked.times == 1
    assert not {"x-payment", "payment-signature"} & asked.headers.keys()


async def test_too_many_requests_are_tried_again_after_the_wait(serve: Serve) -> None:
    limited = document(error("rate_limit_error", "rate_limit_exceeded", "slow"), 429, Retry_After="1")
    asked = await ask(serve, limited, Reply((*HELLO, END, DONE)))
    assert (said(asked.events), asked.times) == ("Hello", 2)


async def test_too_many_requests_name_the_wait(serve: Serve) -> None:
    limited = document(error("rate_limit_error", "rate_limit_exceeded", "slow"), 429, Retry_After="7")
    asked = await ask(serve, limited)
    assert isinstance(asked.error, RateLimited)
    assert asked.error.retry_after == 7


@pytest.mark.parametrize("status", [502, 504])
async def test_a_lost_upstream_is_tried_again_and_then_reported(serve: Serve, status: int) -> None:
    asked = await ask(serve, document(error("upstream_error", "upstream_error", "no channel"), status))
    assert isinstance(asked.error, GatewayDown)
    assert (asked.error.status, asked.error.detail, asked.times) == (status, "no channel", 3)
