"""Take the screenshots in docs/: ``uv run scripts/screenshots.py``; with ``--all FOLDER`` many more.

It builds the page and starts two sites, one on the demo model and a hosted one, in data folders of their own,
and says the same few things each time, so that the pictures only change when the page does.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import chromium, site  # noqa: E402
from tests.browser.person import Person  # noqa: E402
from tests.hosted.conftest import PASSWORD, Hosted  # noqa: E402
from tests.scripted import KEY, ScriptedGateway  # noqa: E402

PICTURES = ROOT / "docs" / "screenshots"
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "tablet": {"viewport": {"width": 768, "height": 1024}},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}
SCHEMES = ("light", "dark")
# The pictures that the docs keep.
KEPT = {
    "new-desktop-light",
    "new-phone-dark",
    "chat-desktop-light",
    "chat-desktop-dark",
    "chat-tablet-dark",
    "chat-phone-light",
    "math-tablet-light",
    "streaming-desktop-dark",
    "failed-phone-light",
    "settings-desktop-light",
    "admin-desktop-light",
}
EARLIER = (
    "Plan a week of simple dinners for two",
    "Why is the sky blue?",
    "Draft a polite reminder to a client",
    "Explain WAL mode in SQLite",
)
BEGUN = """\
Three things decide it.

1. **Where the work waits.** A task that waits for the network costs nothing while it waits; one that computes
   holds everybody else up.
2. **How many there are.** A thousand waiting tasks fit into one process, a thousand threads hardly do.

```python
async with asyncio.TaskGroup() as group:
    for url in urls:
        group.create_task(fetch(url))
```

So begin with"""

Show = Callable[[Person], Awaitable[None]]


def opens(path: str, landmark: str) -> Show:
    """Show a page once something that it holds is there."""

    async def show(person: Person) -> None:
        await person.open(path)
        await person.page.locator(landmark).last.wait_for()

    return show


def with_panel(show: Show, panel: str) -> Show:
    """Show a page with one of its panels open."""

    async def open_too(person: Person) -> None:
        await show(person)
        await person.page.get_by_role("button", name=panel).click()
        await person.page.get_by_role("dialog", name=panel).wait_for()

    return open_too


async def show_admin(person: Person) -> None:
    """Show the page of whoever runs the site."""
    await person.page.goto(f"{person.url}/admin")
    await person.page.get_by_role("table").wait_for()


async def show_own_settings(person: Person) -> None:
    """Show the page of one's own settings."""
    await person.page.goto(f"{person.url}/settings")
    await person.page.get_by_role("textbox", name="Temperature").wait_for()


async def talk_to_the_demo(browser: Browser, url: str) -> dict[str, Show]:
    """Fill the sidebar of a local site; returns what there is to see."""
    writer = Person(await browser.new_page(), url)
    for text in EARLIER:
        await writer.open()
        await writer.ask(text)
    await writer.open()
    await writer.ask("Explain an integral with math")
    math = writer.page.url.removeprefix(url)
    await writer.open()
    await writer.ask("Write a short code example")
    await writer.ask("Compare three options in a table")
    chat = opens(writer.page.url.removeprefix(url), "article table")
    await writer.page.close()
    return {
        "new": Person.open,
        "chat": chat,
        "math": opens(math, ".katex-display"),
        "settings": with_panel(chat, "Settings for this chat"),
        "own-settings": show_own_settings,
    }


async def come_in(person: Person, link: str, name: str) -> None:
    """Take a link, as a new person."""
    await person.page.goto(link)
    await person.page.get_by_label("Name").fill(name)
    await person.page.get_by_label("New password").fill(PASSWORD)
    await person.page.get_by_role("button").click()
    await person.arrived()


