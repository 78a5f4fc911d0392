from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from chat_ui.gateway import (
    Capabilities,
    EmptyAnswer,
    Gateway,
    GatewayError,
    Model,
    ModelNotFound,
    NoModels,
    NotAnAPI,
    NotFound,
    Prices,
    StreamError,
    Unauthorized,
    chat_model,
    probe,
)

from .wire import HASTY, KEY, answering, profile, sse, text


async def models(transport: httpx.AsyncBaseTransport) -> list[Model]:
    gateway = Gateway(profile(), transport=transport)
    try:
        return await gateway.models()
    finally:
        await gateway.aclose()


@pytest.mark.parametrize("price", ["1E-999999", "0E-999999", "1e-41", "-1", "NaN", "1" * 13])
async def test_a_price_that_nobody_can_mean_or_read_is_none(price: str) -> None:
    row = {"id": "a", "pricing": {"input": price, "output": "2"}}
    (model,) = await models(httpx.MockTransport(lambda _: httpx.Response(200, json=[row])))
    assert model.prices == Prices(None, Decimal(2))


async def test_the_list_is_asked_for_with_the_key() -> None:
    def list_models(request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("GET", "http://gateway.test/v1/models")
        assert request.headers["authorization"] == f"Bearer {KEY}"
        return httpx.Response(200, json={"object": "list", "data": [{"id": "a", "owned_by": "lab"}]})

    assert await models(httpx.MockTransport(list_models)) == [Model("a")]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"data": [{"id": "b"}, {"id": "a"}, {"id": "b", "owned_by": "x"}]}, [Model("a"), Model("b")]),
        ([{"id": "a"}], [Model("a")]),
        (["a", "b"], [Model("a"), Model("b")]),
        ({"models": [{"name": "a"}]}, [Model("a")]),
        ({"data": [{"id": "a", "context_length": 8192}]}, [Model("a", 8192)]),
        ({"data": [{"id": "a", "max_model_len": 8192}]}, [Model("a", 8192)]),
        ({"data": [{"id": "a", "context_window": 8192}]}, [Model("a", 8192)]),
        ({"data": [{"id": "a", "context_window": "8k", "owned_by": 3}]}, [Model("a")]),
        ({"data": [{"id": "a", "provider": "lab"}]}, [Model("a")]),
        ({"data": [None, 3, {}, {"id": None}, {"id": ""}, {"id": "a"}]}, [Model("a")]),
    ],
)
async def test_lists(payload: Any, expected: list[Model]) -> None:
    found = await models(answering(json.dumps(payload), kind="application/json"))
    assert sorted(found, key=lambda model: model.id) == expected


D = Decimal


@pytest.mark.parametrize(
    ("row", "model"),
    [
        pytest.param(
            {
                "id": "openai/gpt-oss-120b",
                "owned_by": "openai",
                "provider": "aiand",
                "context_window": 131072,
                "capabilities": ["reasoning", "tool_calling"],
                "reasoning_efforts": None,
                "currency": "JPY",
                "input_per_1m": "15.00",
                "output_per_1m": "60.5",
                "cached_input_per_1m": "1.5",
            },
            Model(
                "openai/gpt-oss-120b",
                131072,
                capabilities=Capabilities(vision=False, tools=True, reasoning=True),
                prices=Prices(D("15.00"), D("60.5"), "jpy"),
            ),
            id="ai&",
        ),
        pytest.param(
            {"id": "m", "capabilities": {"vision": True, "tool_calling": False, "video": True}},
            Model("m", capabilities=Capabilities(vision=True, tools=False)),
            id="ai&, capabilities as an object",
        ),
        pytest.param(
            {
                "id": "lab/m",
                "name": "Lab: M",
                "context_length": 200000,
                "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
                "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"},
                "supported_parameters": ["max_tokens", "tools", "tool_choice"],
                "top_provider": {"context_length": 128000, "is_moderated": True},
            },
            Model(
                "lab/m",
                128000,
                "Lab: M",
                Capabilities(vision=True, tools=True, reasoning=False),
                Prices(D(3), D(15)),
            ),
            id="OpenRouter",
        ),
        pytest.param(
            {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
            Model("openrouter/auto"),
            id="OpenRouter, a price that nobody knows",
        ),
        pytest.param(
            {"id": "m:free", "pricing": {"prompt": "0", "completion": "0"}},
            Model("m:free", prices=Prices(D(0), D(0))),
            id="OpenRouter, free",
        ),
        pytest.param(
            {"id": "lab/m", "pricing": {"prompt": 3, "completion": 15, "currency": "USD"}},
            Model("lab/m", prices=Prices(D(3), D(15))),
            id="x-router, prices that can't be per token",
        ),
        pytest.param(
            {"id": "m", "pricing": {"input": 0.5, "output": "1.5"}},
            Model("m", prices=Prices(D("0.5"), D("1.5"))),
            id="prices per million",
        ),
        pytest.param(
            {"id": "gpt-4", "object": "model", "owned_by": "openai", "context_length": 0, "max_model_len": 9},
            Model("gpt-4", 9),
            id="TokenHub",
        ),
        pytest.param(
            {
                "id": "claude-x",
                "display_name": "Claude X",
                "max_input_tokens": 200000,
                "capabilities": {
                    "image_input": {"supported": True},
                    "thinking": {"supported": False, "types": {}},
                },
            },
            Model("claude-x", 200000, "Claude X", Capabilities(vision=True, reasoning=False)),
            id="Anthropic",
        ),
        pytest.param(
            {
                "id": "m",
                "max_context_length": "32768",
                "capabilities": {"function_calling": True, "vision": False},
            },
            Model("m", 32768, capabilities=Capabilities(vision=False, tools=True)),
            id="Mistral, with a number as a string",
        ),
        pytest.param(
            {
                "id": "m",
                "capabilities": {"vision": "perhaps", "thinking": {}},
                "pricing": "cheap",
                "architecture": [],
                "supported_parameters": None,
                "top_provider": 3,
                "input_per_1m": "NaN",
                "output_per_1m": [],
                "currency": 7,
            },
            Model("m"),
            id="nothing of use",
        ),
    ],
)
async def test_what_rows_say(row: dict[str, Any], model: Model) -> None:
    assert await models(answering(json.dumps({"data": [row]}), kind="application/json")) == [model]


