"""One request from its first byte to its last: the only task that touches the response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx

from chat_ui.gateway.classify import from_transport
from chat_ui.gateway.decode import DONE, StreamDecoder
from chat_ui.gateway.errors import EmptyAnswer, FirstContentTimeout, NotAnAPI, Stalled, StreamCut
from chat_ui.gateway.events import Finish, Metadata, ReasoningDelta, StreamEvent, TextDelta, ToolCallDelta
from chat_ui.gateway.exchange import (
    MAX_BODY_BYTES,
    MAX_ERROR_BYTES,
    auth_headers,
    raise_for_status,
    request_id,
)
from chat_ui.gateway.lease import ClientPool
from chat_ui.gateway.profile import GatewayProfile
from chat_ui.gateway.request import ChatRequest, openai_body
from chat_ui.gateway.sniff import BodyKind, read_body, sniffed
from chat_ui.gateway.sse import ServerSentEvent, SSEDecoder
from chat_ui.gateway.words import quoted, said_in_body

__all__ = ["Pump"]


class Pump:
    """Reads one answer into a queue, as fast as the queue is emptied.

    Args:
        pool: where the connection comes from.
        profile: the gateway.
        queue: takes the events.
    """

    def __init__(
        self, pool: ClientPool, profile: GatewayProfile, queue: asyncio.Queue[StreamEvent | None]
    ) -> None:
        self._pool = pool
        self._profile = profile
        self._queue = queue
        self._decoder = StreamDecoder(secret=profile.key)
        self._clock = asyncio.timeout(None)
        self._content = False
        self._finished = False

    async def run(self, request: ChatRequest) -> None:
        """Read the answer to its end.

        Raises:
            GatewayError: what went wrong. Events that were put into the queue before stay good.
        """
        async with self._pool.lease() as lease:
            try:
                async with self._clock:
                    self._wait_at_most(self._profile.clocks.first_content)
                    await self._ask(lease.client, request)
            except TimeoutError:
                if not self._finished:
                    raise (Stalled if self._content else FirstContentTimeout)() from None
            except (httpx.RequestError, OSError) as error:
                if not self._finished:
                    raise (StreamCut() if self._content else from_transport(error)) from error
            else:
                lease.read_to_end()

    async def _ask(self, client: httpx.AsyncClient, request: ChatRequest) -> None:
        asking = client.stream(
            "POST",
            self._profile.url("/chat/completions"),
            json=openai_body(request),
            headers={"Accept": "text/event-stream", **auth_headers(self._profile)},
        )
        async with asking as response:
            await raise_for_status(response, self._profile.key)
            if name := request_id(response.headers):
                await self._emit(Metadata(request_id=name))
            kind, chunks = await sniffed(response)
            match kind:
                case BodyKind.EVENTS:
                    await self._read_events(chunks)
                case BodyKind.JSON:
                    await self._read_message(chunks)
                case BodyKind.HTML:
                    raise NotAnAPI("A web page answers at this address, not a chat gateway.")
                case BodyKind.OTHER:
                    said = said_in_body(await read_body(chunks, MAX_ERROR_BYTES))
                    raise NotAnAPI(detail=quoted(said, self._profile.key))
                case BodyKind.EMPTY:
                    raise EmptyAnswer

    async def _read_events(self, chunks: AsyncIterator[bytes]) -> None:
        sse = SSEDecoder()
        async for chunk in chunks:
            events = sse.feed(chunk)
            for event in events:
                await self._decode(event)
            if events and self._content and not self._finished:
                self._wait_at_most(self._profile.clocks.gap)
        for event in sse.close():
            await self._decode(event)
        await self._end()

    async def _read_message(self, chunks: AsyncIterator[bytes]) -> None:
        """Read a whole answer: some gateways don't stream, whatever was asked."""
        body = await read_body(chunks, MAX_BODY_BYTES)
        await self._decode(ServerSentEvent(data=body.decode("utf-8-sig", "replace")))
        if not (self._content or self._finished):
            raise EmptyAnswer(detail=quoted(said_in_body(body), self._profile.key))
        await self._end()

    async def _decode(self, event: ServerSentEvent) -> None:
        if not (self._content or self._finished) and event.data.lstrip().startswith(DONE):
            raise EmptyAnswer
        for decoded in self._decoder.feed(event):
            await self._emit(decoded)

    async def _end(self) -> None:
        if not (self._content or self._finished):
            raise EmptyAnswer
        for event in self._decoder.close():
            await self._emit(event)

    async def _emit(self, event: StreamEvent) -> None:
        if isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta):
            self._content = True
        elif isinstance(event, Finish):
            self._finished = True
            # The gateway may still send usage and metadata, and must not keep the person waiting for them.
            self._wait_at_most(self._profile.clocks.trailer)
        if self._queue.full():
            await self._pausing(event)
        else:
            self._queue.put_nowait(event)

    async def _pausing(self, event: StreamEvent) -> None:
        """Wait for the reader; the gateway isn't slow while we don't listen."""
        due, loop = self._clock.when(), asyncio.get_running_loop()
        since = loop.time()
        self._clock.reschedule(None)
        await self._queue.put(event)
        if due is not None:
            self._clock.reschedule(due + loop.time() - since)

    def _wait_at_most(self, seconds: float) -> None:
        self._clock.reschedule(asyncio.get_running_loop().time() + seconds)
