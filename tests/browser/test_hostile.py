"""What no answer may do, whatever it says: run, load, ask, cover or freeze anything."""

from collections.abc import Iterable
from contextlib import AsyncExitStack

from playwright.async_api import Page, Request, expect

from tests.browser.canary import canary
from tests.browser.hostile_answers import ANSWERS, NAMES
from tests.scripted import ScriptedGateway

FORBIDDEN = (
    "script, iframe, frame, object, embed, base, meta, link, style, form, video, audio, track, template,"
    "portal, marquee, textarea[autofocus], foreignObject, image, use[href], [srcdoc], [ping],"
    "[onerror], [onload], [onclick], [onfocus], [style*='url('],"
    "a[href^='javascript:' i], a[href^='data:' i], a[href^='vbscript:' i]"
)
PER_ANSWER = 22
PIECE = 250_000
# What freezes a page is never drawn; what is large takes its time, and several times that on a busy machine.
DRAWN_WITHIN_MS = 300_000


class Witness:
    """Notes what an attack would do to a page."""

    def __init__(self, page: Page, own: str) -> None:
        self.seen: list[str] = []
        page.on("dialog", lambda dialog: self.seen.append(f"dialog {dialog.message}"))
        page.on("popup", lambda popup: self.seen.append(f"popup {popup.url}"))
        page.on("download", lambda download: self.seen.append(f"download {download.url}"))
        page.on("crash", lambda _: self.seen.append("crash"))
        page.on("request", lambda sent: self._look(sent.url, own))
        page.on("requestfailed", self._forget)

    def _look(self, url: str, own: str) -> None:
        if not url.startswith((own, "data:", "blob:", "about:")):
            self.seen.append(f"request {url}")

    def _forget(self, blocked: Request) -> None:
        """A request that the policy of the frame of diagrams held back never left the browser."""
        if blocked.failure == "csp" and f"request {blocked.url}" in self.seen:
            self.seen.remove(f"request {blocked.url}")


def pieces(text: str) -> Iterable[str]:
    """In two halves at least, so that no filter of single pieces would do."""
    size = min(PIECE, len(text) // 2 + 1)
    return (text[at : at + size] for at in range(0, len(text), size))


async def unharmed(page: Page, url: str) -> None:
    """Nothing ran, nothing stands where it must not, and the page still does as it is told."""
    assert await page.evaluate("window.__fired") is None
    found = page.locator("article, nav, header, [role=dialog]").locator(FORBIDDEN)
    assert await found.evaluate_all("all => all.map((each) => each.outerHTML.slice(0, 200))") == []
    assert page.url.startswith(url)
    frames = page.locator("iframe")
    sandboxes = await frames.evaluate_all("frames => frames.map((frame) => frame.getAttribute('sandbox'))")
    assert sandboxes in ([], ["allow-scripts"])
    box = page.get_by_role("textbox", name="Message")
    await box.fill("Still here")
    await expect(box).to_have_value("Still here")


def test_there_are_enough_attacks() -> None:
    assert len(set(ANSWERS)) >= 80


async def test_no_answer_does_harm(start_site, visit):
    async with ScriptedGateway("model-a", *NAMES) as gateway, AsyncExitStack() as canaries:
        site = start_site(CHAT_UI_GATEWAY_URL=gateway.base_url, CHAT_UI_GATEWAY_MODEL="model-a")
        host, asked = await canaries.enter_async_context(canary())
        person = await visit(site)
        person.page.set_default_timeout(DRAWN_WITHIN_MS)
        witness = Witness(person.page, site.url)
        await person.model.click()
        await expect(person.page.get_by_role("menuitemradio")).to_have_count(1 + len(NAMES))
        await unharmed(person.page, site.url)
        await person.page.keyboard.press("Escape")

        attacks = [attack.replace("CANARY", host) for attack in ANSWERS]
        for number, at in enumerate(range(0, len(attacks), PER_ANSWER), 1):
            await person.say(NAMES[number % len(NAMES)])
            request = await gateway.next_request()
            await request.think("\n\n".join(attacks[:20]))
            for attack in attacks[at : at + PER_ANSWER]:
                for piece in pieces(attack):
                    await request.say(piece)
                await request.say("\n\n~~~~\n\nharmless\n\n")
            await request.say(f"w{number}")
            await request.send(tool_call(attacks[number], attacks[number + 20]))
            await request.finish()
            answer = person.answers.nth(number - 1)
            await expect(answer).to_have_attribute("data-status", "complete", timeout=DRAWN_WITHIN_MS)
            await expect(answer).to_contain_text(f"w{number}", timeout=DRAWN_WITHIN_MS)
            if number == 1:
                await answer.get_by_text("Thought for").click()
                await expect(answer).to_contain_text(attacks[0])
            await unharmed(person.page, site.url)

        await person.say(NAMES[0])
        await (await gateway.next_request()).refuse(400, attacks[0] + attacks[3] + NAMES[1])
        await expect(person.answers.last).to_have_attribute("data-status", "failed", timeout=DRAWN_WITHIN_MS)
        await person.page.reload()
        await expect(person.answers.last).to_have_attribute("data-status", "failed", timeout=DRAWN_WITHIN_MS)
        await unharmed(person.page, site.url)
        assert (witness.seen, asked) == ([], [])


def tool_call(name: str, arguments: str) -> dict[str, object]:
    call = {"index": 0, "id": "c", "function": {"name": name, "arguments": arguments}}
    return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
