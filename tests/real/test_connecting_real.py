"""Connecting on the page to servers that nobody here wrote, with their real key and with a wrong one."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.person import Person

WRONG_KEY = "sk-CANARY-0123456789abcdef"


@pytest.fixture
def site(start_site):
    return start_site()


async def connect(person: Person, base_url: str, key: str) -> Locator:
    """Fill in the card, and return it."""
    await person.page.get_by_role("button", name="Connect a gateway").last.click()
    card = person.page.get_by_role("region", name="Connect a gateway")
    await card.get_by_role("textbox", name="Base URL").fill(base_url)
    await card.get_by_label("Key").fill(key)
    await card.get_by_role("button", name="Test and connect").click()
    return card


async def shown_anywhere(site, person: Person, key: str) -> bool:
    """Whether the key came back to the page, or stands in the site's log."""
    return key in "".join(person.received) + await person.page.content() + site.log


def files_with(site, key: str) -> set[str]:
    files = (path for path in site.data_dir.rglob("*") if path.is_file())
    return {path.name for path in files if key.encode() in path.read_bytes()}


async def test_the_real_key_connects(site, visit, server, steady):
    person = await visit(site)

    card = await connect(person, server.base_url, server.key)

    await expect(card).to_be_hidden()
    await expect(person.page.get_by_text("models, and steady answered.")).to_be_visible()
    await expect(person.model).to_have_text("steady")
    answer = await person.ask("hi")
    await expect(answer.get_by_role("paragraph")).to_have_text([steady])
    await person.page.reload()
    await expect(answer.get_by_role("paragraph")).to_have_text([steady])
    assert not await shown_anywhere(site, person, server.key)
    assert files_with(site, server.key) == {"gateway.json"}


async def test_a_wrong_key_is_told_in_words(site, visit, server, through):
    # A LiteLLM proxy without a database has nowhere to look a key up: it answers 400 in place of 401.
    own_words = {"litellm": "“No connected db.”", "aimock": "own words (HTTP "}
    person = await visit(site)

    card = await connect(person, server.base_url, WRONG_KEY)

    await expect(card.get_by_role("alert")).to_contain_text("The gateway doesn't accept the key.")
    await expect(card.get_by_role("alert")).to_contain_text(own_words[through])
    await expect(person.model).to_contain_text("demo")
    assert not await shown_anywhere(site, person, WRONG_KEY)
    assert files_with(site, WRONG_KEY) == set()
