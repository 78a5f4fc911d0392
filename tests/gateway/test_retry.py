"""When a gateway is asked again, and when not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from decimal import Decimal
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from chat_ui.gateway import (
    ConnectionFailed,
    ConnectionLost,
    EmptyAnswer,
    Finish,
    Gateway,
    GatewayDown,
    GatewayError,
    Metadata,
    Patience,
    RateLimited,
    Receipt,
    StreamEvent,
    TextDelta,
    TooManyAtOnce,
    Unauthorized,
    Waiting,
)
from chat_ui.gateway.retry import Persistence

from .wire import (
    ASK,
    DONE,
    HASTY,
    SSE_HEAD,
    Peer,
    Script,
    ScriptedServer,
    chunk,
    collected,
    profile,
    said,
    sse,
    text,
)

Serve = Callable[[Script], Awaitable[ScriptedServer]]
HELLO = sse(text("Hello"), chunk({}, "stop")) + DONE
GOOD = httpx.Response(200, content=HELLO)

Step = httpx.Response | Exception


def refusal(status: int, content: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(
        status, content=content, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )


class Steps:
    """A gateway that answers each request by the next step, and the waits between."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.slept: list[float] = []
        patience = Patience(sleep=self._sleep, chance=lambda: 0.0)
        self.gateway = Gateway(profile(), transport=httpx.MockTransport(self._next), patience=patience)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def _next(self, _: httpx.Request) -> httpx.Response:
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    @property
    def left(self) -> int:
        """Steps that nobody asked for."""
        return len(self._steps)

    async def ask(self) -> list[StreamEvent]:
        try:
            return await collected(self.gateway)
        finally:
            await self.gateway.aclose()


@pytest.mark.parametrize(
    "failure",
    [
        *[refusal(status) for status in (408, 409, 425, 429, 500, 502, 503, 504, 529)],
        httpx.ConnectError("unreachable"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadError("lost"),
        httpx.Response(200, content=sse({"error": {"message": "overloaded", "code": 529}})),
        refusal(400, x_should_retry="true"),
    ],
)
async def test_what_may_pass_is_tried_again(failure: Step) -> None:
    steps = Steps(failure, GOOD)
    events = await steps.ask()
    assert said(events) == "Hello"
    assert steps.slept == [0.5]
    waiting = events[0]
    assert isinstance(waiting, Waiting)
    assert waiting.seconds == 0.5
    assert waiting.reason.endswith(".")


@pytest.mark.parametrize(
    "failure",
    [
        *[refusal(status) for status in (301, 400, 402, 403, 404, 405, 413, 422, 501, 505)],
        refusal(429, '{"error": "monthly budget exceeded", "budget_usd": 10, "spent_usd": 10.2}'),
        refusal(429, '{"error": {"code": "insufficient_quota"}}'),
        refusal(429, x_ratelimit_policy="concurrency"),
        refusal(429, x_ratelimit_policy="global_concurrency"),
        refusal(503, x_should_retry="false"),
        refusal(429, retry_after="121"),
        httpx.Response(200, content=DONE),
        httpx.Response(200, content="<html>"),
    ],
)
async def test_what_will_not_pass_is_not(failure: Step) -> None:
    steps = Steps(failure, GOOD)
    with pytest.raises(GatewayError):
        await steps.ask()
    assert (steps.left, steps.slept) == (1, [])


async def test_twice_and_no_more() -> None:
    steps = Steps(refusal(500), refusal(502), refusal(503), GOOD)
    with pytest.raises(GatewayDown) as caught:
        await steps.ask()
    assert (caught.value.status, steps.left, steps.slept) == (503, 1, [0.5, 1.0])


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25),
        ({"retry_after": "120"}, 120.0),
        ({"retry_after": "0"}, 0.5),
        ({"retry_after": "soon"}, 0.5),
        ({"retry_after": formatdate(0, usegmt=True)}, 0.5),
        ({"x_ratelimit_policy": "rpm", "retry_after": "3"}, 3.0),
        ({"x_ratelimit_policy": "concurrency", "retry_after": "3"}, 3.0),
    ],
)
async def test_the_gateway_names_the_wait(headers: dict[str, str], seconds: float) -> None:
    steps = Steps(refusal(429, **headers), GOOD)
    events = await steps.ask()
    assert steps.slept == [seconds]
    assert isinstance(events[0], Waiting)


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"),
    [
        (0, 0.0, 0.5),
        (1, 0.0, 1.0),
        (3, 0.0, 4.0),
        (4, 0.0, 8.0),
        (60, 0.0, 8.0),
        (0, 1.0, 0.375),
        (9, 1.0, 6.0),
    ],
)
def test_the_wait_where_nobody_names_one(attempt: int, chance: float, seconds: float) -> None:
    assert Patience(chance=lambda: chance).wait(GatewayDown(), attempt) == seconds


async def test_never_after_the_answer_has_begun() -> None:
    steps = Steps(httpx.Response(200, content=sse(text("Hel"), {"error": {"code": 503}})), GOOD)
    events: list[StreamEvent] = []
    with pytest.raises(GatewayError):
        await collected(steps.gateway, into=events)
    assert (events, steps.left, steps.slept) == ([TextDelta("Hel")], 1, [])
    await steps.gateway.aclose()


async def asked(attempt: Callable[[int], Any]) -> tuple[int, list[StreamEvent]]:
    """How often a stream was begun, and what came of it; ``attempt`` yields events and raises errors."""
    count, events = 0, list[StreamEvent]()

    async def once() -> AsyncGenerator[StreamEvent, None]:
        nonlocal count
        count += 1
        for step in attempt(count):
            if isinstance(step, Exception):
                raise step
            yield step

    try:
        async for event in Persistence(HASTY).stream(once):
            events.append(event)
    except GatewayError:
        pass
    return count, events


