"""A hosted site on a port of its own, with people on it, reached by plain HTTP and bare websockets.

No page is compiled for it: whoever attacks a site doesn't need one.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from chat_ui import operator
from chat_ui.chat.service import DATABASE
from chat_ui.settings import get_settings
from tests.browser.site import Site, free_port
from tests.hosted.socket import Socket

PASSWORD = "correct horse battery"
TOKEN = re.compile(r'name="form_token" value="(\w+)"')


@dataclass
class Hosted:
    """A hosted site that runs.

    Args:
        site: its process.
        first_link: makes its first admin.
    """

    site: Site
    first_link: str = ""
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.site.url

    def client(self, **options: Any) -> httpx.AsyncClient:
        """A browser of its own."""
        client = httpx.AsyncClient(base_url=self.url, timeout=20, **options)
        self.clients.append(client)
        return client

    async def operate(self, verb: str, *arguments: str) -> str:
        """Do something from the operator's terminal."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (self.site.env | {"CHAT_UI_DATA_DIR": str(self.site.data_dir)}).items():
                patch.setenv(name, value)
            get_settings.cache_clear()
            said = await asyncio.to_thread(getattr(operator, verb), *arguments)
        get_settings.cache_clear()
        return said

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Ask the database file itself."""
        with closing(sqlite3.connect(self.site.data_dir / DATABASE)) as connection:
            return connection.execute(query, values).fetchall()


@dataclass
class Someone:
    """Somebody with a browser that is signed in."""

    site: Hosted
    name: str
    client: httpx.AsyncClient

    @property
    def id(self) -> str:
        return self.site.rows("SELECT id FROM user WHERE name = ?", self.name)[0][0]

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())

    def socket(self, tab: str = "tab", **options: Any) -> Socket:
        """Open a websocket as this browser does."""
        headers = {"Cookie": self.cookie, "Origin": self.site.url} | options.pop("headers", {})
        return Socket(self.site.url, tab, headers)


async def submit(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Get a form and send it, as a browser does."""
    shown = await client.get(path)
    found = TOKEN.search(shown.text)
    assert found, shown.text
    origin = str(client.base_url).rstrip("/")
    return await client.post(path, data={"form_token": found[1], **fields}, headers={"Origin": origin})


async def come_in(site: Hosted, link: str, name: str) -> Someone:
    """Take a link, as a new person."""
    client = site.client()
    done = await submit(client, link.removeprefix(site.url), name=name, new_password=PASSWORD)
    assert done.status_code == 303, done.text
    return Someone(site, name, client)


StartHosted = Callable[..., Awaitable[Hosted]]


@asynccontextmanager
async def starting(folder: Path) -> AsyncIterator[StartHosted]:
    """A way to start hosted sites with data in a folder, with settings beside the defaults."""
    started: list[Hosted] = []

    async def start(**env: str) -> Hosted:
        page = folder / "page"
        client = page / "build" / "client"
        client.mkdir(parents=True, exist_ok=True)
        (client / "index.html").write_text("<!doctype html><script>'ours'</script><p>The page.</p>")
        port = free_port()
        own = {"CHAT_UI_HOSTED": "1", "CHAT_UI_PUBLIC_URL": f"http://localhost:{port}"} | env
        site = Site(page, folder / "data", own, port=port)
        hosted = Hosted(site)
        hosted.first_link = await hosted.operate("first_link")
        await asyncio.to_thread(site.start)
        started.append(hosted)
        return hosted

    yield start
    for hosted in started:
        hosted.site.stop()
        for client in hosted.clients:
            await client.aclose()


@pytest.fixture
async def start_hosted(tmp_path: Path) -> AsyncIterator[StartHosted]:
    """Start a hosted site, with settings beside the defaults."""
    async with starting(tmp_path) as start:
        yield start
