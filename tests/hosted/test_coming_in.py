"""The door, as browsers and others come to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from html import escape

import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from chat_ui.web.door import SOCKETS_OF_ONE
from chat_ui.words import say
from tests.hosted.conftest import PASSWORD, Hosted, Someone, come_in, starting, submit

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hosted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hosted]:
    """One site for all of these."""
    async with starting(tmp_path_factory.mktemp("hosted")) as start:
        yield await start()


async def invited(site: Hosted, name: str) -> Someone:
    """Somebody new on it."""
    return await come_in(site, await site.operate("invite_link", "user"), name)


def marked(page: str) -> list[str]:
    """The fields of a form that are to be corrected, and are said to be by the error itself."""
    return re.findall(r'name="(\w+)"[^>]*aria-invalid="true" aria-describedby="error[ "]', page)


async def test_a_day_at_the_door(hosted: Hosted) -> None:
    ada = await come_in(hosted, hosted.first_link, "ada")
    cookie = next(iter(ada.client.cookies.jar))
    assert (cookie.has_nonstandard_attr("HttpOnly"), cookie.get_nonstandard_attr("SameSite")) == (True, "lax")
    stranger = hosted.client()
    page = await stranger.get("/c/abc", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/c/abc")
    assert "The page." in (await ada.client.get("/")).text

    # The same words for whoever is wrong, and no token of before the sign-in is good after it.
    wrong = [(await submit(stranger, "/login", name=name, password="wrong")) for name in ("ada", "nobody")]
    assert {answer.status_code for answer in wrong} == {400}
    assert len({answer.text.replace("ada", "").replace("nobody", "") for answer in wrong}) == 1
    before = dict(stranger.cookies)
    signed_in = await submit(stranger, "/login?next=/c/abc", name="ADA", password=PASSWORD)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/c/abc")
    assert not set(before.values()) & set(dict(stranger.cookies).values())
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "evil"):
        again = await stranger.get("/login", params={"next": elsewhere})
        assert (again.status_code, again.headers["location"]) == (303, "/")

    # The token is nowhere but in the browser.
    token = stranger.cookies["chat_ui_session"]
    assert token not in hosted.site.log
    kept = b"".join(path.read_bytes() for path in hosted.site.data_dir.rglob("*") if path.is_file())
    assert token.encode() not in kept


async def test_who_is_asked_for_their_password_hears_that_it_is_wrong(hosted: Hosted) -> None:
    bela = await invited(hosted, "bela")
    fields = {"name": "bela", "password": "wrong", "new_password": "another good one"}
    for path in ("/password", "/leave"):
        refused = await submit(bela.client, path, **fields)
        assert refused.status_code == 400
        assert escape(say("accounts.wrong_password")) in refused.text
        assert marked(refused.text) == ["password"]
    unfit = await submit(bela.client, "/password", **fields | {"password": PASSWORD, "new_password": "short"})
    assert marked(unfit.text) == ["new_password"]
    # Which of the two is wrong isn't told at the door.
    assert marked((await submit(hosted.client(), "/login", **fields)).text) == []


async def test_forms_of_other_sites_do_nothing(hosted: Hosted) -> None:
    bea = await invited(hosted, "bea")
    fields = {"name": "bea", "password": PASSWORD, "new_password": "another good one"}
    page = (await bea.client.get("/password")).text
    token = page.split('form_token" value="')[1].split('"')[0]
    for origin, form_token in (
        ("https://evil.example", token),
        (f"{hosted.url}.evil.example", token),
        ("null", token),
        (None, token),
        (hosted.url, ""),
        (hosted.url, "0" * 64),
    ):
        headers = {} if origin is None else {"Origin": origin}
        for path in ("/password", "/leave", "/logout"):
            answer = await bea.client.post(path, data={"form_token": form_token, **fields}, headers=headers)
            assert answer.status_code == 400
    assert (await bea.client.get("/session")).status_code == 204
    assert (await submit(hosted.client(), "/login", name="bea", password=PASSWORD)).status_code == 303
    large = fields | {"form_token": token, "name": "x" * 20_000}
    answer = await bea.client.post("/password", data=large, headers={"Origin": hosted.url})
    assert answer.status_code == 400


async def test_who_gets_a_websocket(hosted: Hosted) -> None:
    cleo = await invited(hosted, "cleo")
    async with cleo.socket():
        pass
    port = hosted.site.port
    origins = (
        "https://evil.example",
        "null",
        "",
        f"https://localhost:{port}",
        f"http://127.0.0.1:{port}",
        f"http://localhost:{port}.evil.example",
        f"http://sub.localhost:{port}",
    )
    refused = [{"Origin": origin} for origin in origins]
    refused += [
        {"Cookie": ""},
        {"Cookie": "chat_ui_session=guess"},
        {"X-Chat-UI-Session": cleo.id, "Cookie": ""},
    ]
    for headers in refused:
        with pytest.raises(InvalidStatus) as answer:
            async with cleo.socket(headers=headers):
                pass
        assert answer.value.response.status_code == 403


async def test_what_was_ended_closes_within_seconds(hosted: Hosted) -> None:
    dora = await invited(hosted, "dora")
    other = hosted.client()
    await submit(other, "/login", name="dora", password=PASSWORD)
    async with dora.socket() as socket:
        changed = await submit(
            other, "/password", name="", password=PASSWORD, new_password="another good one"
        )
        assert changed.status_code == 303
        async with asyncio.timeout(20):
            await socket.closed.wait()
    assert (await dora.client.get("/session")).status_code == 401
    assert (await other.get("/session")).status_code == 204


async def test_who_floods_the_door_is_held_back_and_nobody_else(hosted: Hosted) -> None:
    emma, fay = await invited(hosted, "emma"), await invited(hosted, "fay")
    async with emma.socket() as socket:
        await socket.send_raw("x" * 2000)
        async with asyncio.timeout(20):
            await socket.closed.wait()
    opened = 0
    with suppress(InvalidStatus):
        while opened < 2 * SOCKETS_OF_ONE.at_once:
            async with emma.socket():
                opened += 1
    assert SOCKETS_OF_ONE.at_once - 1 <= opened < 2 * SOCKETS_OF_ONE.at_once
    async with fay.socket():
        pass
