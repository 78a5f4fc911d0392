"""docs/hosting.md, followed to its end: TLS, two people, a budget; then what may go wrong goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from tests.deploy.conftest import KEY, PATIENCE_S, Deployed, links_in
from tests.deploy.test_two_workers import go_on_until_read
from tests.hosted.conftest import PASSWORD, submit
from tests.hosted.socket import Socket
from tests.hosted.test_every_handler import every_handler, named
from tests.scripted import Request, ScriptedGateway

pytestmark = pytest.mark.asyncio(loop_scope="module")
SPOOFED = "203.0.113.9"
ENOUGH_TO_COME_TO_BOTH = 24


class Somebody:
    """Somebody with a browser of their own, who reaches the site through Caddy."""

    def __init__(self, site: Deployed) -> None:
        self.site = site
        self.client = httpx.AsyncClient(base_url=site.url, verify=site.trust(), timeout=30)
        self._handlers = every_handler()

    async def come_in(self, link: str, name: str) -> httpx.Response:
        """Take a link, as a new person."""
        return await submit(self.client, link.removeprefix(self.site.url), name=name, new_password=PASSWORD)

    def socket(self, tab: str, **headers: str) -> Socket:
        """Open a websocket as a page does."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        return Socket(
            self.site.url, tab, {"Cookie": cookie, "Origin": self.site.url} | headers, ssl=self.site.trust()
        )

    async def send(self, socket: Socket, id: str, text: str, conversation: str = "") -> None:
        """Send a message; it is stored, or refused in words, when this returns."""
        draft = {"id": id, "text": text, "conversation_id": conversation or None}
        await socket.call(named(self._handlers, "thread_state.send"), {"draft": draft})
        await socket.until(lambda: any(id in frame and "ref_composer" in frame for frame in socket.frames))

    async def follow(self, socket: Socket, conversation: str) -> None:
        """Have a conversation told, as an open page has."""
        await socket.call(named(self._handlers, "thread_state.follow"), path=f"/c/{conversation}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(deployed: Deployed) -> AsyncIterator[ScriptedGateway]:
    async with ScriptedGateway(port=deployed.gateway_port) as scripted:
        yield scripted


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(deployed: Deployed, gateway: ScriptedGateway) -> AsyncIterator[tuple[Somebody, Somebody]]:
    ada, bob = Somebody(deployed), Somebody(deployed)
    for who, link, name in zip((ada, bob), links_in(deployed.said), ("ada", "bob"), strict=True):
        done = await who.come_in(link, name)
        assert (done.status_code, done.headers["location"]) == (303, "/")
    yield ada, bob
    for who in (ada, bob):
        await who.client.aclose()


async def asked(site: Deployed, query: str) -> list[str]:
    return (await asyncio.to_thread(site.postgres.ask, query, site.database)).splitlines()


async def becomes(question: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    """Wait until something is so that nobody tells of."""
    async with asyncio.timeout(PATIENCE_S):
        while (found := await question()) != wanted:
            del found
            await asyncio.sleep(0.05)


async def test_two_people_come_in_by_tls_and_nobody_says_where_they_are_but_caddy(
    deployed: Deployed, people: tuple[Somebody, Somebody]
) -> None:
    ada, _ = people
    page = await ada.client.get("/", headers={"X-Forwarded-For": SPOOFED})
    assert page.status_code == 200
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert [name for name in ada.client.cookies if not name.startswith("__Host-")] == []
    again = Somebody(deployed)
    shown = await again.client.get("/login")
    token = shown.text.split('form_token" value="')[1].split('"')[0]
    signed_in = await again.client.post(
        "/login",
        data={"form_token": token, "name": "ada", "password": PASSWORD},
        headers={"Origin": deployed.url, "X-Forwarded-For": SPOOFED, "X-Real-IP": SPOOFED},
    )
    assert signed_in.status_code == 303
    addresses = set(await asked(deployed, "SELECT DISTINCT address FROM session"))
    assert addresses <= {"127.0.0.1", "::1"}
    await again.client.aclose()

    figures = f"http://127.0.0.1:{deployed.port}/metrics"
    token = deployed.env()["CHAT_UI_METRICS_TOKEN"]
    async with httpx.AsyncClient() as machine:
        assert (await machine.get(figures)).status_code == 401
        told = await machine.get(figures, headers={"Authorization": f"Bearer {token}"})
        assert "chat_ui_requests_total" in told.text
    assert (await ada.client.get("/metrics")).status_code == 404

    # Caddy's id of a request is the one in the site's lines.
    async def is_in_a_line() -> bool:
        lines = [json.loads(line) for line in deployed.log.splitlines() if line.startswith("{")]
        return any(line["message"] == "POST /login 303" and len(line["request_id"]) == 36 for line in lines)

    await becomes(is_in_a_line, True)


async def test_the_doctor_finds_nothing_but_a_root_that_it_was_not_told_of(
    deployed: Deployed, people: tuple[Somebody, Somebody]
) -> None:
    well = await asyncio.to_thread(deployed.run, "doctor", SSL_CERT_FILE=str(deployed.root))
    assert well.returncode == 0, well.stdout + well.stderr
    assert "All is well." in well.stdout
    assert "2 processes serve the site" in well.stdout
    assert "it comes through, for the site's own pages only" in well.stdout
    untold = await asyncio.to_thread(deployed.run, "doctor")
    assert untold.returncode == 1
    assert "the certificate isn't believed" in untold.stdout
    assert KEY not in well.stdout + untold.stdout


async def test_budgets_hold_over_all_workers(
    deployed: Deployed, people: tuple[Somebody, Somebody], gateway: ScriptedGateway
) -> None:
    _, bob = people
    gateway.greeting = "Yes."
    async with bob.socket("budget") as socket:
        for number in range(50):
            await bob.send(socket, f"budget-{number}", "word " * 100)
            if "refused" in socket.received:
                break
            await becomes(lambda: asked(deployed, "SELECT count(*) FROM run WHERE status = 'running'"), ["0"])
        assert "refused" in socket.received
        assert "tokens" in socket.received.partition("refused")[2]
    gateway.greeting = None


async def on_both_workers(deployed: Deployed, who: Somebody, conversation: str) -> list[Socket]:
    """Open websockets until each worker has one, and have all follow a conversation."""
    opened: list[Socket] = []
    before = {worker: deployed.sockets_of(worker) for worker in deployed.workers()}
    while len(opened) < ENOUGH_TO_COME_TO_BOTH:
        socket = await who.socket(f"tab-{len(opened)}").__aenter__()
        opened.append(socket)
        await who.follow(socket, conversation)
        if len(opened) > 1 and all(deployed.sockets_of(worker) > before[worker] for worker in before):
            return opened
    raise AssertionError("All went to one worker")


async def test_what_goes_away_in_mid_answer_comes_back_and_nothing_is_lost(
    deployed: Deployed, people: tuple[Somebody, Somebody], gateway: ScriptedGateway
) -> None:
    ada, _ = people
    async with ada.socket("writer") as writer:
        await ada.send(writer, "first", "Tell me.")
        request = await gateway.next_request()
        [conversation] = await asked(
            deployed,
            "SELECT c.id FROM conversation c JOIN \"user\" u ON u.id = c.owner_id WHERE u.name = 'ada'",
        )
        pages = await on_both_workers(deployed, ada, conversation)
        await go_on_until_read(request, pages, "before")
        await asyncio.to_thread(deployed.redis.stop)
        await request.say("without-redis ")
        await asyncio.to_thread(deployed.redis.start)
        await go_on_until_read(request, pages, "after-redis")
        await asyncio.to_thread(deployed.postgres.stop)
        await request.say("without-postgresql ")
        await asyncio.to_thread(deployed.postgres.start)
        await go_on_until_read(request, pages, "after-postgresql")
        await request.finish()
        await becomes(
            lambda: asked(
                deployed,
                "SELECT count(*) FROM message WHERE status = 'complete' AND text LIKE 'before %without-redis"
                "%after-redis%without-postgresql%after-postgresql%'",
            ),
            ["1"],
        )
        for page in pages:
            await page.__aexit__()


async def test_a_worker_that_is_killed_is_replaced_and_loses_nothing_that_was_said(
    deployed: Deployed, people: tuple[Somebody, Somebody], gateway: ScriptedGateway
) -> None:
    ada, _ = people
    async with ada.socket("another") as writer:
        await ada.send(writer, "second", "And this?")
        request: Request = await gateway.next_request()
        await request.say("kept-word ")
        [message] = await asked(deployed, "SELECT id FROM message WHERE status = 'streaming'")
        await becomes(
            lambda: asked(deployed, "SELECT text FROM run_journal WHERE text LIKE 'kept-%'"), ["kept-word "]
        )
        # Whichever of them holds the connection to the gateway.
        [writing] = [worker for worker in deployed.workers() if talks_to(worker, deployed.gateway_port)]
        os.kill(writing, signal.SIGKILL)
        status = f"SELECT status, text FROM message WHERE id = '{message}'"  # noqa: S608
        await becomes(lambda: asked(deployed, status), ["interrupted|kept-word "])
    await becomes(lambda: asyncio.to_thread(lambda: len(deployed.workers())), 2)
    assert writing not in deployed.workers()
    page = await ada.client.get("/session")
    assert page.status_code == 204
    async with ada.socket("back") as back:
        await ada.send(back, "third", "Still there?")
        request = await gateway.next_request()
        await request.say("Yes.")
        await request.finish()
        await becomes(lambda: asked(deployed, "SELECT count(*) FROM run WHERE status = 'running'"), ["0"])
    ours = [line for line in deployed.log.splitlines() if '"level": "error", "logger": "chat_ui' in line]
    assert ours == []


def talks_to(worker: int, port: int) -> bool:
    return any(
        one.raddr and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
        for one in psutil.Process(worker).net_connections("tcp")
    )
