"""Connecting a gateway: on the page and by the environment, and every way in which it can be wrong."""

import asyncio
import json
import stat
from contextlib import AsyncExitStack, suppress

import pytest
import pytest_asyncio
from playwright.async_api import expect

from chat_ui.gateway.local import PORTS
from tests.scripted import ScriptedGateway

KEY = "sk-CANARY-0123456789abcdef"
GREETING = "Good day from the gateway"


@pytest_asyncio.fixture(loop_scope="session")
async def gateway():
    async with ScriptedGateway() as scripted:
        scripted.greeting = GREETING
        yield scripted


@pytest.fixture(scope="module")
def unconnected_site(start_site):
    return start_site()


@pytest.fixture
def site(unconnected_site):
    """A site without a gateway; whoever connects one disconnects it."""
    yield unconnected_site
    left = unconnected_site.data_dir / "gateway.json"
    if left.exists():
        # A test that failed takes no other along.
        unconnected_site.stop()
        left.unlink()
        unconnected_site.start()


class Fixed:
    """A server that gives every request the same answer."""

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_) -> None:
        await self.close()

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    def says(self, status: str, body: str, kind: str = "application/json") -> None:
        content = body.encode("latin-1")
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n"
        self._reply = (head + f"Content-Length: {len(content)}\r\n\r\n").encode() + content

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(self._reply)
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def answering():
    """Start servers that give every request the same answer."""
    async with AsyncExitStack() as servers:

        async def serve(*reply: str) -> str:
            server = await servers.enter_async_context(Fixed())
            server.says(*reply)
            return server.base_url

        yield serve


async def connect(person, base_url: str, key: str = KEY) -> None:
    await person.page.get_by_role("button", name="Connect a gateway").last.click()
    await person.page.get_by_role("textbox", name="Base URL").fill(base_url)
    await person.page.get_by_label("Key").fill(key)
    await person.page.get_by_role("button", name="Test and connect").click()


async def disconnect(person) -> None:
    await person.page.get_by_role("button", name="Disconnect").click()
    await expect(person.model).to_contain_text("demo")


async def test_the_name_of_a_gateway_stands_in_one_line_above_what_disconnects_it(site, visit, gateway):
    person = await visit(site)
    await connect(person, gateway.base_url)
    name = person.sidebar.get_by_text(f"127.0.0.1:{gateway.port}")
    await expect(name).to_be_visible()
    box, button = await name.bounding_box(), await person.button("Disconnect").bounding_box()
    assert box["height"] < 40
    assert box["y"] + box["height"] <= button["y"]
    await disconnect(person)


async def test_a_gateway_that_works_is_kept_and_its_key_never_comes_back(site, visit, gateway):
    person = await visit(site)
    await connect(person, gateway.base_url)

    await expect(person.page.get_by_text("Connected: 2 models, and model-a answered.")).to_be_visible()
    await expect(person.page.get_by_text("You are talking to a demo.")).to_be_hidden()
    await expect(await person.ask("Hello")).to_contain_text("Good day from the gateway")
    kept = site.data_dir / "gateway.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert KEY in kept.read_text()
    await person.page.reload()
    await expect(person.model).to_contain_text("model-a")
    assert KEY not in "".join(person.received) + await person.page.content() + site.log

    site.stop()
    site.start()
    again = await visit(site)
    await expect(await again.ask("Hello")).to_contain_text("Good day from the gateway")
    await disconnect(again)
    assert not kept.exists()


async def refuse_connection() -> str:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"http://127.0.0.1:{port}/v1"


async def test_what_is_wrong_is_said_in_words(site, visit, answering):
    wrong = {
        "http://nosuchhost.invalid/v1": "host",
        await refuse_connection(): "refuses",
        (await answering("200 OK", "plain")).replace("http:", "https:"): "secure",
        await answering("401 Unauthorized", '{"error": {"message": "Bad key ' + KEY + '"}}'): "key",
        await answering("404 Not Found", "{}"): "/v1",
        await answering("200 OK", "<!doctype html><p>Welcome", "text/html"): "chat gateway",
        await answering("200 OK", '{"data": []}'): "models",
        "gateway.example/v1": "http",
        "": "",
    }
    person = await visit(site)
    # On a phone there is little room, and what went wrong leaves what helps on in sight.
    await person.page.set_viewport_size({"width": 360, "height": 740})
    await person.page.get_by_role("button", name="Connect a gateway").last.click()
    for base_url, expected in wrong.items():
        await person.page.get_by_role("textbox", name="Base URL").fill(base_url)
        await person.page.get_by_label("Key").fill(KEY)
        await person.page.get_by_role("button", name="Test and connect").click()
        if base_url:
            alert = person.page.get_by_role("region", name="Connect a gateway").get_by_role("alert")
            await expect(alert).to_contain_text(expected, ignore_case=True)
            await expect(alert).to_be_in_viewport(ratio=1)
            await expect(person.button("Test and connect")).to_be_in_viewport(ratio=1)
        await expect(person.page.get_by_role("textbox", name="Base URL")).to_have_value(base_url)
    assert KEY not in "".join(person.received) + site.log
    assert not (site.data_dir / "gateway.json").exists()


@pytest_asyncio.fixture(loop_scope="session")
async def neighbor():
    """A gateway at a port where servers of models usually listen, and what usually listens there."""
    for port, label in PORTS.items():
        with suppress(OSError):
            async with ScriptedGateway(port=port) as scripted:
                scripted.greeting = "Hello from next door"
                yield scripted, label
                return
    pytest.skip("every port where servers of models usually listen is taken")


