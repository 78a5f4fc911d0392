"""Two browsers of one person, one on each worker, through Caddy and TLS; what these stand on goes away."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from chat_ui.page import ROOT
from tests.browser.person import Person
from tests.browser.site import Site, free_port
from tests.deploy.test_files import tool
from tests.hosted.conftest import PASSWORD, Hosted
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from tests.scripted import KEY, PATIENCE_S, Request, ScriptedGateway

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE_MS = 30_000
# With TLS on a bare "localhost", Reflex's page looks for its server on the standard port only.
NAME = "chat.localhost"
TOKEN = "figures-for-the-test"
PROXY = re.compile(r"\treverse_proxy \S+ \{\n(.*?)\n\t\}\n", re.DOTALL)
# Which worker a browser comes to, as long as that is there.
STEERED = """\
	@second header Cookie *worker=second*
	reverse_proxy @second {second} {first} {{
		lb_policy first
{rest}
	}}
	reverse_proxy {first} {second} {{
		lb_policy first
{rest}
	}}
"""
ANSWERS = "SELECT status, text FROM message WHERE role = 'assistant' ORDER BY created_at"
SAVED = "SELECT text FROM run_journal"


@dataclass(frozen=True, slots=True)
class Both:
    """A site of two workers, as on two machines.

    Args:
        url: by which people reach it.
        link: makes its first admin.
        first: where browsers come to.
        second: where those come to that say so.
        ask: asks the database itself.
    """

    url: str
    link: str
    first: Site
    second: Site
    ask: Callable[[str], str]

    def browser(self, worker: str) -> dict[str, Any]:
        """How a browser is made that comes to a worker."""
        cookie = {"name": "worker", "value": worker, "domain": NAME, "path": "/", "expires": -1}
        cookie |= {"httpOnly": False, "secure": True, "sameSite": "Lax"}
        return {"ignore_https_errors": True, "storage_state": {"cookies": [cookie], "origins": []}}


@pytest_asyncio.fixture(loop_scope="session")
async def gateway() -> AsyncIterator[ScriptedGateway]:
    async with ScriptedGateway() as scripted:
        yield scripted


@pytest_asyncio.fixture(loop_scope="session")
async def both(
    tmp_path: Path, compiled: Path, postgres: PostgresServer, redis: RedisServer, gateway: ScriptedGateway
) -> AsyncIterator[Both]:
    ports, https, database = (free_port(), free_port()), free_port(), postgres.make_database()
    url = f"https://{NAME}:{https}"
    env = {
        "CHAT_UI_HOSTED": "1",
        "CHAT_UI_PUBLIC_URL": url,
        "CHAT_UI_DATABASE_URL": postgres.url(database),
        "CHAT_UI_REDIS_URL": redis.url(5),
        "CHAT_UI_GATEWAY_URL": gateway.base_url,
        "CHAT_UI_GATEWAY_KEY": KEY,
        "CHAT_UI_TRUSTED_PROXIES": "1",
        "CHAT_UI_METRICS_TOKEN": TOKEN,
    }
    first, second = (
        Site(compiled, tmp_path / name, env, port=port)
        for name, port in zip(("first", "second"), ports, strict=True)
    )
    caddyfile = tmp_path / "Caddyfile"
    shipped = (ROOT / "deploy" / "Caddyfile").read_text()
    steered, count = PROXY.subn(
        lambda found: STEERED.format(
            first=f"127.0.0.1:{ports[0]}", second=f"127.0.0.1:{ports[1]}", rest=found[1]
        ),
        shipped,
    )
    assert count == 1
    caddyfile.write_text(steered)
    caddy = subprocess.Popen(  # noqa: ASYNC220 - it is a moment's work
        [tool("caddy"), "run", "--adapter", "caddyfile", "--config", caddyfile],
        env=os.environ
        | {
            "HOME": str(tmp_path / "home"),
            "CHAT_UI_SITE": f"{NAME}:{https}",
            "CHAT_UI_TLS": "tls internal",
            "CHAT_UI_HTTP_PORT": str(free_port()),
            "CHAT_UI_CADDY_ADMIN": "off",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        link = await Hosted(first).operate("first_link")
        for site in (first, second):
            await asyncio.to_thread(site.start)
        yield Both(url, link, first, second, lambda query: postgres.ask(query, database))
    finally:
        first.stop()
        second.stop()
        for site in (first, second):
            print(f"The site at {site.url} printed:\n{site.log[-5000:]}")
        caddy.terminate()
        caddy.wait()


def sockets_of(site: Site) -> int:
    """How many websockets a worker has, by its own count."""
    asked = urllib.request.Request(f"{site.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(asked) as answer:
        return int(float(re.search(rb"^chat_ui_open_sockets (\S+)", answer.read(), re.MULTILINE)[1]))


async def go_on_until_seen(request: Request, people: list[Person], word: str) -> None:
    """Let the model say a word again and again, as models talk on, until everybody sees it."""
    async with asyncio.timeout(2 * PATIENCE_S):
        while not all([word in await person.answers.last.inner_text() for person in people]):
            await request.say(f"{word} ")
            await asyncio.sleep(0.2)


async def saved(both: Both, word: str) -> None:
    """Wait until a word of an answer that is being written would outlive its worker: pages see it first."""
    async with asyncio.timeout(PATIENCE_S):
        while word not in await asyncio.to_thread(both.ask, SAVED):  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.05)


async def ended_as(people: list[Person], status: str) -> list[str]:
    """Wait until everybody sees how the answer has ended; returns the words that each sees, once each."""
    seen: list[str] = []
    for person in people:
        await expect(person.answers.last).to_have_attribute("data-status", status, timeout=PATIENCE_MS)
        seen.append(await person.answers.last.locator("p").first.inner_text())
    return seen


async def test_two_browsers_lose_nothing_and_go_on_by_themselves(
    both: Both,
    visit: Callable[..., Awaitable[Person]],
    gateway: ScriptedGateway,
    postgres: PostgresServer,
    redis: RedisServer,
) -> None:
    first = await visit(both, both.link.removeprefix(both.url), **both.browser("first"))
    await first.page.get_by_label("Name").fill("ada")
    await first.page.get_by_label("New password").fill(PASSWORD)
    await first.page.get_by_role("button").click()
    await first.arrived()
    await first.say("Tell me.")
    request = await gateway.next_request()
    await request.say("before ")
    await first.page.wait_for_url("**/c/*")

    path = first.page.url.removeprefix(both.url)
    second = await visit(both, f"/login?next={path}", ready=False, **both.browser("second"))
    await second.page.get_by_label("Name").fill("ada")
    await second.page.get_by_label("Password").fill(PASSWORD)
    await second.page.get_by_role("button").click()
    people = [first, second]
    await go_on_until_seen(request, people, "both")
    assert [sockets_of(site) > 0 for site in (both.first, both.second)] == [True, True]

    await asyncio.to_thread(redis.stop)
    await request.say("without-redis ")
    await asyncio.to_thread(redis.start)
    await go_on_until_seen(request, people, "after-redis")

    await asyncio.to_thread(postgres.stop)
    await request.say("without-postgresql ")
    await asyncio.to_thread(postgres.start)
    await go_on_until_seen(request, people, "after-postgresql")

    # The one that doesn't write it: its browser goes on by the other.
    both.second.kill()
    await second.message_box.fill("Half a thought")
    await go_on_until_seen(request, people, "after-the-kill")
    await request.finish()
    seen = await ended_as(people, "complete")
    stored = both.ask(ANSWERS).strip()
    assert {f"complete|{text}" for text in seen} == {stored.replace(" \n", "")}
    await expect(second.message_box).to_have_value("Half a thought")

    # And the one that writes.
    await asyncio.to_thread(both.second.start)
    await first.say("And this?")
    request = await gateway.next_request()
    await go_on_until_seen(request, people, "kept")
    await saved(both, "kept")
    both.first.kill()
    seen = await ended_as(people, "interrupted")
    assert len(set(seen)) == 1
    await second.button("Continue").click()
    request = await gateway.next_request()
    await go_on_until_seen(request, people, "the-rest")
    await request.finish()
    seen = await ended_as(people, "complete")
    assert all(text.startswith("kept") for text in seen)
    await expect(second.message_box).to_have_value("Half a thought")
