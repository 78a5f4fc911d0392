"""What an operator and their machines see of a hosted site."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx

from tests.hosted.conftest import Hosted, StartHosted, come_in
from tests.hosted.test_every_handler import every_handler, named
from tests.scripted import KEY, PATIENCE_S, ScriptedGateway

METRICS_TOKEN = "the-token-of-the-figures"


async def test_an_answer_is_followed_in_lines_and_figures_and_drained_to_its_end(
    start_hosted: StartHosted,
) -> None:
    handlers = every_handler()
    async with ScriptedGateway() as gateway:
        site = await start_hosted(
            CHAT_UI_GATEWAY_URL=gateway.base_url,
            CHAT_UI_GATEWAY_KEY=KEY,
            CHAT_UI_METRICS_TOKEN=METRICS_TOKEN,
            CHAT_UI_GRACE_SECONDS="30",
        )
        ada = await come_in(site, site.first_link, "ada")
        machine = site.client(headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        health = await machine.get("/_health")
        assert (health.status_code, health.json()["status"]) == (200, True)
        async with ada.socket() as socket:
            draft = {"id": "first", "text": "The words of a question"}
            await socket.call(named(handlers, "thread_state.send"), {"draft": draft})
            request = await gateway.next_request()
            await request.say("The words ")
            figures = (await machine.get("/metrics")).text
            assert "chat_ui_open_sockets 1.0" in figures
            assert "chat_ui_streaming_answers 1.0" in figures

            # Told to end, it isn't ready any more, and lets the answer come to its end.
            ending = asyncio.create_task(asyncio.to_thread(site.site.stop))
            async with asyncio.timeout(PATIENCE_S):
                while (health := await machine.get("/_health")).status_code == 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert (health.status_code, health.json()) == (
                503,
                {"status": False, "serving": False, "database": True, "redis": True},
            )
            await socket.call(
                named(handlers, "thread_state.send"), {"draft": {"id": "second", "text": "Too late?"}}
            )
            await socket.until(lambda: '"refused"' in socket.received)
            await request.say("of an answer")
            await request.finish(prompt_tokens=3, completion_tokens=5)
            with suppress(TimeoutError):
                await asyncio.wait_for(socket.closed.wait(), 10)
        assert await ending is not None
    assert site.rows("SELECT status, text FROM message WHERE role = 'assistant'") == [
        ("complete", "The words of an answer")
    ]
    reads_as_lines(site, ada.client)


def reads_as_lines(site: Hosted, client: httpx.AsyncClient) -> None:
    """The log of it: JSON, ids that tie it together, no secret and no word of anybody's."""
    log = site.site.log
    # The one on standard output is for whoever started it.
    assert [line for line in log.splitlines() if line[0] != "{"] == [f"Chat UI listens on {site.url}"]
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.splitlines() if line[0] == "{"]
    [(run,)] = site.rows("SELECT id FROM run")
    [ended] = [line for line in lines if line["message"] == "An answer ended: complete"]
    assert ended["run_id"] == run
    assert len(ended["request_id"]) == 16
    assert (ended["gateway"], ended["input_tokens"], ended["output_tokens"]) == ("gateway", 3, 5)
    [link] = [line for line in lines if line["message"].startswith("POST /link/")]
    assert link["message"] == "POST /link/[hidden] 303"
    secret = (KEY, METRICS_TOKEN, *client.cookies.values(), site.first_link.rpartition("/")[2], "words")
    assert not [each for each in secret if each in log]
