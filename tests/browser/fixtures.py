"""Chromium and the real site, for tests that do what a person does, in this directory and elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, async_playwright

from tests.browser import chromium, site
from tests.browser.person import Person
from tests.browser.site import Build, Site

LOUD = "NO BROWSER TESTS: no Chromium was found (apt install chromium)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every test of a site share one event loop with the browser that drives it."""
    for item in items:
        if "start_site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path = chromium.find(playwright)
        if path is None and chromium.is_required():
            pytest.fail(LOUD)
        if path is None:
            pytest.skip(LOUD)
        running = await playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield running
        await running.close()


@pytest.fixture(scope="session")
def build() -> Iterator[Build]:
    """The page as every site of this run shows it."""
    with site.built() as done:
        yield done


StartSite = Callable[..., Site]


@pytest.fixture(scope="module")
def start_site(
    browser: Browser, build: Build, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartSite]:
    """Start sites, one at a time: starting another ends the one before."""
    started: list[Site] = []

    def start(data_dir: Path | None = None, **env: str) -> Site:
        for other in started:
            other.stop()
        fresh = Site(build, data_dir or tmp_path_factory.mktemp("data") / "site", env)
        fresh.start()
        started.append(fresh)
        return fresh

    yield start
    for other in started:
        other.stop()


@pytest.fixture(scope="module")
def demo_site(start_site: StartSite) -> Site:
    """A site with nothing configured."""
    return start_site()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Callable[..., object]]:
    """Let somebody visit a site, in a profile of their own. An error in their page fails the test."""
    contexts = []
    errors: list[str] = []

    async def arrive(where: Site, path: str = "/", **options: object) -> Person:
        context = await browser.new_context(**options)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        person = Person(page, where.url)
        await person.open(path)
        return person

    yield arrive
    for context in contexts:
        with suppress(Error):
            await context.close()
    await asyncio.sleep(0)
    assert errors == []
