"""One request from its first byte to its last: the only task that touches the response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx

from chat_ui.gateway.classify import from_transport
from chat_ui.gateway.deadlines import Deadlines
from chat_ui.gateway.decode import DONE, StreamDecoder
from chat_ui.gateway.errors import (
    ConnectionLost,
    EmptyAnswer,
    FirstContentTimeout,
    GatewayError,
    HeadersTimeout,
    NotAnAPI,
    Stalled,
    StreamCut,
    TookTooLong,
    TooSlow,
)
from chat_ui.gateway.events import Finish, ReasoningDelta, StreamEvent, TextDelta, ToolCallDelta
from chat_ui.gateway.exchange import (
    MAX_BODY_BYTES,
    MAX_ERROR_BYTES,
    auth_headers,
    raise_for_status,
)
from chat_ui.gateway.lease import ClientPool, Lease
from chat_ui.gateway.metadata import events_in_headers
from chat_ui.gateway.network import Connection
from chat_ui.gateway.payment import PURCHASE, Purchase, Purse
from chat_ui.gateway.pricing import bounded
from chat_ui.gateway.profile import GatewayProfile
from chat_ui.gateway.request import ChatRequest, request_body
from chat_ui.gateway.sniff import BodyKind, read_body, sniffed
from chat_ui.gateway.sse import ServerSentEvent, SSEDecoder
from chat_ui.gateway.words import quoted, said_in_body
from chat_ui.words import say

__all__ = ["Pump"]

CONTENT = TextDelta | ReasoningDelta | ToolCallDelta
# A piece that is as long as this takes in no other.
JOINED_CHARS = 256


class Pump:
    """Reads one answer into a queue, as fast as the queue is emptied.

    Args:
        pool: where the connection comes from.
        profile: the gateway.
        queue: takes the events.
        purse: what the answer is paid from, where the gateway is paid per request.
        breath: how many seconds what comes may gather before it is read, once the answer has begun.
    """

    def __init__(
        self,
        pool: ClientPool,
        profile: GatewayProfile,
        queue: asyncio.Queue[StreamEvent | None],
        purse: Purse | None = None,
        breath: Callable[[], float] | None = None,
    ) -> None:
        self._pool = pool
        self._profile = profile
        self._queue = queue
        self._purchase = None if purse is None else Purchase(purse, self._emit)
        self._breath = breath
        self._connection: Connection | None = None
        self._decoder = StreamDecoder(secret=profile.key)
        self._clocks = Deadlines()
        self._answered = False
        self._content = False
        self._finished = False

    async def run(self, request: ChatRequest) -> None:
        """Read the answer to its end.

        Raises:
            GatewayError: what went wrong. Events that were put into the queue before stay good.
        """
        if await self._stale(request):
            async with self._pool.lease(fresh=True) as lease:
                await self._read(lease, request)

    async def _stale(self, request: ChatRequest) -> bool:
        """Read the answer over a warm connection if there is one; whether that had just been closed.

        A gateway may close an idle connection in the very moment in which it is used again. It hasn't read
        the request then, so this is no failure of it, and needs no wait.
        """
        async with self._pool.lease() as lease:
            try:
                await self._read(lease, request)
            except ConnectionLost as lost:
                if self._answered or lost.paid or not lease.warm:
                    raise
                return True
        return False

    async def _read(self, lease: Lease, request: ChatRequest) -> None:
        try:
            await self._exchange(lease, request)
        except GatewayError as error:
            if self._purchase is not None:
                error.paid = self._purchase.paid
                await self._purchase.tell()
            raise

    async def _exchange(self, lease: Lease, request: ChatRequest) -> None:
        limits = self._profile.clocks
        self._clocks = clocks = Deadlines()
        try:
            async with clocks:
                clocks.start(HeadersTimeout, limits.headers)
                clocks.start(FirstContentTimeout, limits.first_content)
                clocks.start(TookTooLong, limits.total)
                await self._ask(lease.client, request)
        except (httpx.RequestError, OSError) as error:
            # The trailer's clock among them: the answer is whole without it.
            if not self._finished:
                raise self._failure(error, clocks.expired) from error
        else:
            lease.read_to_end()

    def _failure(self, error: httpx.RequestError | OSError, expired: type[TooSlow] | None) -> GatewayError:
        if expired is not None:
            return expired()
        return StreamCut() if self._content else from_transport(error)

    async def _ask(self, client: httpx.AsyncClient, request: ChatRequest) -> None:
        paid = self._purchase is not None
        asking = client.stream(
            "POST",
            self._profile.url(self._profile.endpoint),
            json=request_body(self._profile, bounded(request) if paid else request),
            headers={"accept": "text/event-stream", **auth_headers(self._profile)},
            extensions={PURCHASE: self._purchase} if paid else {},
        )
        async with asking as response:
            self._answered = True
            self._clocks.stop(HeadersTimeout)
            connection = response.extensions.get("network_stream")
            self._connection = connection if isinstance(connection, Connection) else None
            await raise_for_status(response, self._profile.key)
            for event in events_in_headers(response.headers):
                await self._emit(event)
            kind, chunks = await sniffed(response)
            match kind:
                case BodyKind.EVENTS:
                    await self._read_events(chunks)
                case BodyKind.JSON:
                    await self._read_message(chunks)
                case BodyKind.HTML:
                    raise NotAnAPI(say("gateway.web_page"))
                case BodyKind.OTHER:
                    said = said_in_body(await read_body(chunks, MAX_ERROR_BYTES))
                    raise NotAnAPI(detail=quoted(said, self._profile.key))
                case BodyKind.EMPTY:
                    raise EmptyAnswer

    async def _read_events(self, chunks: AsyncIterator[bytes]) -> None:
        sse = SSEDecoder()
        async for chunk in chunks:
            events = sse.feed(chunk)
            await self._decode(events)
            if events and self._content and not self._finished:
                self._clocks.start(Stalled, self._profile.clocks.gap)
        await self._decode(sse.close())
        await self._end()

    async def _read_message(self, chunks: AsyncIterator[bytes]) -> None:
        """Read a whole answer: some gateways don't stream, whatever was asked."""
        body = await read_body(chunks, MAX_BODY_BYTES)
        await self._decode([ServerSentEvent(data=body.decode("utf-8-sig", "replace"))])
        if not (self._content or self._finished):
            raise EmptyAnswer(detail=quoted(said_in_body(body), self._profile.key))
        await self._end()

    async def _decode(self, sent: list[ServerSentEvent]) -> None:
        """Tell what has come at once, its texts in one; what comes before a mistake is told all the same."""
        told: list[StreamEvent] = []
        try:
            for event in sent:
                found = self._decoder.feed(event)
                if event.data.lstrip().startswith(DONE):
                    self._refuse_nothing(told, found)
                told += found
        finally:
            for event in _joined(told):
                await self._emit(event)

    async def _end(self) -> None:
        # The decoder may have held back a first piece to the end: that is an answer too.
        found = self._decoder.close()
        self._refuse_nothing([], found)
        for event in found:
            await self._emit(event)

    def _refuse_nothing(self, told: list[StreamEvent], found: list[StreamEvent]) -> None:
        """Refuse an answer whose end, which is among what was found last, is all that it has."""
        if self._content or self._finished or any(isinstance(event, CONTENT | Finish) for event in told):
            return
        if not any(isinstance(event, CONTENT) for event in found):
            raise EmptyAnswer

    async def _emit(self, event: StreamEvent) -> None:
        if isinstance(event, CONTENT):
            if not self._content:
                self._content = True
                self._breathe(self._breath)
                self._clocks.stop(FirstContentTimeout)
        elif isinstance(event, Finish):
            self._finished = True
            self._breathe(None)
            # The gateway may still send usage and metadata, and must not keep the person waiting for them.
            self._clocks.start(Stalled, self._profile.clocks.trailer)
            self._clocks.stop(FirstContentTimeout, TookTooLong)
        if self._queue.full():
            # The gateway isn't slow while nobody listens to it.
            async with self._clocks.standing_still():
                await self._queue.put(event)
        else:
            self._queue.put_nowait(event)

    def _breathe(self, breath: Callable[[], float] | None) -> None:
        if self._connection is not None:
            self._connection.breathe(breath)


def _joined(events: list[StreamEvent]) -> list[StreamEvent]:
    """The same with fewer pieces: each passes through many hands, and often many tokens are read at once."""
    if len(events) < 2:
        return events
    joined: list[StreamEvent] = []
    for event in events:
        match joined[-1:], event:
            case [TextDelta(before)], TextDelta(text) if len(before) < JOINED_CHARS:
                joined[-1] = TextDelta(before + text)
            case [ReasoningDelta(before)], ReasoningDelta(text) if len(before) < JOINED_CHARS:
                joined[-1] = ReasoningDelta(before + text)
            case _:
                joined.append(event)
    return joined
