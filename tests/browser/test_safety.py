"""What an answer, another page, or a huge message may not do."""

import asyncio

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.scripted import ScriptedGateway

HOSTILE = [
    "<script>window.__fired = 1</script>",
    '<script async src="{canary}/x.js"></script>',
    '<img src="{canary}/img" onerror="window.__fired = 1">',
    '<iframe srcdoc="<script>parent.__fired = 1</script>"></iframe>',
    '<iframe src="{canary}/frame"></iframe>',
    '<object data="{canary}/object"></object><embed src="{canary}/embed">',
    '<meta http-equiv="refresh" content="0;url={canary}/meta">',
    '<base href="{canary}/">',
    '<link rel="stylesheet" href="{canary}/style.css" precedence="default">',
    "<style>@import url({canary}/import.css); body {{ display: none }}</style>",
    '<svg onload="window.__fired = 1"><image href="{canary}/svg"/></svg>',
    '<a href="javascript:window.__fired = 1">click</a>',
    "[click](javascript:window.__fired=1)",
    "[click](data:text/html,<script>parent.__fired=1</script>)",
    "![alt]({canary}/markdown)",
    "![alt][ref]\n\n[ref]: {canary}/reference",
    "$$\\href{{javascript:window.__fired=1}}{{x}}$$ and $$\\includegraphics{{{canary}/katex}}$$",
    "<scr\n\nipt>window.__fired = 1</scr\n\nipt>",
    '<form action="{canary}/form"><input name="x"><button>go</button></form>',
    '<video poster="{canary}/poster" src="{canary}/video"></video>',
]
FORBIDDEN = "script, iframe, object, embed, base, meta, link, style, form, video"


@pytest_asyncio.fixture(loop_scope="session")
async def canary():
    """A server that nothing may ever ask for anything."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    server.close()
    await server.wait_closed()


async def test_a_hostile_answer_does_nothing(start_site, visit, canary):
    host, asked = canary
    async with ScriptedGateway() as gateway:
        site = start_site(CHAT_UI_GATEWAY_URL=gateway.base_url, CHAT_UI_GATEWAY_MODEL="model-a")
        person = await visit(site)
        await person.say("<img src=x onerror='window.__fired = 1'><b>not bold</b>")
        request = await gateway.next_request()
        for number, attack in enumerate(HOSTILE):
            text = attack.format(canary=host)
            # In two pieces, so that no filter of single pieces would do.
            for half in (text[: len(text) // 2], text[len(text) // 2 :]):
                await request.say(half)
            await request.say(f"\n\nharmless w{number + 1}\n\n")
        await request.finish()
        answer = person.answers.first
        await expect(answer).to_have_attribute("data-status", "complete")
        await expect(answer).to_contain_text(f"w{len(HOSTILE)}")
        await person.page.reload()
        await expect(answer).to_contain_text(f"w{len(HOSTILE)}")

        links = "links => links.map((link) => link.getAttribute('href'))"
        addresses = await answer.locator("a").evaluate_all(links)
        assert all(address.startswith(("http://", "https://", "mailto:")) for address in addresses)
        assert await person.page.evaluate("window.__fired") is None
        assert await person.page.locator("article").locator(FORBIDDEN).count() == 0
        assert asked == []
        assert person.page.url.startswith(site.url)
        await expect(person.articles.first).to_contain_text("<b>not bold</b>")


async def test_a_remote_image_is_loaded_only_when_asked_for(start_site, visit, canary):
    host, asked = canary
    async with ScriptedGateway() as gateway:
        gateway.greeting = f"Look: ![a chart]({host}/chart.png)"
        site = start_site(CHAT_UI_GATEWAY_URL=gateway.base_url, CHAT_UI_GATEWAY_MODEL="model-a")
        person = await visit(site)
        answer = await person.ask("Hello")
        button = answer.get_by_role("button", name="Load image from 127.0.0.1")
        await expect(button).to_be_visible()
        assert asked == []

        await button.click()

        await expect(answer.get_by_role("img", name="a chart")).to_be_attached()


async def test_a_message_of_a_megabyte_is_refused_in_words_and_kept(demo_site, visit):
    person = await visit(demo_site)
    huge = "x" * 1_000_000
    await person.message_box.fill(huge)
    await person.button("Send").click()

    await expect(person.page.get_by_role("alert")).to_contain_text("1,000,000 characters")
    assert await person.message_box.input_value() == huge
    await person.message_box.fill("Hello")
    await expect(await person.ask("Hello")).to_have_attribute("data-status", "complete")


async def test_the_longest_message_that_may_be_sent_arrives(demo_site, visit):
    person = await visit(demo_site)
    await person.message_box.fill("界" * 200_000)
    await person.button("Send").click()
    await expect(person.answers.first).to_have_attribute("data-status", "complete", timeout=20_000)


@pytest.mark.parametrize(
    ("origin", "is_own"),
    [("{site}", True), ("http://evil.example", False), ("null", False), ("{site}.evil.example", False)],
)
async def test_only_the_sites_own_pages_may_open_its_websocket(demo_site, origin, is_own):
    reader, writer = await asyncio.open_connection("127.0.0.1", demo_site.port)
    writer.write(
        (
            "GET /_event/?EIO=4&transport=websocket&token=abc HTTP/1.1\r\n"
            f"Host: localhost:{demo_site.port}\r\nOrigin: {origin.format(site=demo_site.url)}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
    )
    status = await reader.readline()
    writer.close()
    assert (b" 101 " in status) == is_own