async def test_what_only_describes_an_answer_begins_none() -> None:
    count, events = await asked(
        lambda n: [Metadata(request_id=f"r-{n}"), RateLimited(status=429) if n == 1 else Finish("stop")]
    )
    assert count == 2
    assert events[-2:] == [Metadata(request_id="r-2"), Finish("stop")]


async def test_never_once_a_payment_has_left() -> None:
    lost = ConnectionLost()
    lost.paid = True
    assert (await asked(lambda _: [lost]))[0] == 1
    allowed = GatewayDown()
    allowed.paid = allowed.should_retry = True
    assert (await asked(lambda _: [allowed]))[0] == 1
    refused = Unauthorized()
    refused.paid = True
    assert (await asked(lambda _: [refused]))[0] == 1


async def test_never_once_a_receipt_has_come() -> None:
    receipt = Receipt(None, "nonce", Decimal("0.1"), "eip155:84532", "0x0")
    assert (await asked(lambda _: [receipt, ConnectionLost()])) == (1, [receipt])


class TestNewKeys:
    async def test_a_refusal_of_a_new_key_is_doubted_once(self) -> None:
        steps = Steps(refusal(401), GOOD)
        assert said(await steps.ask()) == "Hello"
        assert steps.slept == [2.5]

    async def test_and_only_once(self) -> None:
        steps = Steps(refusal(401), refusal(401), refusal(401))
        for left in (1, 0):
            with pytest.raises(Unauthorized):
                await collected(steps.gateway)
            assert steps.left == left
        await steps.gateway.aclose()

    async def test_a_key_that_worked_is_not_new(self) -> None:
        steps = Steps(GOOD, refusal(401))
        await collected(steps.gateway)
        with pytest.raises(Unauthorized):
            await steps.ask()
        assert steps.slept == []

    async def test_the_list_of_models_too(self) -> None:
        steps = Steps(refusal(401), httpx.Response(200, json={"data": [{"id": "m"}]}))
        assert [model.id for model in await steps.gateway.models()] == ["m"]
        assert steps.slept == [2.5]
        await steps.gateway.aclose()


async def test_as_many_as_the_gateway_allows_at_once(serve: Serve) -> None:
    may_end = asyncio.Event()

    async def one_at_a_time(peer: Peer) -> None:
        if len(server.requests) == 2:
            await peer.send(
                b"HTTP/1.1 429 No\r\nX-RateLimit-Policy: concurrency\r\nContent-Length: 0\r\n\r\n"
            )
            return
        await peer.send(SSE_HEAD)
        await peer.send_chunk(sse(text("Hello")))
        if len(server.requests) == 1:
            await may_end.wait()
        await peer.send_chunk(DONE)
        await peer.send_chunk(b"")

    server = await serve(one_at_a_time)
    gateway = Gateway(profile(server.base_url))
    async with aclosing(gateway.stream(ASK)) as first, aclosing(gateway.stream(ASK)) as second:
        assert await anext(first) == TextDelta("Hello")
        waiting = await anext(second)
        assert waiting == Waiting(None, TooManyAtOnce.summary)
        answer = asyncio.create_task(anext(second))
        await asyncio.sleep(0)
        assert len(server.requests) == 2
        may_end.set()
        assert [event async for event in first] == [Finish("stop")]
        assert await answer == TextDelta("Hello")
    await gateway.aclose()


async def test_leaving_during_a_wait() -> None:
    forever = Patience(sleep=lambda _: asyncio.Event().wait())
    transport = httpx.MockTransport(lambda _: refusal(503))
    gateway = Gateway(profile(), transport=transport, patience=forever)
    async with aclosing(gateway.stream(ASK)) as stream:
        assert isinstance(await anext(stream), Waiting)
        going_on = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)
        going_on.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going_on
    await gateway.aclose()


class TestClosedWhileIdle:
    async def test_a_connection_that_closes_when_it_is_used_again(self, serve: Serve) -> None:
        async def once_per_connection(peer: Peer) -> None:
            if len(server.requests) == 2:
                peer.hang_up()
                return
            await peer.send(SSE_HEAD)
            await peer.send_chunk(HELLO)
            await peer.send_chunk(b"")

        server = await serve(once_per_connection)
        gateway = Gateway(profile(server.base_url), patience=Patience(retries=0))
        for _ in range(2):
            assert await collected(gateway) == [TextDelta("Hello"), Finish("stop")]
        assert (server.connections, len(server.requests)) == (2, 3)
        await gateway.aclose()

    async def test_a_new_one_that_closes_is_a_failure(self, serve: Serve) -> None:
        async def leave(peer: Peer) -> None:
            peer.hang_up()

        server = await serve(leave)
        gateway = Gateway(profile(server.base_url), patience=Patience(retries=0))
        with pytest.raises(ConnectionLost):
            await collected(gateway)
        assert len(server.requests) == 1
        await gateway.aclose()


async def test_fewer_retries_where_that_is_wanted() -> None:
    steps = Steps(httpx.ConnectError("no"), GOOD)
    with pytest.raises(ConnectionFailed):
        async for _ in steps.gateway.stream(ASK, retries=0):
            pass
    assert steps.left == 1
    await steps.gateway.aclose()


async def test_an_empty_answer_is_not_asked_for_again() -> None:
    steps = Steps(httpx.Response(200, content=b""), GOOD)
    with pytest.raises(EmptyAnswer):
        await steps.ask()
    assert steps.left == 1
