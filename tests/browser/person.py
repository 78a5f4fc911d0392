"""A person at the page: everything by role and name, as they would see and do it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, WebSocket, WebSocketRoute, expect

ANSWER_WITHIN_MS = 60_000
# It closes the candidates that are offered, and nothing else.
ESCAPE_OF_AN_INPUT_METHOD = """() => document.activeElement.dispatchEvent(
  new KeyboardEvent('keydown', { key: 'Escape', isComposing: true, bubbles: true, cancelable: true }))"""


class Person:
    """Somebody who uses the site in a browser tab of their own.

    Args:
        page: the tab.
        url: of the site.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.received: list[str] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.received.append(_text(frame)))

    @property
    def message_box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Conversation")

    @property
    def articles(self) -> Locator:
        return self.log.get_by_role("article")

    @property
    def answers(self) -> Locator:
        return self.page.locator('article[data-role="assistant"]')

    @property
    def sidebar(self) -> Locator:
        return self.page.get_by_role("navigation", name="Conversations")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def model(self) -> Locator:
        """The button that shows which model answers, and leads to the others."""
        return self.page.get_by_role("button", name=re.compile(r"^Model "))

    async def open(self, path: str = "/") -> None:
        """Open a page of the site and wait until it can be used."""
        await self.page.goto(self.url + path)
        if path.startswith("/link/"):
            # The door of a hosted site: there is nothing to use yet.
            return
        await self.arrived()

    async def arrived(self) -> None:
        """Wait until a page of the site can be used."""
        # Or signed in, on a site where that comes first.
        await expect(self.message_box.or_(self.page.get_by_label("Name", exact=True))).to_be_visible()
        await expect(self.model).not_to_have_text("No model")

    async def say(self, text: str) -> None:
        """Write a message and send it with Enter."""
        await self.message_box.fill(text)
        await self.message_box.press("Enter")

    async def new_chat(self) -> None:
        """Begin another conversation, and wait until the one before has left the screen."""
        await self.button("New chat").click()
        await expect(self.articles).to_have_count(0)

    async def ask(self, text: str) -> Locator:
        """Send a message, wait for the end of the answer, and return it."""
        before = await self.answers.count()
        await self.say(text)
        await expect(self.answers).to_have_count(before + 1)
        answer = self.answers.nth(before)
        await self.ended(answer)
        return answer

    async def ended(self, answer: Locator) -> None:
        """Wait until an answer is no longer being written."""
        await expect(answer).not_to_have_attribute("data-status", "streaming", timeout=ANSWER_WITHIN_MS)

    async def words_on_screen(self, answer: Locator) -> int:
        """The highest of the numbered words (``w17``) that an answer shows."""
        return highest_word(await answer.inner_text())

    async def seen_at_least(self, answer: Locator, word: int) -> None:
        """Wait until a numbered word is on the screen."""
        await expect(answer).to_contain_text(re.compile(rf"w{word}(?!\d)"), timeout=ANSWER_WITHIN_MS)


async def becomes(check: Callable[[], Awaitable[object]]) -> None:
    """Wait until the page says so; its policy forbids what Playwright's own waiting needs."""
    async with asyncio.timeout(ANSWER_WITHIN_MS / 1000):
        while not await check():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def telling_of_texts(person: Person) -> Callable[[dict[str, object]], None]:
    """Open the page anew, in a way that lets one tell it of a text as the site does."""
    sockets: list[WebSocketRoute] = []

    def listen(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    await person.page.route_web_socket("**/_event/**", listen)
    await person.open()

    def tell(text: dict[str, object]) -> None:
        event = {"name": "_set_value", "payload": {"ref": "ref_texts", "value": {"texts": [text]}}}
        sockets[-1].send("42/_event," + json.dumps(["event", {"delta": {}, "events": [event]}]))

    return tell


async def has_copied(page: Page, text: str) -> None:
    """Wait until somebody who pastes gets that: nobody is told when something has been copied."""

    async def is_there() -> bool:
        return await page.evaluate("navigator.clipboard.readText()") == text

    await becomes(is_there)


def highest_word(text: str) -> int:
    return max((int(number) for number in re.findall(r"\bw(\d+)\b", text)), default=0)


def _text(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else frame.decode()
