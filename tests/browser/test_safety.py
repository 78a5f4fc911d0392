"""What an answer, another page, or a huge message may not do."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.canary import canary

LONGEST = 200_000


async def test_a_remote_image_is_loaded_only_when_asked_for(site, visit, gateway):
    async with canary() as (host, asked):
        gateway.greeting = f"Look: ![a chart]({host}/chart.png)"
        person = await visit(site)
        answer = await person.ask("Hello")
        button = answer.get_by_role("button", name="Load image from 127.0.0.1")
        await expect(button).to_be_visible()
        assert asked == []

        await button.click()

        await expect(answer.get_by_role("img", name="a chart")).to_be_attached()


async def test_the_longest_message_that_may_be_sent_arrives_and_a_longer_one_is_refused_in_words(
    demo_site, visit
):
    person = await visit(demo_site)
    longer = "界" * (LONGEST + 1)
    await person.message_box.fill(longer)
    await person.button("Send").click()
    await expect(person.page.get_by_role("alert")).to_contain_text(f"{LONGEST + 1:,} characters")
    assert await person.message_box.input_value() == longer

    await person.message_box.fill(longer[1:])
    await person.button("Send").click()
    await expect(person.answers.first).to_have_attribute("data-status", "complete")


async def test_what_takes_too_much_room_to_be_sent_is_refused_in_words_and_kept(demo_site, visit):
    person = await visit(demo_site)
    controls = "\x01" * LONGEST
    await person.message_box.fill(controls)
    await person.button("Send").click()
    await expect(person.page.get_by_role("alert")).to_contain_text("control characters")
    assert await person.message_box.input_value() == controls

    # As much of it as one may send.
    await person.message_box.fill(controls[:164_000])
    await person.button("Send").click()
    await expect(person.answers.first).to_have_attribute("data-status", "complete")


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