async def test_a_server_on_this_machine_is_found_when_somebody_looks(site, visit, neighbor):
    server, label = neighbor
    server.key = KEY
    person = await visit(site)
    card = person.page.get_by_role("region", name="Connect a gateway")
    await card.get_by_role("button", name="Connect a gateway").click()
    look = card.get_by_role("button", name="Look for local servers")
    await expect(look).to_be_visible()
    assert server.listings == 0

    await look.click()
    await card.get_by_role("button", name=f"Enter its key: {label} · wants a key").click()
    await expect(card.get_by_role("textbox", name="Base URL")).to_have_value(server.base_url)
    await expect(card.get_by_label("Key", exact=True)).to_be_focused()
    assert server.listings == 1

    server.key = ""
    await look.click()
    await card.get_by_role("button", name=f"Connect {label} · 2 models").click()
    await expect(person.page.get_by_text("Connected: 2 models, and model-a answered.")).to_be_visible()
    await expect(await person.ask("Hello")).to_contain_text("Hello from next door")
    await disconnect(person)


async def test_a_gateway_without_a_list_is_connected_by_the_name_of_a_model(site, visit, gateway):
    gateway.models = []
    person = await visit(site)
    await connect(person, gateway.base_url)
    card = person.page.get_by_role("region", name="Connect a gateway")
    await expect(card.get_by_role("alert")).to_contain_text("lists no models")

    await card.get_by_role("textbox", name="Model name").fill("model-x")
    await card.get_by_label("Key", exact=True).fill(KEY)
    await card.get_by_role("button", name="Test and connect").click()

    await expect(person.page.get_by_text("Connected: model-x answered.")).to_be_visible()
    await expect(await person.ask("Hello")).to_contain_text("Good day from the gateway")
    assert gateway.requests[-1].body["model"] == "model-x"
    await disconnect(person)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def configured():
    async with ScriptedGateway() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def configured_site(start_site, configured):
    return start_site(
        CHAT_UI_GATEWAY_URL=configured.base_url, CHAT_UI_GATEWAY_KEY=KEY, CHAT_UI_GATEWAY_MODEL="model-b"
    )


async def test_by_the_environment_with_a_live_list_of_models(configured_site, visit, configured):
    configured.greeting = GREETING
    person = await visit(configured_site)
    await expect(person.page.get_by_text("You are talking to a demo.")).to_be_hidden()

    menu = person.model
    await expect(menu).to_contain_text("model-b")
    await person.ask("Hello")
    await menu.click()
    await expect(person.page.get_by_role("menuitemradio")).to_have_text(["model-b", "model-a"])
    await person.page.get_by_role("menuitemradio", name="model-a").click()
    await expect(menu).to_contain_text("model-a")
    await person.ask("And again")

    assert [request.body["model"] for request in configured.requests] == ["model-b", "model-a"]
    assert f"Bearer {KEY}" in configured.requests[0].headers
    assert configured.requests[1].asked[0] == ("user", "Hello")
    assert KEY not in "".join(person.received) + await person.page.content() + configured_site.log


async def test_a_failing_answer_says_why_and_keeps_the_question(configured_site, visit, configured):
    configured.greeting = None
    person = await visit(configured_site)

    await person.say("One that is refused")
    await (await configured.next_request()).refuse(401, "The key has expired")
    await expect(person.answers.nth(0)).to_have_attribute("data-status", "failed")
    await expect(person.answers.nth(0)).to_contain_text("The key has expired")
    await expect(person.articles.nth(0)).to_contain_text("One that is refused")

    await person.say("One that is cut")
    request = await configured.next_request()
    await request.say("This much came")
    await expect(person.answers.nth(1)).to_contain_text("This much came")
    request.cut()
    await expect(person.answers.nth(1)).to_have_attribute("data-status", "interrupted")
    await expect(person.answers.nth(1)).to_contain_text("This much came")

    await person.say("One that ends with nothing")
    await (await configured.next_request()).end()
    await expect(person.answers.nth(2)).to_have_attribute("data-status", "failed")
    assert "<" not in await person.answers.nth(2).inner_text()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def odd():
    async with Fixed() as server:
        yield server


@pytest.fixture(scope="module")
def odd_site(start_site, odd):
    return start_site(CHAT_UI_GATEWAY_URL=odd.base_url, CHAT_UI_GATEWAY_MODEL="some-model")


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/event-stream", "", "empty"),
        ("text/event-stream", "data: {not json\n\n", ""),
        ("text/html", "<html><h1>Welcome</h1></html>", "web page"),
        ("application/octet-stream", "\x00\x01\x02garbage", ""),
    ],
)
async def test_no_stream_at_all_fails_in_words(odd_site, visit, odd, kind, body, expected):
    odd.says("200 OK", body, kind)
    person = await visit(odd_site)

    answer = await person.ask("Hello")

    await expect(answer).to_have_attribute("data-status", "failed")
    ending = answer.get_by_role("note")
    await expect(ending).to_contain_text(expected, ignore_case=True)
    assert len((await ending.inner_text()).split()) > 5
    await expect(person.articles.first).to_contain_text("Hello")


async def test_a_whole_json_answer_in_place_of_a_stream_is_taken(odd_site, visit, odd):
    message = {"role": "assistant", "content": "All at once"}
    odd.says("200 OK", json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
    person = await visit(odd_site)

    await expect(await person.ask("Hello")).to_contain_text("All at once")


async def test_a_gateway_that_is_down_leaves_the_page_usable(odd_site, visit, odd):
    await odd.close()
    person = await visit(odd_site)

    answer = await person.ask("Hello")

    await expect(answer).to_have_attribute("data-status", "failed")
    await expect(answer).to_contain_text("refuses")
