"""One model after another, until one begins to answer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx
import pytest

from chat_ui.gateway import (
    BadRequest,
    ConnectionLost,
    Finish,
    Gateway,
    GatewayError,
    GatewayProfile,
    Metadata,
    ModelNotFound,
    RateLimited,
    Route,
    StreamError,
    StreamEvent,
    TextDelta,
    Unauthorized,
    Waiting,
    stream_with_fallback,
)
from chat_ui.gateway.fallback import another_may_do_better

from .wire import ASK, DONE, HASTY, chunk, sse, text

HELLO = sse(text("Hello"), chunk({}, "stop")) + DONE
GOOD = httpx.Response(200, content=HELLO)


async def through(
    *steps: Sequence[httpx.Response], into: list[StreamEvent] | None = None, key: str | None = None
) -> list[StreamEvent]:
    """The events of an answer, where the first gateway has the first steps, and so on."""
    events: list[StreamEvent] = [] if into is None else into
    async with AsyncExitStack() as stack:
        routes: list[Route] = []
        for number, responses in enumerate(steps):
            left = list(responses)
            transport = httpx.MockTransport(lambda _, left=left: left.pop(0))
            profile = GatewayProfile(f"g{number}", "http://gateway.test/v1", key, label=f"Gateway {number}")
            gateway = Gateway(profile, transport=transport, patience=HASTY)
            stack.push_async_callback(gateway.aclose)
            routes.append(Route(gateway, f"model-{number}"))
        async for event in stream_with_fallback(routes, ASK):
            events.append(event)  # noqa: PERF401 - a comprehension would lose what came before an error
    return events


async def test_the_first_answers_if_it_can() -> None:
    assert await through([GOOD], []) == [TextDelta("Hello"), Finish("stop")]


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_the_next_stands_in_at_once_and_says_so(status: int) -> None:
    events = await through([httpx.Response(status)], [GOOD])
    stands_in, *rest = events
    assert isinstance(stands_in, Metadata)
    assert (stands_in.model, stands_in.provider) == ("model-1", "Gateway 1")
    assert (stands_in.reason or "").startswith("Instead of model-0: ")
    assert rest == [TextDelta("Hello"), Finish("stop")]


async def test_what_the_gateway_itself_says_comes_later_and_counts() -> None:
    served = sse(chunk({"content": "Hi"}, model="lab/real")) + DONE
    events = await through([httpx.Response(503)], [httpx.Response(200, content=served)])
    assert [event.model for event in events if isinstance(event, Metadata)] == ["model-1", "lab/real"]


async def test_only_the_last_is_asked_again() -> None:
    events = await through([httpx.Response(503)], [httpx.Response(503), GOOD])
    assert [type(event) for event in events] == [Waiting, Metadata, TextDelta, Finish]


async def test_a_key_that_may_be_too_new_is_tried_again_by_each() -> None:
    refused = httpx.Response(401)
    events = await through([refused, GOOD], [], key="sk-new")
    assert [type(event) for event in events] == [Waiting, TextDelta, Finish]
    with pytest.raises(Unauthorized):
        await through([refused] * 2, [GOOD], key="sk-new")
    events = await through([refused, httpx.Response(503)], [GOOD], key="sk-new")
    assert [type(event) for event in events] == [Waiting, Metadata, TextDelta, Finish]


async def test_what_a_failed_one_said_of_itself_is_dropped() -> None:
    failed = httpx.Response(503, headers={"x-request-id": "r-0"})
    cut = httpx.Response(200, headers={"x-request-id": "r-1"}, content=sse({"error": {"code": 503}}))
    events = await through([failed], [cut], [GOOD])
    assert [event.request_id for event in events if isinstance(event, Metadata)] == [None]


async def test_none_answers() -> None:
    with pytest.raises(RateLimited):
        await through([httpx.Response(429)], [httpx.Response(400)], [GOOD])


async def test_never_in_the_middle_of_an_answer() -> None:
    events: list[StreamEvent] = []
    broken = httpx.Response(200, content=sse(text("Hel"), {"error": {"code": 503}}))
    with pytest.raises(StreamError):
        await through([broken], [GOOD], into=events)
    assert events == [TextDelta("Hel")]


@pytest.mark.parametrize("status", [400, 401, 403, 413, 422])
async def test_not_where_the_request_is_at_fault(status: int) -> None:
    with pytest.raises(GatewayError) as caught:
        await through([httpx.Response(status)] * 2, [GOOD])
    assert caught.value.status == status


def test_which_errors() -> None:
    assert another_may_do_better(ModelNotFound())
    assert not another_may_do_better(BadRequest())
    assert not another_may_do_better(Unauthorized())
    paid = ConnectionLost()
    assert another_may_do_better(paid)
    paid.paid = True
    assert not another_may_do_better(paid)
