"""One gateway, ready to be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

import httpx

from chat_ui.gateway.classify import from_transport
from chat_ui.gateway.errors import Stalled, StreamCut
from chat_ui.gateway.events import StreamEvent
from chat_ui.gateway.exchange import MAX_BODY_BYTES, auth_headers, raise_for_status
from chat_ui.gateway.lease import ClientPool, Lease
from chat_ui.gateway.models import Model, parse_models
from chat_ui.gateway.profile import GatewayProfile
from chat_ui.gateway.pump import Pump
from chat_ui.gateway.request import ChatRequest
from chat_ui.gateway.sniff import read_body

__all__ = ["Gateway"]

QUEUED_EVENTS = 256

T = TypeVar("T")


class Gateway:
    """Speaks to one gateway. Belongs to one event loop; any number of requests may run at once.

    Args:
        profile: which gateway, with which key and how patiently.
        transport: carries the requests in place of the network, for tests and the demo model.
    """

    def __init__(self, profile: GatewayProfile, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.profile = profile
        self._pool = ClientPool(
            transport=transport, trust_env=profile.trust_env, connect=profile.clocks.connect
        )
        self._tasks: set[asyncio.Task[Any]] = set()

    async def models(self) -> list[Model]:
        """The models that the gateway offers to this key, in its order.

        Raises:
            NoModels: it offers none.
            GatewayError: it couldn't be asked; the subclass says why.
        """
        task = self._own(self._fetch_models())
        try:
            return await _outcome(task)
        finally:
            await _ended(task)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """One answer, piece by piece; nothing is sent before the first piece is asked for.

        Leaving the loop doesn't end the request by itself: use ``contextlib.aclosing``, which closes the
        connection at once, so that the gateway stops generating (and billing).

        Yields:
            Events in the order of arrival, one ``Finish`` among them.

        Raises:
            GatewayError: what went wrong. Whatever was yielded before stays good.
        """
        queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue(QUEUED_EVENTS)
        pump = self._own(Pump(self._pool, self.profile, queue).run(request))
        # A reader that waits on an empty queue must learn of the end; one that doesn't will look.
        pump.add_done_callback(lambda _: None if queue.full() else queue.put_nowait(None))
        try:
            while not (pump.done() and queue.empty()):
                if (event := await queue.get()) is not None:
                    yield event
            await _outcome(pump)
        finally:
            await _ended(pump)

    async def aclose(self) -> None:
        """End what still runs and close every connection."""
        for task in tuple(self._tasks):
            await _ended(task)
        await self._pool.aclose()

    async def _fetch_models(self) -> list[Model]:
        async with self._pool.lease() as lease:
            try:
                async with asyncio.timeout(self.profile.clocks.gap):
                    body = await self._get(lease, "/models")
            except TimeoutError:
                raise Stalled("The gateway took too long to list its models.", advice="Try again.") from None
            except (httpx.RequestError, OSError) as error:
                raise from_transport(error) from error
        return parse_models(body, secret=self.profile.key)

    async def _get(self, lease: Lease, path: str) -> bytes:
        headers = {"Accept": "application/json", **auth_headers(self.profile)}
        async with lease.client.stream("GET", self.profile.url(path), headers=headers) as response:
            await raise_for_status(response, self.profile.key)
            body = await read_body(response.aiter_bytes(), MAX_BODY_BYTES)
        if len(body) < MAX_BODY_BYTES:
            lease.read_to_end()
        return body

    def _own(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something that holds a connection in a task that nobody else can cancel."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._disown)
        return task

    def _disown(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # asyncio complains about an error that nobody stayed for


async def _outcome(task: asyncio.Task[T]) -> T:
    """What a task came to; only ``Gateway.aclose`` can have cancelled it."""
    await asyncio.wait({task})
    if task.cancelled():
        raise StreamCut("This site closed the connection to the gateway.", side="site")
    return task.result()


async def _ended(task: asyncio.Task[Any]) -> None:
    """Cancel a task, once whoever else asks, and wait for its end.

    httpx closes a connection in several steps; a second cancellation would leave it half closed. So whoever
    waits here may be cancelled again, the task may not.
    """
    if not task.done():
        if not task.cancelling():
            task.cancel()
        await asyncio.wait({task})