async def talk_on_a_hosted_site(
    browser: Browser, link: str, url: str, gateway: ScriptedGateway
) -> tuple[dict[str, Show], Any]:
    """Let three people come in and ask; returns what there is to see for the first, and who that is."""
    ada = Person(await browser.new_page(), url)
    await come_in(ada, link, "ada")
    for name in ("bob", "cleo"):
        await ada.page.goto(f"{url}/admin")
        await ada.page.get_by_role("button", name="Invite").click()
        invited = await ada.page.get_by_label("Link", exact=True).input_value()
        guest = Person(await browser.new_page(), url)
        await come_in(guest, invited, name)
        await guest.say("Why is the sky blue?")
        request = await gateway.next_request()
        await request.say("Because air scatters short waves more than long ones.")
        await request.finish(prompt_tokens=21, completion_tokens=1234 if name == "bob" else 87)
        await guest.ended(guest.answers.last)
        await guest.page.close()
    await ada.open()
    await ada.say("What does this cost?")
    await (await gateway.next_request()).refuse(429, "You exceeded your current quota.")
    await ada.ended(ada.answers.last)
    failed = ada.page.url.removeprefix(url)
    await ada.open()
    await ada.say("Threads or tasks, for a thousand downloads?")
    await (await gateway.next_request()).say(BEGUN)
    await ada.answers.last.get_by_text("So begin with").wait_for()
    streaming = ada.page.url.removeprefix(url)
    shown = {
        "streaming": opens(streaming, "article figure"),
        "failed": opens(failed, "article .ending"),
        "admin": show_admin,
    }
    return shown, await ada.page.context.storage_state()


@asynccontextmanager
async def hosted(build: Path, folder: Path, gateway: ScriptedGateway) -> AsyncIterator[tuple[str, str]]:
    """A hosted site that runs; yields its address and the link for its first admin."""
    port = site.free_port()
    url = f"http://localhost:{port}"
    env = {
        "CHAT_UI_HOSTED": "1",
        "CHAT_UI_PUBLIC_URL": url,
        "CHAT_UI_GATEWAY_URL": gateway.base_url,
        "CHAT_UI_GATEWAY_KEY": KEY,
        "CHAT_UI_GATEWAY_MODEL": "model-a",
    }
    shown = site.Site(build, folder, env, port=port)
    link = await Hosted(shown).operate("first_link")
    shown.start()
    try:
        yield url, link
    finally:
        shown.stop()


async def take(
    browser: Browser, url: str, shown: dict[str, Show], folder: Path, *, every: bool, **options: Any
) -> None:
    """Take each state at each size in light and dark, or those of them that the docs keep."""
    for state, show in shown.items():
        for size, screen in SIZES.items():
            for scheme in SCHEMES:
                name = f"{state}-{size}-{scheme}"
                if not every and name not in KEPT:
                    continue
                person = Person(await browser.new_page(color_scheme=scheme, **screen, **options), url)
                await show(person)
                await person.page.evaluate("document.fonts.ready")
                # Until what comes in by degrees has come in.
                await person.page.wait_for_timeout(400)
                await person.page.screenshot(path=folder / f"{name}.png")
                await person.page.close()


async def main(folder: Path, *, every: bool) -> None:
    """Build, start, take, stop."""
    with site.built() as build, tempfile.TemporaryDirectory() as kept:
        async with async_playwright() as playwright, ScriptedGateway("model-a") as gateway:
            browser = await playwright.chromium.launch(
                executable_path=chromium.find(playwright), args=list(chromium.FLAGS)
            )
            local = site.Site(build, Path(kept) / "local")
            local.start()
            try:
                shown = await talk_to_the_demo(browser, local.url)
                await take(browser, local.url, shown, folder, every=every)
            finally:
                local.stop()
            async with hosted(build, Path(kept) / "hosted", gateway) as (url, link):
                shown, signed_in = await talk_on_a_hosted_site(browser, link, url, gateway)
                await take(browser, url, shown, folder, every=every, storage_state=signed_in)
            await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="take every state at every size")
    asked = parser.parse_args()
    asyncio.run(main(asked.all or PICTURES, every=asked.all is not None))