async def test_the_gateways_order_is_kept() -> None:
    payload = {"data": [{"id": "b"}, {"id": "a"}, {"id": "b", "owned_by": "x"}]}
    assert await models(answering(json.dumps(payload))) == [Model("b"), Model("a")]


async def test_white_space_before_the_list() -> None:
    assert await models(answering(b"\xef\xbb\xbf" + b"\n" * 20 + b'{"data": ["a"]}')) == [Model("a")]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"data": null}', NoModels),
        ('{"data": []}', NoModels),
        ("[]", NoModels),
        ("<!doctype html><title>Welcome</title>", NotAnAPI),
        ("", NotAnAPI),
        ("{}", NotAnAPI),
        ("7", NotAnAPI),
        ('{"data": ["a"', NotAnAPI),
        ('{"detail": "what?"}', NotAnAPI),
        ('{"error": "no"}', StreamError),
    ],
)
async def test_what_is_no_list(body: str, kind: type[GatewayError]) -> None:
    with pytest.raises(GatewayError) as caught:
        await models(answering(body))
    assert type(caught.value) is kind


def both(
    listing: Any, stream: bytes, seen: list[str] | None = None, status: int = 200
) -> httpx.MockTransport:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/models"):
            return httpx.Response(status, json=listing)
        if seen is not None:
            seen.append(json.loads(request.content)["model"])
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=stream)

    return httpx.MockTransport(respond)


NO_TALKERS = ["text-embedding-3", "whisper-1", "tts-1", "dall-e-3", "omni-moderation", "rerank-2"]


def test_the_first_model_that_chats() -> None:
    models = [Model(name) for name in (*NO_TALKERS, "talker", "b")]
    assert chat_model(models) == Model("talker")
    assert chat_model(models[:-2]) == models[0]


async def test_a_probe_asks_the_first_model_that_chats() -> None:
    names = [*NO_TALKERS, "talker", "b"]
    asked: list[str] = []
    report = await probe(profile(), transport=both(names, sse(text("Hi"), text(" there")), asked))
    assert asked == ["talker"]
    assert report.model == "talker"
    assert [model.id for model in report.models] == names


async def test_a_probe_asks_the_model_of_the_profile() -> None:
    report = await probe(profile(model="mine"), transport=both(["a"], sse(text("Hi"))))
    assert report.model == "mine"


@pytest.mark.parametrize(("listing", "status"), [({"detail": "Not Found"}, 404), ({"data": None}, 200)])
async def test_a_probe_with_a_named_model_needs_no_list(listing: Any, status: int) -> None:
    report = await probe(profile(model="mine"), transport=both(listing, sse(text("Hi")), status=status))
    assert (report.models, report.model) == ([], "mine")


async def test_a_probe_of_a_wrong_path_says_how_base_urls_end() -> None:
    with pytest.raises(NotFound, match="usually ends in /v1") as caught:
        await probe(profile(), transport=answering('{"detail": "Not Found"}', status=404))
    assert not isinstance(caught.value, ModelNotFound)


async def test_a_probe_takes_no_silence_for_an_answer() -> None:
    with pytest.raises(EmptyAnswer):
        await probe(profile(), transport=both(["a"], sse(text(""), "[DONE]")), patience=HASTY)


async def test_a_probe_stops_the_answer_after_its_first_piece() -> None:
    pieces: list[str] = []

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):
            while True:
                pieces.append("word")
                yield sse(text("word"))

        async def aclose(self) -> None:
            pieces.append("closed")

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json=["a"])
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Endless())

    await probe(profile(), transport=httpx.MockTransport(respond))
    assert pieces[-1] == "closed"


async def test_a_probe_raises_what_went_wrong() -> None:
    with pytest.raises(Unauthorized):
        await probe(profile(), transport=answering("no", status=401), patience=HASTY)
