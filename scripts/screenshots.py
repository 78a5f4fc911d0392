"""Take the screenshots in docs/: ``uv run scripts/screenshots.py``.

It builds and starts the site on the demo model, in a data folder of its own, and says the same few things
each time, so that the pictures only change when the page does.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import chromium, site  # noqa: E402
from tests.browser.person import Person  # noqa: E402

PICTURES = ROOT / "docs" / "screenshots"
SCREENS = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "tablet": {"viewport": {"width": 768, "height": 1024}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light", "device_scale_factor": 2},
}
EARLIER = (
    "Plan a week of simple dinners for two",
    "Why is the sky blue?",
    "Draft a polite reminder to a client",
    "Explain WAL mode in SQLite",
)


async def take(browser: Browser, url: str) -> None:
    """Fill the sidebar once, then take each screen with and without a conversation."""
    writer = Person(await browser.new_page(), url)
    for text in EARLIER:
        await writer.open()
        await writer.ask(text)
    await writer.open()
    await writer.ask("Compare three options in a table")
    await writer.ask("Write a short code example")
    conversation = writer.page.url.removeprefix(url)
    for name, options in SCREENS.items():
        person = Person(await browser.new_page(**options), url)
        await person.open()
        await picture(person, f"new-{name}")
        await person.open(conversation)
        await person.answers.nth(1).get_by_role("figure").last.wait_for()
        await picture(person, f"chat-{name}")


async def picture(person: Person, name: str) -> None:
    """Take one picture once the page has come to rest."""
    await person.page.evaluate("document.fonts.ready")
    await person.page.wait_for_timeout(400)
    await person.page.screenshot(path=PICTURES / f"{name}.png")


async def main() -> None:
    """Build, start, take, stop."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with site.built() as build, tempfile.TemporaryDirectory() as folder:
        shown = site.Site(build, Path(folder) / "data")
        shown.start()
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=chromium.find(playwright), args=list(chromium.FLAGS)
                )
                await take(browser, shown.url)
                await browser.close()
        finally:
            shown.stop()


if __name__ == "__main__":
    asyncio.run(main())
