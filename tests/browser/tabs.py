"""Tabs in profiles of their own, which tests use one after the other: a new one costs more than a test."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from playwright.async_api import Browser, BrowserContext, Error, Page

from tests.browser.person import Person

# What a test does to a tab that nothing takes back.
LASTING = ("add_init_script", "route_web_socket", "set_viewport_size")
FORGET = """async () => {
  localStorage.clear();
  sessionStorage.clear();
  window.name = '';
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  for (const name of await caches.keys()) await caches.delete(name);
}"""


class Tab:
    """The one tab of a profile.

    Args:
        context: the profile.
        page: the tab.
        is_special: whether nobody but who asked for it has any use for it.
    """

    def __init__(self, context: BrowserContext, page: Page, *, is_special: bool) -> None:
        self.person = Person(page, "")
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._context = context
        self._page = page
        self._is_marked = is_special
        for name in LASTING:
            self._hear_of(name, self._mark)
        self._listening: list[tuple[str, Callable[..., object]]] = []
        self._hear_of("on", lambda event, listener: self._listening.append((event, listener)))

    def _hear_of(self, name: str, tell: Callable[..., object]) -> None:
        method = getattr(self._page, name)

        def heard(*args: object, **options: object) -> object:
            tell(*args)
            return method(*args, **options)

        setattr(self._page, name, heard)

    def _mark(self, *_: object) -> None:
        self._is_marked = True

    async def _take_back(self) -> None:
        """Take back what a test did to the tab and not in it."""
        for event, listener in self._listening:
            self._page.remove_listener(event, listener)
        self._listening.clear()
        await self._page.unroute_all(behavior="ignoreErrors")
        await self._page.emulate_media(media="null", color_scheme="null", reduced_motion="null")

    async def is_as_new(self) -> bool:
        """Forget what somebody did in it, if everything of that can be forgotten; tell whether it was."""
        if self._is_marked or len(self._context.pages) > 1:
            return False
        try:
            await self._take_back()
            # Another page of the site: what was open is told that it is left, and may keep something then.
            await self._page.goto(f"{self.person.url}/ping")
            await self._page.mouse.move(-1, -1)
            await self._page.evaluate(FORGET)
            await self._context.clear_cookies()
        except Error:
            # The site may have ended.
            return False
        return True

    async def close(self) -> None:
        with suppress(Error):
            await self._context.close()


class Tabs:
    """Those that are in nobody's use."""

    def __init__(self, browser: Browser, patience_ms: float) -> None:
        self._browser = browser
        self._patience_ms = patience_ms
        self._free: list[Tab] = []

    async def new(self, **options: object) -> Tab:
        """One that nobody had before, in a profile with those options."""
        context = await self._browser.new_context(**options)
        context.set_default_timeout(self._patience_ms)
        return Tab(context, await context.new_page(), is_special=bool(options))

    async def usual(self) -> Tab:
        """One in a profile as any, which is as new."""
        if not self._free:
            return await self.new()
        tab = self._free.pop()
        tab.errors.clear()
        tab.person.received.clear()
        return tab

    async def take_back(self, tab: Tab) -> None:
        """Keep it for another, or else close it."""
        if await tab.is_as_new():
            self._free.append(tab)
        else:
            await tab.close()
