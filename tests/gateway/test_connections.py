"""What happens to sockets: clocks, cancellation, reuse. All of it on real ones."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from chat_ui.gateway import (
    ClientPool,
    Clocks,
    Finish,
    FirstContentTimeout,
    Gateway,
    GatewayError,
    HeadersTimeout,
    NotAnAPI,
    Stalled,
    StreamCut,
    StreamEvent,
    TextDelta,
    TookTooLong,
)

from .wire import (
    ASK,
    DONE,
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


async def whole_answer(peer: Peer) -> None:
    await peer.send(SSE_HEAD)
    await peer.send_chunk(HELLO)
    await peer.send_chunk(b"")


async def one_word_then_silence(peer: Peer) -> None:
    await peer.send(SSE_HEAD)
    await peer.send_chunk(sse(text("Hello")))
    await peer.until_client_leaves()


def pinging(first: bytes) -> Script:
    """Sends something, then only comments; an answer that nobody gave up in the meantime ends in order."""

    async def script(peer: Peer) -> None:
        await peer.send(SSE_HEAD)
        if first:
            await peer.send_chunk(first)
        for _ in range(400):
            await peer.send_chunk(b": keep-alive\n\n")
            await asyncio.sleep(0.005)
        await peer.send_chunk(DONE)

    return script


def at(server: ScriptedServer, **clocks: float) -> Gateway:
    return Gateway(profile(server.base_url, clocks=Clocks(**clocks)))


async def failing(gateway: Gateway) -> tuple[list[StreamEvent], GatewayError]:
    events: list[StreamEvent] = []
    with pytest.raises(GatewayError) as caught:
        await collected(gateway, into=events)
    await gateway.aclose()
    return events, caught.value


def gateway_tasks() -> list[asyncio.Task[Any]]:
    """The tasks that hold a connection to a gateway."""
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "run"]


class TestClocks:
    # On a busy machine a clock may run out before anybody is connected: then there is nobody to wait for.

    @pytest.mark.parametrize(
        "script", [Peer.until_client_leaves, pinging(b""), pinging(sse(chunk({"role": "assistant"})))]
    )
    async def test_no_content_in_time(self, serve: Serve, script: Script) -> None:
        server = await serve(script)
        events, error = await failing(at(server, first_content=0.2))
        assert (events, type(error)) == ([], FirstContentTimeout)
        await server.all_left()

    @pytest.mark.parametrize("script", [one_word_then_silence, pinging(sse(text("Hello")))])
    async def test_silence_in_the_middle(self, serve: Serve, script: Script) -> None:
        server = await serve(script)
        events, error = await failing(at(server, gap=0.3))
        assert (events, type(error)) == ([TextDelta("Hello")], Stalled)
        await server.client_left.wait()

    async def test_no_headers_in_time(self, serve: Serve) -> None:
        server = await serve(Peer.until_client_leaves)
        events, error = await failing(at(server, headers=0.2))
        assert (events, type(error)) == ([], HeadersTimeout)
        await server.all_left()

    async def test_headers_in_time_stop_their_clock(self, serve: Serve) -> None:
        server = await serve(pinging(b""))
        _, error = await failing(at(server, headers=0.2, first_content=0.4))
        assert type(error) is FirstContentTimeout

    async def test_an_answer_without_end(self, serve: Serve) -> None:
        async def endless(peer: Peer) -> None:
            await peer.send(SSE_HEAD)
            while True:
                await peer.send_chunk(sse(text("word ")))
                await asyncio.sleep(0.005)

        server = await serve(endless)
        events, error = await failing(at(server, total=0.3))
        assert said(events).startswith("word word ")
        assert type(error) is TookTooLong
        await server.client_left.wait()

    async def test_slow_content_is_no_silence(self, serve: Serve) -> None:
        async def slowly(peer: Peer) -> None:
            await peer.send(SSE_HEAD)
            for _ in range(16):
                await peer.send_chunk(sse(text("word ")))
                await asyncio.sleep(0.05)
            await peer.send_chunk(DONE)
            await peer.send_chunk(b"")

        gateway = at(await serve(slowly), first_content=0.6, gap=0.6)
        assert said(await collected(gateway)) == "word " * 16
        await gateway.aclose()

    @pytest.mark.parametrize("end", [sse(chunk({}, "stop")), DONE])
    async def test_a_connection_that_stays_open_after_the_end(self, serve: Serve, end: bytes) -> None:
        server = await serve(pinging(sse(text("Hello")) + end))
        gateway = at(server, trailer=0.05)
        assert await collected(gateway) == [TextDelta("Hello"), Finish("stop")]
        await server.client_left.wait()
        await gateway.aclose()

    async def test_a_slow_reader_is_not_taken_for_a_slow_gateway(self, serve: Serve) -> None:
        async def fast(peer: Peer) -> None:
            await peer.send(SSE_HEAD)
            await peer.send_chunk(sse(*[text("word ")] * 2000))
            await peer.send_chunk(DONE)
            await peer.send_chunk(b"")

        gateway = at(await serve(fast), first_content=0.6, gap=0.6)
        events: list[StreamEvent] = []
        async with aclosing(gateway.stream(ASK)) as stream:
            events.append(await anext(stream))
            await asyncio.sleep(1.0)
            events.extend([event async for event in stream])
        assert said(events) == "word " * 2000
        await gateway.aclose()

    async def test_a_silent_list_of_models(self, serve: Serve) -> None:
        server = await serve(Peer.until_client_leaves)
        gateway = at(server, gap=0.2)
        with pytest.raises(Stalled):
            await gateway.models()
        await server.all_left()
        await gateway.aclose()


async def listen(stream: AsyncGenerator[StreamEvent, None], heard: asyncio.Event) -> None:
    async with aclosing(stream):
        async for _ in stream:
            heard.set()


async def cancel_once(task: asyncio.Task[Any]) -> None:
    task.cancel()


async def cancel_twice(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()


async def cancel_again_and_again(task: asyncio.Task[Any]) -> None:
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)


CANCELLATIONS = [cancel_once, cancel_twice, cancel_again_and_again]


class TestCancellation:
    @pytest.mark.parametrize("cancel", CANCELLATIONS)
    async def test_the_server_sees_it_and_nothing_is_left(
        self, serve: Serve, cancel: Callable[[asyncio.Task[Any]], Awaitable[None]]
    ) -> None:
        server = await serve(one_word_then_silence)
        gateway, heard = at(server), asyncio.Event()
        listener = asyncio.create_task(listen(gateway.stream(ASK), heard))
        await heard.wait()
        await cancel(listener)
        with pytest.raises(asyncio.CancelledError):
            await listener
        await server.client_left.wait()
        await gateway.aclose()
        assert gateway_tasks() == []

    async def test_a_thousand_leave_nothing_behind(self, serve: Serve) -> None:
        left = asyncio.Semaphore(0)

        async def counted(peer: Peer) -> None:
            await one_word_then_silence(peer)
            left.release()

        server = await serve(counted)
        gateway = at(server)

        async def begin_and_leave(cancel: Callable[[asyncio.Task[Any]], Awaitable[None]]) -> None:
            heard = asyncio.Event()
            listener = asyncio.create_task(listen(gateway.stream(ASK), heard))
            await heard.wait()
            await cancel(listener)
            await asyncio.wait({listener})
            assert listener.cancelled()

        before = asyncio.all_tasks()
        for number in range(20):
            cancel = CANCELLATIONS[number % len(CANCELLATIONS)]
            await asyncio.gather(*[begin_and_leave(cancel) for _ in range(50)])
        for _ in range(1000):
            await left.acquire()
        assert server.connections == len(server.requests) == 1000
        assert gateway_tasks() == []
        assert (gateway._tasks, list(gateway._pool._free), gateway._pool._closing) == (set(), [], set())
        await server.all_left()
        assert asyncio.all_tasks() == before
        await gateway.aclose()

    @pytest.mark.parametrize("cancel", CANCELLATIONS)
    async def test_before_anything_came(
        self, serve: Serve, cancel: Callable[[asyncio.Task[Any]], Awaitable[None]]
    ) -> None:
        asked = asyncio.Event()

        async def silence(peer: Peer) -> None:
            asked.set()
            await peer.until_client_leaves()

        server = await serve(silence)
        gateway = at(server)
        listener = asyncio.create_task(listen(gateway.stream(ASK), asyncio.Event()))
        await asked.wait()
        await cancel(listener)
        with pytest.raises(asyncio.CancelledError):
            await listener
        await server.client_left.wait()
        await gateway.aclose()
        assert gateway_tasks() == []

    async def test_leaving_the_loop(self, serve: Serve) -> None:
        server = await serve(one_word_then_silence)
        gateway = at(server)
        async with aclosing(gateway.stream(ASK)) as stream:
            assert await anext(stream) == TextDelta("Hello")
        assert gateway_tasks() == []
        await server.client_left.wait()
        await gateway.aclose()

    async def test_leaving_while_the_gateway_waits_for_the_reader(self, serve: Serve) -> None:
        async def endless(peer: Peer) -> None:
            await peer.send(SSE_HEAD)
            while True:
                await peer.send_chunk(sse(text("word ")) * 1000)

        server = await serve(endless)
        gateway = at(server)
        async with aclosing(gateway.stream(ASK)) as stream:
            await anext(stream)
            await asyncio.sleep(0)
        await server.client_left.wait()
        await gateway.aclose()

    async def test_closing_the_gateway_ends_what_runs(self, serve: Serve) -> None:
        server = await serve(one_word_then_silence)
        gateway, heard = at(server), asyncio.Event()
        listener = asyncio.create_task(listen(gateway.stream(ASK), heard))
        listing = asyncio.create_task(gateway.models())
        await heard.wait()
        await gateway.aclose()
        for waiting in (listener, listing):
            with pytest.raises(StreamCut) as caught:
                await waiting
            assert caught.value.side == "site"
        await server.client_left.wait()
        assert gateway_tasks() == []

    async def test_the_connection_is_closed_in_peace_whoever_asks_again(self) -> None:
        closing, may_close, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

        class SlowToClose(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncGenerator[bytes, None]:
                yield sse(text("Hello"))
                await asyncio.Event().wait()

            async def aclose(self) -> None:
                closing.set()
                await may_close.wait()
                closed.set()

        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=SlowToClose()))
        gateway, heard = Gateway(profile(), transport=transport), asyncio.Event()
        listener = asyncio.create_task(listen(gateway.stream(ASK), heard))
        await heard.wait()
        listener.cancel()
        await closing.wait()
        listener.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listener
        end = asyncio.create_task(gateway.aclose())
        await asyncio.sleep(0)
        may_close.set()
        await end
        assert closed.is_set()

    async def test_an_error_that_nobody_stayed_for_is_no_complaint(self) -> None:
        complaints: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        transport = httpx.MockTransport(
            lambda _: httpx.Response(200, content=sse(text("Hi"), {"error": "no"}))
        )
        gateway = Gateway(profile(), transport=transport)
        async with aclosing(gateway.stream(ASK)) as stream:
            await anext(stream)
            if running := gateway_tasks():
                await asyncio.wait(running)
            await asyncio.sleep(0)  # the task's callbacks hold it until they have run
        await gateway.aclose()
        del stream, running
        gc.collect()
        assert complaints == []

    async def test_cancelling_the_list_of_models(self, serve: Serve) -> None:
        asked = asyncio.Event()

        async def silence(peer: Peer) -> None:
            asked.set()
            await peer.until_client_leaves()

        server = await serve(silence)
        gateway = at(server)
        listing = asyncio.create_task(gateway.models())
        await asked.wait()
        await cancel_twice(listing)
        with pytest.raises(asyncio.CancelledError):
            await listing
        await server.client_left.wait()
        await gateway.aclose()


class TestConnections:
    async def test_a_connection_read_to_its_end_serves_again(self, serve: Serve) -> None:
        server = await serve(whole_answer)
        gateway = at(server)
        for _ in range(3):
            assert said(await collected(gateway)) == "Hello"
        assert (server.connections, len(server.requests)) == (1, 3)
        await gateway.aclose()
        await server.client_left.wait()

    async def test_one_that_was_left_does_not(self, serve: Serve) -> None:
        server = await serve(one_word_then_silence)
        gateway = at(server)
        for _ in range(2):
            async with aclosing(gateway.stream(ASK)) as stream:
                await anext(stream)
        assert server.connections == 2
        await gateway.aclose()

    async def test_no_limit_to_how_many_run_at_once(self, serve: Serve) -> None:
        everybody = asyncio.Barrier(150)

        async def together(peer: Peer) -> None:
            await everybody.wait()
            await whole_answer(peer)

        gateway = at(await serve(together))
        answers = await asyncio.gather(*[collected(gateway) for _ in range(150)])
        assert {said(events) for events in answers} == {"Hello"}
        await gateway.aclose()

    async def test_a_cookie_never_comes_back(self, serve: Serve) -> None:
        async def cookie(peer: Peer) -> None:
            await peer.send(SSE_HEAD.replace(b"\r\n\r\n", b"\r\nSet-Cookie: who=ada; Path=/\r\n\r\n"))
            await peer.send_chunk(HELLO)
            await peer.send_chunk(b"")

        server = await serve(cookie)
        gateway = at(server)
        await collected(gateway)
        await collected(gateway)
        assert server.connections == 1
        assert not any(b"cookie" in request.lower() or b"ada" in request for request in server.requests)
        await gateway.aclose()

    async def test_a_reset_in_the_middle(self, serve: Serve) -> None:
        heard = asyncio.Event()

        async def reset(peer: Peer) -> None:
            await peer.send(SSE_HEAD)
            await peer.send_chunk(sse(text("Hello")))
            await heard.wait()
            peer.hang_up()

        gateway = at(await serve(reset))
        stream = gateway.stream(ASK)
        assert await anext(stream) == TextDelta("Hello")
        heard.set()
        with pytest.raises(StreamCut):
            await anext(stream)
        await gateway.aclose()

    async def test_an_end_in_the_middle_of_a_chunk(self, serve: Serve) -> None:
        async def half(peer: Peer) -> None:
            await peer.send(SSE_HEAD)
            await peer.send_chunk(sse(text("Hello")))
            await peer.send(b"ff\r\ndata: ")
            peer.hang_up_politely()

        events, error = await failing(at(await serve(half)))
        assert (events, type(error)) == ([TextDelta("Hello")], StreamCut)

    async def test_the_environment_counts_only_when_asked(
        self, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = await serve(whole_answer)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        through_proxy = Gateway(profile("http://nosuchhost.invalid/v1", trust_env=True))
        assert said(await collected(through_proxy)) == "Hello"
        assert server.requests[0].startswith(b"POST http://nosuchhost.invalid/v1/chat/completions ")
        direct = Gateway(profile("http://nosuchhost.invalid/v1"))
        await failing(direct)
        assert len(server.requests) == 1
        await through_proxy.aclose()


class Counting(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self.closed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"ok")

    async def aclose(self) -> None:
        self.closed += 1


class TestPool:
    async def test_a_client_that_was_read_to_the_end_is_leased_again(self) -> None:
        pool = ClientPool(transport=Counting())
        async with pool.lease() as lease:
            first = lease.client
            lease.read_to_end()
        async with pool.lease() as lease:
            assert lease.client is first
        assert first.is_closed
        await pool.aclose()

    async def test_a_failure_closes_it_whatever_was_read(self) -> None:
        pool = ClientPool(transport=Counting())

        async def fail() -> httpx.AsyncClient:
            async with pool.lease() as lease:
                clients.append(lease.client)
                lease.read_to_end()
                raise NotAnAPI

        clients: list[httpx.AsyncClient] = []
        with pytest.raises(NotAnAPI):
            await fail()
        assert clients[0].is_closed
        await pool.aclose()

    async def test_no_more_than_some_are_kept(self) -> None:
        pool = ClientPool(transport=Counting(), warm=2)
        clients: list[httpx.AsyncClient] = []
        everybody = asyncio.Barrier(5)

        async def use() -> None:
            async with pool.lease() as lease:
                clients.append(lease.client)
                await everybody.wait()
                lease.read_to_end()

        await asyncio.gather(*[use() for _ in range(5)])
        assert sum(client.is_closed for client in clients) == 3
        await pool.aclose()
        assert all(client.is_closed for client in clients)

    async def test_idle_ones_are_closed(self, serve: Serve) -> None:
        server = await serve(whole_answer)
        pool = ClientPool(idle=0.01)
        async with pool.lease() as lease:
            await lease.client.get(server.base_url)
            lease.read_to_end()
        await server.client_left.wait()
        assert lease.client.is_closed
        await pool.aclose()

    async def test_a_given_transport_is_closed_once_and_with_the_pool(self) -> None:
        transport = Counting()
        pool = ClientPool(transport=transport)
        for _ in range(3):
            async with pool.lease() as lease:
                await lease.client.get("http://gateway.test")
        assert transport.closed == 0
        await pool.aclose()
        assert transport.closed == 1

    async def test_one_set_of_certificates_for_all(self) -> None:
        pools = [ClientPool(), ClientPool()]
        seen: list[object] = []
        for pool in pools:
            async with pool.lease() as lease:
                transport: Any = lease.client._transport
                seen.append(transport._tls)
            await pool.aclose()
        assert seen[0] is seen[1]


async def test_what_comes_too_soon_is_read_together_and_the_first_pieces_at_once(serve: Serve):
    async def script(peer: Peer) -> None:
        await peer.send(SSE_HEAD)
        await peer.send_chunk(sse(text("a")))
        for word in "bcdef":
            await asyncio.sleep(0.02)
            await peer.send_chunk(sse(text(word)))
        await peer.send_chunk(sse(chunk({}, "stop")) + DONE)
        await peer.send_chunk(b"")

    server = await serve(script)
    gateway = at(server)
    async with aclosing(gateway.stream(ASK, breath=lambda: 0.5)) as events:
        words = [event.text async for event in events if isinstance(event, TextDelta)]
    await gateway.aclose()

    assert words == ["a", "b", "cdef"]
