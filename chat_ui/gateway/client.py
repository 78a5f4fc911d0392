"""One gateway, ready to be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import httpx

from chat_ui.gateway.classify import from_transport
from chat_ui.gateway.errors import Stalled, StreamCut
from chat_ui.gateway.events import StreamEvent
from chat_ui.gateway.exchange import MAX_BODY_BYTES, auth_headers, raise_for_status
from chat_ui.gateway.lease import ClientPool, Lease
from chat_ui.gateway.models import Model, parse_models
from chat_ui.gateway.offers import Price
from chat_ui.gateway.payment import PayingClient, Purse
from chat_ui.gateway.pricing import ask_price
from chat_ui.gateway.profile import Dialect, GatewayProfile
from chat_ui.gateway.pump import Pump
from chat_ui.gateway.request import ChatRequest
from chat_ui.gateway.retry import Patience, Persistence
from chat_ui.gateway.sniff import read_body
from chat_ui.gateway.wallet import Wallet
from chat_ui.words import say

__all__ = ["Gateway"]

QUEUED_EVENTS = 256
# Anthropic lists 20 models at a time unless it is asked for more.
MODELS: dict[Dialect, str] = {
    "openai": "/models",
    "anthropic": "/models?limit=1000",
    "tokenhub": "/models",
}

T = TypeVar("T")


class Gateway:
    """Speaks to one gateway. Belongs to one event loop; any number of requests may run at once.

    Args:
        profile: which gateway, with which key and how patiently.
        transport: carries the requests in place of the network, for tests and the demo model.
        patience: how often it is asked again where that may help.
        wallet: pays, where the gateway is paid per request (x402).
    """

    def __init__(
        self,
        profile: GatewayProfile,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        patience: Patience | None = None,
        wallet: Wallet | None = None,
    ) -> None:
        self.profile = profile
        self._wallet = wallet
        self._pool = ClientPool(
            transport=transport,
            trust_env=profile.trust_env and not profile.public_only,
            public_only=profile.public_only,
            connect=profile.clocks.connect,
            make=httpx.AsyncClient if wallet is None else partial(PayingClient, wallet),
        )
        self._persistence = Persistence(patience, has_key=profile.key is not None)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def models(self) -> list[Model]:
        """The models that the gateway offers to this key, in its order.

        Raises:
            NoModels: it offers none.
            GatewayError: it couldn't be asked; the subclass says why.
        """
        return await self._persistence.call(lambda: self._apart(self._fetch_models, "gateway.slow_models"))

    def stream(
        self,
        request: ChatRequest,
        *,
        retries: int | None = None,
        purse: Purse | None = None,
        breath: Callable[[], float] | None = None,
    ) -> AsyncGenerator[StreamEvent, None]:
        """One answer, piece by piece; nothing is sent before the first piece is asked for.

        Leaving the loop doesn't end the request by itself: use ``contextlib.aclosing``, which closes the
        connection at once, so that the gateway stops generating (and billing).

        Args:
            request: what to ask.
            retries: how often to ask again at most, where that is less often than usual.
            purse: what the answer is paid from; without effect where there is no wallet.
            breath: how many seconds what comes may gather before it is read; it is asked each time. The
                first piece is never kept waiting.

        Yields:
            Events in the order of arrival, one ``Finish`` among them. Where the gateway is asked again, a
            ``Waiting`` says so first; that happens only before anything of the answer has come.

        Raises:
            GatewayError: what went wrong. Whatever was yielded before stays good.
        """
        return self._persistence.stream(lambda: self._stream_once(request, purse, breath), retries=retries)

    async def _stream_once(
        self, request: ChatRequest, purse: Purse | None, breath: Callable[[], float] | None
    ) -> AsyncGenerator[StreamEvent, None]:
        queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue(QUEUED_EVENTS)
        spent_from = None if self._wallet is None else purse
        pump = self._own(Pump(self._pool, self.profile, queue, spent_from, breath).run(request))
        # A reader that waits on an empty queue must learn of the end; one that doesn't will look.
        pump.add_done_callback(lambda _: None if queue.full() else queue.put_nowait(None))
        try:
            while not (pump.done() and queue.empty()):
                if (event := await queue.get()) is not None:
                    yield event
            await _outcome(pump)
        finally:
            await _ended(pump)

    async def estimate(self, request: ChatRequest) -> Price:
        """What an answer would cost at most, where the gateway is paid per request; nothing is paid.

        Raises:
            OfferRefused: this site wouldn't pay it.
            GatewayError: it couldn't be asked; the subclass says why.
        """
        return await self._apart(partial(self._ask_price, request), "gateway.slow_price")

    async def aclose(self) -> None:
        """End what still runs and close every connection."""
        for task in tuple(self._tasks):
            await _ended(task)
        await self._pool.aclose()

    async def _apart(self, ask: Callable[[Lease], Coroutine[Any, Any, T]], slow: str) -> T:
        """Ask for something else than an answer; ``slow`` says that it took too long."""
        task = self._own(self._in_time(ask, slow))
        try:
            return await _outcome(task)
        finally:
            await _ended(task)

    async def _in_time(self, ask: Callable[[Lease], Coroutine[Any, Any, T]], slow: str) -> T:
        async with self._pool.lease() as lease:
            try:
                async with asyncio.timeout(self.profile.clocks.gap):
                    return await ask(lease)
            except TimeoutError:
                raise Stalled(say(slow), advice=say("gateway.slow.advice")) from None
            except (httpx.RequestError, OSError) as error:
                raise from_transport(error) from error

    async def _ask_price(self, request: ChatRequest, lease: Lease) -> Price:
        mainnet = self._wallet is not None and self._wallet.mainnet
        return await ask_price(lease.client, self.profile, request, mainnet=mainnet)

    async def _fetch_models(self, lease: Lease) -> list[Model]:
        return parse_models(await self._get(lease, MODELS[self.profile.dialect]), secret=self.profile.key)

    async def _get(self, lease: Lease, path: str) -> bytes:
        headers = {"accept": "application/json", **auth_headers(self.profile)}
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
        raise StreamCut(say("gateway.closed_here"), side="site")
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
