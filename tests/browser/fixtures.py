"""Chromium and the real site, for tests that do what a person does, in this directory and elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from chat_ui.chat.service import DATABASE
from tests.browser import chromium, site
from tests.browser.person import Person
from tests.browser.site import Site
from tests.browser.tabs import Tab, Tabs
from tests.database import put_new_database

# Long enough for a busy machine; what holds is seen as soon as it does.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

LOUD = "NO BROWSER TESTS: no Chromium was found (apt install chromium)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every test of a site share one event loop with the browser that drives it."""
    for item in items:
        if "compiled" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the test's sites have printed beside what failed."""
    report = yield
    if report.failed:
        used = [*getattr(item, "funcargs", {}).values()]
        sites = [one for each in used for one in (each.sites if isinstance(each, StartSite) else [each])]
        shown = [one for one in sites if isinstance(one, Site)]
        report.sections += [(f"The site at {one.url} printed", one.log[-5000:]) for one in shown]
    return report


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
def compiled() -> Iterator[Path]:
    """The page as every site of this run shows it."""
    with site.built() as directory:
        yield directory


class StartSite:
    """Starts sites, one at a time: starting another ends the one before.

    Args:
        compiled: the page that they show.
        new_folder: makes a folder for one's data.
    """

    def __init__(self, compiled: Path, new_folder: Callable[[str], Path]) -> None:
        self.sites: list[Site] = []
        self._compiled = compiled
        self._new_folder = new_folder

    def __call__(
        self, data_dir: Path | None = None, *, workers: int = 1, port: int | None = None, **env: str
    ) -> Site:
        self.stop()
        data_dir = data_dir or put_new_database(self._new_folder("data") / "site" / DATABASE).parent
        fresh = Site(self._compiled, data_dir, env, workers=workers, port=port)
        self.sites.append(fresh)
        fresh.start()
        return fresh

    def stop(self) -> None:
        for started in self.sites:
            started.stop()


@pytest.fixture(scope="module")
def start_site(
    browser: Browser, compiled: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartSite]:
    """Start sites of a file's own."""
    start = StartSite(compiled, tmp_path_factory.mktemp)
    yield start
    start.stop()


@pytest.fixture(scope="session")
def start_shared_site(
    browser: Browser, compiled: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Site]]:
    """Start sites that files share: they run to the end, and keep what every test has said there."""
    starts: list[StartSite] = []

    def start(data_dir: Path | None = None, **env: str) -> Site:
        starts.append(StartSite(compiled, tmp_path_factory.mktemp))
        return starts[-1](data_dir, **env)

    yield start
    for each in starts:
        each.stop()


@pytest.fixture(scope="session")
def demo_site(start_shared_site: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with nothing configured, in a folder that it makes itself, with all in it."""
    return start_shared_site(tmp_path_factory.mktemp("demo") / "site")


@pytest.fixture(scope="session")
def tabs(browser: Browser) -> Tabs:
    """The tabs of all tests."""
    return Tabs(browser, PATIENCE_MS)


@pytest_asyncio.fixture(loop_scope="session")
async def visit(tabs: Tabs) -> AsyncIterator[Callable[..., object]]:
    """Let somebody visit a site, in a profile of their own. An error in their page fails the test.

    Its tab may have been another's, and its browser know the site's files, unless a test wants a ``new``
    one or has options for it.
    """
    used: list[Tab] = []

    async def arrive(
        where: Site, path: str = "/", *, ready: bool = True, new: bool = False, **options: object
    ) -> Person:
        tab = await (tabs.new(**options) if new or options else tabs.usual())
        used.append(tab)
        person = tab.person
        person.url = where.url
        if ready:
            await person.open(path)
        else:
            await person.page.goto(where.url + path)
        return person

    yield arrive
    for tab in used:
        await tabs.take_back(tab)
    await asyncio.sleep(0)
    assert [error for tab in used for error in tab.errors] == []
