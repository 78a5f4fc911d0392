"""A hosted site while its database is away."""

from __future__ import annotations

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from chat_ui.words import say
from tests.hosted.conftest import PASSWORD, TOKEN, StartHosted, come_in
from tests.hosted.test_every_handler import every_handler, named
from tests.postgres import PostgresServer
from tests.scripted import PATIENCE_S

AWAY = say("store.away").replace("'", "&#x27;")


async def test_it_says_so_to_whoever_comes_and_lets_them_in_when_it_is_back(
    start_hosted: StartHosted, postgres: PostgresServer
) -> None:
    hosted = await start_hosted(CHAT_UI_DATABASE_URL=postgres.url(postgres.make_database()))
    ada = await come_in(hosted, hosted.first_link, "ada")
    stranger = hosted.client()
    token = TOKEN.search((await stranger.get("/login")).text)
    assert token
    form = {"form_token": token[1], "name": "ada", "password": PASSWORD}
    page = {"Accept": "text/html"}

    async with ada.socket() as tab:
        await asyncio.to_thread(postgres.stop, "fast")
        # What was looked up is believed for two seconds.
        async with asyncio.timeout(PATIENCE_S):
            while (shown := await ada.client.get("/", headers=page)).status_code == 200:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert (shown.status_code, shown.headers["retry-after"]) == (503, "5")
        assert AWAY in shown.text
        asked = await ada.client.get("/session")
        assert (asked.status_code, asked.headers["content-type"]) == (503, "text/plain; charset=utf-8")
        assert asked.text.startswith(say("store.away"))
        assert AWAY in (await stranger.get("/link/any", headers=page)).text
        refused = await stranger.post("/login", data=form, headers={"Origin": hosted.url})
        assert refused.status_code == 503
        assert AWAY in refused.text
        assert 'value="ada"' in refused.text
        with pytest.raises(InvalidStatus):
            async with ada.socket("another"):
                pass
        await tab.call(
            named(every_handler(), "thread_state.send"), {"draft": {"id": "first", "text": "There?"}}
        )
        await tab.until(lambda: "ref_failure" in tab.received and say("store.away") in tab.received)
        assert "Traceback" not in hosted.site.log

    await asyncio.to_thread(postgres.start)
    assert (await ada.client.get("/", headers=page)).status_code == 200
    async with ada.socket():
        pass
    assert (await stranger.post("/login", data=form, headers={"Origin": hosted.url})).status_code == 303
