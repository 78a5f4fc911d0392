"""Two workers of one site, a page open on each, and what they stand on goes away in mid-answer."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis

from chat_ui.words import say
from tests.browser.site import Site, free_port
from tests.hosted.conftest import PASSWORD, Hosted, Someone, come_in, submit
from tests.hosted.socket import Socket
from tests.hosted.test_every_handler import every_handler, named
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from tests.scripted import KEY, PATIENCE_S, Request, ScriptedGateway

MOST_TABS = 40

LOST_STATE = "State Manager lease breaker"
DATABASE_AWAY = say("store.away")
CAN_NOT_START = "Chat UI can't start yet. "
LIVING = "SELECT id FROM worker WHERE beats > 0 ORDER BY id"
ENDED = '"ended_rx_state_":"complete"'


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    async with ScriptedGateway() as scripted:
        yield scripted


class Two:
    """A site of two workers.

    Args:
        hosted: the site.
        postgres: where its database is.
        database: which.
    """

    def __init__(self, hosted: Hosted, postgres: PostgresServer, database: str) -> None:
        self.hosted = hosted
        self._postgres = postgres
        self._database = database
        self._handlers = every_handler()

    async def ask(self, query: str) -> list[str]:
        """Ask the database itself."""
        return (await asyncio.to_thread(self._postgres.ask, query, self._database)).splitlines()

    async def becomes(self, query: str, *wanted: str) -> None:
        """Wait until the database says something."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.ask(query) != list(wanted):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def send(self, socket: Socket, id: str, text: str) -> None:
        await socket.call(named(self._handlers, "thread_state.send"), {"draft": {"id": id, "text": text}})

    async def follow(self, socket: Socket, conversation: str) -> None:
        await socket.call(named(self._handlers, "thread_state.follow"), path=f"/c/{conversation}")

    async def is_replaced_in_vain(self, worker: int, *, tries: int) -> None:
        """Kill a worker, and wait until the one in its place has tried to start so many times."""
        before = self.hosted.site.log.count(CAN_NOT_START)
        os.kill(worker, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE_S):
            while self.hosted.site.log.count(CAN_NOT_START) < before + tries:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def connections(self) -> dict[int, int]:
        """How many connections somebody has to each worker."""
        port = self.hosted.site.port
        return {
            worker: sum(
                one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port
                for one in psutil.Process(worker).net_connections("tcp")
            )
            for worker in self.hosted.site.worker_ids()
        }

    async def pages_on_both(self, stack: AsyncExitStack, who: Someone, conversation: str) -> list[Socket]:
        """Open tabs until each worker has one more, and let all show a conversation."""
        before, opened = self.connections(), list[Socket]()
        while len(opened) < MOST_TABS:
            opened.append(await stack.enter_async_context(who.socket(f"tab-{len(opened)}")))
            await self.follow(opened[-1], conversation)
            now = self.connections()
            if all(now[worker] > before[worker] for worker in before):
                return opened
        raise AssertionError("All came to one worker")


@pytest.fixture
async def two(
    tmp_path: Path, postgres: PostgresServer, redis: RedisServer, gateway: ScriptedGateway
) -> AsyncIterator[Two]:
    page, port, database = tmp_path / "page", free_port(), postgres.make_database()
    (page / "build" / "client").mkdir(parents=True)
    (page / "build" / "client" / "index.html").write_text("<p>The page.")
    env = {
        "CHAT_UI_HOSTED": "1",
        "CHAT_UI_PUBLIC_URL": f"http://localhost:{port}",
        "CHAT_UI_DATABASE_URL": postgres.url(database),
        "CHAT_UI_REDIS_URL": redis.url(),
        "CHAT_UI_GATEWAY_URL": gateway.base_url,
        "CHAT_UI_GATEWAY_KEY": KEY,
    }
    hosted = Hosted(Site(page, tmp_path / "data", env, workers=2, port=port))
    hosted.first_link = await hosted.operate("first_link")
    await asyncio.to_thread(hosted.site.start)
    yield Two(hosted, postgres, database)
    hosted.site.stop()
    for client in hosted.clients:
        await client.aclose()


async def go_on_until_read(request: Request, pages: list[Socket], word: str) -> None:
    """Let the model say a word again and again, as models talk on, until every page has it."""
    async with asyncio.timeout(PATIENCE_S):
        while not all(word in page.received for page in pages):
            assert not any(page.closed.is_set() for page in pages)
            await request.say(f"{word} ")
            await asyncio.sleep(0.1)


async def everything_in(redis: RedisServer) -> bytes:
    """All that Redis keeps, names and values."""
    kept: list[bytes] = []
    async with Redis.from_url(redis.url()) as server:
        async for key in server.scan_iter():
            kept.append(key)
            if await server.type(key) == b"string":
                kept.append(await server.get(key) or b"")
    return b"\n".join(kept)


