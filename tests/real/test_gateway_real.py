"""The gateway client against servers that nobody here wrote."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from chat_ui.gateway import (
    ChatMessage,
    ChatRequest,
    Finish,
    Gateway,
    GatewayProfile,
    Patience,
    TextDelta,
    errors,
    status_errors,
)

Connect = Callable[[Any], Gateway]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    opened: list[Gateway] = []

    def connect(server: Any, key: str | None = None) -> Gateway:
        profile = GatewayProfile(name="real", base_url=server.base_url, key=key or server.key)
        opened.append(Gateway(profile))
        return opened[-1]

    yield connect
    for gateway in opened:
        await gateway.aclose()


def ask(model: str) -> ChatRequest:
    return ChatRequest(model=model, messages=(ChatMessage("user", "hi"),))


async def read(gateway: Gateway, model: str) -> tuple[str, list[Finish]]:
    """Return the whole answer and how it finished."""
    text, ends = "", []
    async with aclosing(gateway.stream(ask(model))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Finish):
                ends.append(event)
    return text, ends


async def test_models_are_those_of_the_proxy(connect: Connect, litellm_proxy: Any):
    names = {model.id for model in await connect(litellm_proxy).models()}
    mocked, passed_on = ["steady", "long", "limited", "broken", "too-long"], ["slow", "cut", "thinking"]
    assert names == {*mocked, *passed_on, "later", "too-long-upstream"}


async def test_models_are_those_of_aimock(connect: Connect, aimock: Any):
    names = {model.id for model in await connect(aimock).models()}
    assert {"steady", "slow", "thinking"} <= names


async def test_a_streamed_answer_is_complete(connect: Connect, litellm_proxy: Any):
    text, ends = await read(connect(litellm_proxy), "steady")
    assert text == "A proxy's answer, whole: the last word is as true as the first. Ünïcödé 🙂 too."
    assert ends == [Finish("stop")]


async def test_a_long_answer_arrives_in_order_and_whole(
    connect: Connect, litellm_proxy: Any, long_answer: str
):
    text, ends = await read(connect(litellm_proxy), "long")
    assert text == long_answer
    assert ends == [Finish("stop")]


async def test_the_upstream_is_asked_what_the_person_asked(connect: Connect, aimock: Any):
    await read(connect(aimock), "steady")
    body = aimock.journal()[-1]["body"]
    assert body["model"] == "steady"
    assert body["stream"] is True
    assert body["messages"] == [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("model", "error", "status"),
    [
        ("limited", status_errors.RateLimited, 429),
        ("broken", status_errors.GatewayDown, 500),
        ("too-long", status_errors.ContextTooLong, 400),
        ("too-long-upstream", status_errors.ContextTooLong, 400),
        ("no-such-model", status_errors.BadRequest, 400),
    ],
)
async def test_a_refusal_is_told_in_words(
    connect: Connect, litellm_proxy: Any, model: str, error: type[errors.GatewayError], status: int
):
    with pytest.raises(error) as caught:
        await read(connect(litellm_proxy), model)
    assert caught.value.status == status
    assert caught.value.summary in str(caught.value)
    assert caught.value.advice in str(caught.value)
    assert litellm_proxy.key not in f"{caught.value} {caught.value.detail}"


@pytest.mark.parametrize("through", ["upstream", "litellm_proxy"])
async def test_the_wait_that_the_upstream_asks_for_is_kept(through: str, request: pytest.FixtureRequest):
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    server = request.getfixturevalue(through)
    profile = GatewayProfile(name="real", base_url=server.base_url, key=server.key)
    async with aclosing(Gateway(profile, patience=Patience(sleep=note))) as gateway:
        with pytest.raises(status_errors.RateLimited, match="Come back later") as caught:
            await read(gateway, "later")
    assert (caught.value.retry_after, waits) == (3.0, [3.0, 3.0])


@pytest.mark.parametrize(
    ("through", "status", "words"),
    [("aimock", 401, "Check the gateway's key"), ("litellm_proxy", 400, "“No connected db.”")],
)
async def test_a_wrong_key_is_told_in_words(
    connect: Connect, through: str, status: int, words: str, request: pytest.FixtureRequest
):
    with pytest.raises(status_errors.Unauthorized) as caught:
        await connect(request.getfixturevalue(through), key="sk-not-the-key").models()
    assert caught.value.status == status
    assert words in str(caught.value)


async def test_what_came_before_an_upstream_broke_off_is_kept(connect: Connect, litellm_proxy: Any):
    text = ""

    async def follow() -> None:
        nonlocal text
        async for event in connect(litellm_proxy).stream(ask("cut")):
            text += event.text if isinstance(event, TextDelta) else ""

    with pytest.raises(errors.BrokenStream):
        await follow()
    assert text.startswith("This answer breaks off")


@pytest.mark.parametrize("through", ["upstream", "litellm_proxy"])
async def test_stopping_mid_answer_is_seen_upstream(
    connect: Connect, upstream: Any, through: str, request: pytest.FixtureRequest
):
    gateway = connect(request.getfixturevalue(through))
    pieces = 0
    async with aclosing(gateway.stream(ask("slow"))) as events:
        async for event in events:
            pieces += isinstance(event, TextDelta)
            if pieces == 3:
                break
        stopped = time.monotonic()
    hang_up = await asyncio.to_thread(upstream.hang_up_mid_answer)
    assert hang_up.at - stopped < 0.5


async def test_cancelling_mid_answer_is_seen_upstream(connect: Connect, upstream: Any):
    gateway = connect(upstream)
    begun = asyncio.Event()

    async def follow() -> None:
        async for event in gateway.stream(ask("slow")):
            if isinstance(event, TextDelta):
                begun.set()

    task = asyncio.create_task(follow())
    await begun.wait()
    stopped = time.monotonic()
    task.cancel()
    hang_up = await asyncio.to_thread(upstream.hang_up_mid_answer)
    assert hang_up.at - stopped < 0.5
    with pytest.raises(asyncio.CancelledError):
        await task
