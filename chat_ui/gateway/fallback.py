"""Asks one model after another until one of them begins to answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from chat_ui.gateway.client import Gateway
from chat_ui.gateway.errors import ConnectionFailed, EmptyAnswer, GatewayError, TooSlow
from chat_ui.gateway.events import Metadata, StreamEvent, Usage, Waiting
from chat_ui.gateway.payment import Purse
from chat_ui.gateway.request import ChatRequest
from chat_ui.gateway.retry import RETRIED
from chat_ui.gateway.status_errors import GatewayDown, ModelNotFound, RateLimited
from chat_ui.words import say

__all__ = ["Route", "another_may_do_better", "stream_with_fallback"]


@dataclass(frozen=True, slots=True)
class Route:
    """One way to an answer.

    Args:
        gateway: whom to ask.
        model: for what, by its id there.
    """

    gateway: Gateway
    model: str


def another_may_do_better(error: GatewayError) -> bool:
    """Whether another model or gateway may answer what this one couldn't."""
    if error.paid:
        return False
    kinds = RateLimited | GatewayDown | ConnectionFailed | TooSlow | ModelNotFound | EmptyAnswer
    return isinstance(error, kinds) or error.status in RETRIED


async def stream_with_fallback(
    routes: Sequence[Route],
    request: ChatRequest,
    *,
    purse_of: Callable[[str], Purse] | None = None,
    breath: Callable[[], float] | None = None,
) -> AsyncGenerator[StreamEvent, None]:
    """One answer from the first route that begins one.

    Only the last route is asked again when it fails for a moment: before that, the next one is quicker.

    Args:
        routes: at least one, the preferred one first.
        request: its model is replaced by the route's.
        purse_of: what an answer of the gateway of this name is paid from, where that is paid per request.
        breath: as ``Gateway.stream`` has it.

    Yields:
        What the route that answers yields; where it isn't the first, a ``Metadata`` before that says who
        answers and why.

    Raises:
        GatewayError: that of the route that answered and then failed; where none did, the first one's,
            because its model was the one that was wanted.
    """
    failures: list[GatewayError] = []
    for number, route in enumerate(routes):
        is_last = number == len(routes) - 1
        begun = False
        purse = None if purse_of is None else purse_of(route.gateway.profile.name)
        asked = replace(request, model=route.model)
        retries = None if is_last else 0
        events = route.gateway.stream(asked, retries=retries, purse=purse, breath=breath)
        held_back: list[StreamEvent] = [_stands_in(route, routes[0], failures[0])] if failures else []
        try:
            async with aclosing(events):
                async for event in events:
                    if not begun and isinstance(event, Metadata | Usage):
                        held_back.append(event)
                        continue
                    if not isinstance(event, Waiting):
                        begun = True
                        for earlier in held_back:
                            yield earlier
                        held_back.clear()
                    yield event
        except GatewayError as error:
            if begun or error.paid:
                raise
            failures.append(error)
            if is_last or not another_may_do_better(error):
                raise failures[0] from None
        else:
            return


def _stands_in(route: Route, wanted: Route, why: GatewayError) -> Metadata:
    profile = route.gateway.profile
    return Metadata(
        model=route.model,
        provider=profile.label or profile.name,
        reason=say("gateway.stands_in", model=wanted.model, why=why.summary),
    )