async def test_what_goes_away_in_mid_answer_comes_back_and_nothing_is_lost(
    two: Two, gateway: ScriptedGateway, postgres: PostgresServer, redis: RedisServer
) -> None:
    ada = await come_in(two.hosted, two.hosted.first_link, "ada")
    async with AsyncExitStack() as stack:
        writer = await stack.enter_async_context(ada.socket("writer"))
        await two.send(writer, "first", "Tell me.")
        request = await gateway.next_request()
        await two.becomes("SELECT count(*) FROM conversation", "1")
        [conversation] = await two.ask("SELECT id FROM conversation")
        pages = await two.pages_on_both(stack, ada, conversation)
        await go_on_until_read(request, pages, "before")

        await asyncio.to_thread(redis.stop)
        await request.say("without-redis ")
        await two.becomes("SELECT count(*) FROM run_journal WHERE text LIKE '%without-redis%'", "1")
        await asyncio.to_thread(redis.start)
        await go_on_until_read(request, pages, "after-redis")

        # Some seconds later Reflex notices that the state of pages was lost with Redis, and lets go of it.
        async with asyncio.timeout(2 * PATIENCE_S):
            while two.hosted.site.log.count(LOST_STATE) < len(pages):
                await request.say("meanwhile ")
                await asyncio.sleep(0.2)

        await asyncio.to_thread(postgres.stop)
        await request.say("without-postgresql ")
        # Whoever hears of others by Redis asks the database once Redis is back, and finds it away.
        await asyncio.to_thread(redis.stop)
        await asyncio.to_thread(redis.start)
        for page in pages:
            await page.until(lambda page=page: DATABASE_AWAY in page.received)
        await asyncio.to_thread(postgres.start)
        await go_on_until_read(request, pages, "after-postgresql")

        # The end of an answer is an event of the pages' state, which is in Redis.
        await asyncio.to_thread(redis.stop)
        await request.say("the-last")
        await request.finish()
        await two.becomes("SELECT status FROM message WHERE role = 'assistant'", "complete")
        await asyncio.to_thread(redis.start)
        for page in pages:
            await page.until(
                lambda page=page: '"complete"' in page.received.rpartition("after-postgresql")[2]
            )
    [text] = await two.ask("SELECT text FROM message WHERE role = 'assistant'")
    words = [word for number, word in enumerate(text.split()) if word not in text.split()[:number]]
    assert words == [
        "before",
        "without-redis",
        "after-redis",
        "meanwhile",
        "without-postgresql",
        "after-postgresql",
        "the-last",
    ]


async def test_a_worker_that_can_not_begin_waits_and_the_site_goes_on(
    two: Two, postgres: PostgresServer, redis: RedisServer
) -> None:
    for server in (postgres, redis):
        dies, remains = two.hosted.site.worker_ids()
        before = await two.ask(LIVING)
        await asyncio.to_thread(server.stop)
        await two.is_replaced_in_vain(dies, tries=2)
        assert remains in two.hosted.site.worker_ids()
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(2 * PATIENCE_S):
            while len(now := await two.ask(LIVING)) != 2 or now == before:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert remains in two.hosted.site.worker_ids()

    await asyncio.to_thread(redis.stop)
    await two.is_replaced_in_vain(two.hosted.site.worker_ids().pop(), tries=1)
    assert await asyncio.to_thread(two.hosted.site.stop) == 0
    await asyncio.to_thread(redis.start)


async def test_who_changes_their_password_is_out_on_every_worker(two: Two, gateway: ScriptedGateway) -> None:
    ada = await come_in(two.hosted, two.hosted.first_link, "ada")
    elsewhere = two.hosted.client()
    assert (await submit(elsewhere, "/login", name="ada", password=PASSWORD)).status_code == 303
    async with AsyncExitStack() as stack:
        pages = await two.pages_on_both(stack, ada, "none")
        new = {"password": PASSWORD, "new_password": "another good one"}
        assert (await submit(elsewhere, "/password", name="", **new)).status_code == 303
        async with asyncio.timeout(PATIENCE_S):
            for page in pages:
                await page.closed.wait()
    assert (await ada.client.get("/session")).status_code == 401


async def test_redis_keeps_no_secret_and_no_text(
    two: Two, gateway: ScriptedGateway, redis: RedisServer
) -> None:
    ada = await come_in(two.hosted, two.hosted.first_link, "ada")
    async with ada.socket("writer") as page:
        await two.send(page, "first", "Tell me.")
        request = await gateway.next_request()
        [conversation] = await two.ask("SELECT id FROM conversation")
        await two.follow(page, conversation)
        await go_on_until_read(request, [page], "a-word-of-the-answer")
        await request.finish()
        await page.until(lambda: ENDED in page.received)
        # The state of a page comes there once its worker lets go of it, some seconds later.
        async with asyncio.timeout(PATIENCE_S):
            while conversation.encode() not in (kept := await everything_in(redis)):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    for secret in (KEY, PASSWORD, ada.cookie.partition("=")[2], "a-word-of-the-answer"):
        assert secret.encode() not in kept
