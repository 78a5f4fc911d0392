"""Sites of a gateway that does as a test says, which files share; a file that needs another has its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from tests.browser.person import Person
from tests.browser.site import Site
from tests.scripted import KEY, Request, ScriptedGateway


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_gateway() -> AsyncIterator[ScriptedGateway]:
    async with ScriptedGateway() as scripted:
        yield scripted


@pytest.fixture
def gateway(shared_gateway: ScriptedGateway) -> ScriptedGateway:
    """The gateway of the shared site, which has forgotten what other tests asked it for."""
    shared_gateway.forget()
    return shared_gateway


@pytest.fixture(scope="session")
def site(start_shared_site: Callable[..., Site], shared_gateway: ScriptedGateway) -> Site:
    return start_shared_site(
        CHAT_UI_GATEWAY_URL=shared_gateway.base_url, CHAT_UI_GATEWAY_KEY=KEY, CHAT_UI_GATEWAY_MODEL="model-a"
    )


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
