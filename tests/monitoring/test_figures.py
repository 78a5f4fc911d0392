"""Figures: what is counted, over how many processes, and who may read it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from chat_ui.chat.service import Chat
from chat_ui.monitoring.folder import FOLDER_VARIABLE, fresh_folder
from chat_ui.monitoring.metrics import exposition
from chat_ui.settings import Settings
from chat_ui.web.operating import routes
from chat_ui.web.watched import Watched
from tests.chat.conftest import opened_cleanly
from tests.chat.page import opened, say
from tests.scripted import ScriptedGateway

TOKEN = "a-token-for-the-figures"
# Counts, and then lives on until it is told to end.
WORKER = """
import sys
from chat_ui.monitoring.metrics import ANSWERS, SOCKETS
ANSWERS.labels("a", "complete").inc(int(sys.argv[1]))
SOCKETS.inc(int(sys.argv[1]))
print(flush=True)
sys.stdin.read()
"""


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"chat_ui_{name}", labels) or 0.0


def counted(name: str, **labels: str) -> Callable[[], float]:
    """How much a figure has grown since now."""
    before = sample(name, **labels)
    return lambda: sample(name, **labels) - before


async def test_answers_are_counted_by_how_they_went(settings: Settings, gateway: ScriptedGateway) -> None:
    here = {"gateway": "gateway"}
    complete = counted("answers_total", **here, status="complete")
    stopped = counted("answers_total", **here, status="stopped")
    failed = counted("errors_total", **here, kind="GatewayDown")
    written = counted("tokens_total", **here, direction="written")
    first, stops = counted("first_token_seconds_count", **here), counted("stop_seconds_count")
    writes = counted("database_seconds_count", kind="write")
    async with opened_cleanly(settings) as chat:
        for ending in ("finish", "stop", "refuse"):
            conversation = await say(chat, "Hello?")
            request = await gateway.next_request()
            async with opened(chat, conversation.id) as page:
                if ending == "refuse":
                    await request.refuse(503, "Out of order.")
                    await page.until_ended()
                    continue
                await request.say("Hello.")
                await page.until_shown("Hello.")
                assert sample("streaming_answers") == 1
                if ending == "finish":
                    await request.finish(prompt_tokens=3, completion_tokens=5)
                else:
                    await stop(chat, page.last.id)
                await page.until_ended()
    assert (complete(), stopped(), written(), first(), stops()) == (1, 1, 5, 2, 1)
    assert sample("streaming_answers") == 0
    assert writes() > 5
    assert failed() == 1


async def stop(chat: Chat, message_id: str) -> None:
    assert chat.person is not None
    assert await chat.runs.stop(chat.person.id, message_id)


def test_several_processes_are_added_up_and_the_dead_have_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fresh_folder(tmp_path / "figures")
    (folder / "counter_1.db").write_text("of yesterday")
    fresh_folder(folder)
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    workers = []
    for number in ("1", "2", "4"):
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, number], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        workers.append(process)
    try:
        said = exposition().decode()
        assert 'chat_ui_answers_total{gateway="a",status="complete"} 7.0' in said
        assert "chat_ui_open_sockets 7.0" in said
        workers[2].kill()
        workers[2].wait()
        said = exposition().decode()
        assert 'chat_ui_answers_total{gateway="a",status="complete"} 7.0' in said
        assert "chat_ui_open_sockets 3.0" in said
    finally:
        for process in workers:
            process.communicate()


async def asked(
    settings: Settings, *, client: str = "127.0.0.1", host: str = "127.0.0.1:3000", **headers: str
) -> httpx.Response:
    app = Watched(Starlette(routes=routes(settings)), keeps_ids=settings.trusted_proxies > 0)
    transport = httpx.ASGITransport(app, client=(client, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as browser:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await browser.get("/metrics", headers=given)


async def test_without_a_token_this_machine_alone_may_read(tmp_path: Path) -> None:
    local = Settings(data_dir=tmp_path)
    for client, host in (("127.0.0.1", "localhost:3000"), ("::1", "[::1]:3000"), ("127.0.0.1", "127.0.0.1")):
        answer = await asked(local, client=client, host=host)
        assert (answer.status_code, "chat_ui_open_sockets" in answer.text) == (200, True)
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    refused = [
        await asked(local, client="10.0.0.7"),
        await asked(local, host="rebound.example"),
        await asked(local, x_forwarded_for="203.0.113.9"),
        await asked(local, x_real_ip="203.0.113.9"),
        await asked(local, authorization="Bearer "),
        await asked(Settings(hosted=True, public_url="https://chat.example.com", data_dir=tmp_path)),
    ]
    assert [answer.status_code for answer in refused] == [401, 401, 401, 401, 200, 401]
    assert "CHAT_UI_METRICS_TOKEN" in refused[0].text
    assert "chat_ui_" not in refused[0].text


async def test_with_a_token_it_counts_and_nothing_else(tmp_path: Path) -> None:
    settings = Settings(hosted=True, public_url="https://chat.example.com", metrics_token=TOKEN)
    answer = await asked(settings, client="10.0.0.7", host="app", authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    assert 'chat_ui_requests_total{method="GET",status="401"}' in answer.text
    for said in ("", TOKEN, f"Bearer {TOKEN}x", "Bearer", "Basic x"):
        assert (await asked(settings, authorization=said)).status_code == 401


async def test_a_request_carries_the_id_that_its_proxy_gave(tmp_path: Path) -> None:
    given = "from-the-proxy-1"
    behind = Settings(trusted_proxies=1, data_dir=tmp_path)
    assert (await asked(behind, x_request_id=given)).headers["x-request-id"] == given
    others = [(await asked(Settings(data_dir=tmp_path), x_request_id=given)) for _ in range(2)]
    ids = {answer.headers["x-request-id"] for answer in others}
    assert len(ids | {given}) == 3
