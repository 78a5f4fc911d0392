"""A site of a scripted gateway, which the tests of a file share; a file that needs another has its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from tests.browser.fixtures import StartSite
from tests.browser.person import Person
from tests.browser.site import Site
from tests.scripted import Request, ScriptedGateway


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway() -> AsyncIterator[ScriptedGateway]:
    async with ScriptedGateway() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def site(start_site: StartSite, gateway: ScriptedGateway) -> Site:
    return start_site(CHAT_UI_GATEWAY_URL=gateway.base_url, CHAT_UI_GATEWAY_MODEL="model-a")


@pytest.fixture
def asked(
    site: Site, visit: Callable[..., Awaitable[Person]], gateway: ScriptedGateway
) -> Callable[..., Awaitable[tuple[Person, Request]]]:
    """Visit the site and ask; returns the person and the request."""

    async def ask(**options: object) -> tuple[Person, Request]:
        person = await visit(site, **options)
        await person.say("Some text, please")
        return person, await gateway.next_request()

    return ask
