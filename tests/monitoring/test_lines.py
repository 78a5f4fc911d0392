"""Log lines: what they hold, and what they never do."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from chat_ui.chat.configured import entered
from chat_ui.monitoring.logs import REQUEST_ID, RUN_ID, request_id_of, set_up
from chat_ui.settings import GatewayTable, Settings
from chat_ui.store.connections import SavedConnection

PLANTED = "planted-secret-0123456789"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger("chat_ui")
    before = list(root.handlers), own.level
    REQUEST_ID.set("")
    RUN_ID.set("")
    yield
    root.handlers[:], own.level = before
    REQUEST_ID.set("")
    RUN_ID.set("")


def written(settings: Settings, capsys: pytest.CaptureFixture[str], *said: Any, **extra: Any) -> str:
    set_up(settings)
    logging.getLogger("chat_ui.chat.runs").info(*said, extra=extra)
    return capsys.readouterr().err


def hosted(**more: Any) -> Settings:
    return Settings(hosted=True, public_url="https://chat.example.com", **more)


def test_a_hosted_sites_line_is_json_with_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    REQUEST_ID.set("request-1")
    RUN_ID.set("run-1")
    line = json.loads(
        written(hosted(), capsys, "Ended after %d\nlines", 3, gateway="a", tokens=7, error=None)
    )
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "chat_ui.chat.runs",
        "message": "Ended after 3\nlines",
        "request_id": "request-1",
        "run_id": "run-1",
        "gateway": "a",
        "tokens": 7,
    }


def test_what_a_filter_keeps_back_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(hosted(), logging.Filter("one"))
    for name in ("one", "other"):
        logging.getLogger(name).warning("Said.")
    assert [json.loads(line)["logger"] for line in capsys.readouterr().err.splitlines()] == ["one"]


async def test_a_task_keeps_the_ids_of_whoever_began_it(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(hosted())

    async def run(name: str) -> None:
        RUN_ID.set(name)
        await asyncio.sleep(0)
        logging.getLogger("chat_ui").info(name)

    REQUEST_ID.set("send-1")
    await asyncio.gather(run("one"), run("two"))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["message"], line["run_id"], line["request_id"]) for line in lines] == [
        ("one", "one", "send-1"),
        ("two", "two", "send-1"),
    ]


def test_a_local_site_says_warnings_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert written(Settings(), capsys, "An answer ended") == ""
    assert "INFO An answer ended gateway=a" in written(
        Settings(log_level="info"), capsys, "An answer ended", gateway="a"
    )
    assert (
        json.loads(written(Settings(log_level="info", log_format="json"), capsys, "Ended"))["message"]
        == "Ended"
    )


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "said",
    [
        f"The gateway says: {PLANTED} is no key",
        f"Authorization: Bearer {PLANTED}x",
        f"redis://:{PLANTED}@redis/0 isn't there",
        f"POST /link/{PLANTED}",
        f'{{"api_key": "{PLANTED}", "password" : "{PLANTED}"}}',
        f"connect?token={PLANTED}&x=1",
        f"sk-{PLANTED} was refused",
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_secrets_are_in_no_line(
    form: Any, said: str, is_known: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    # Without any mark of a secret around it, only the settings can tell.
    key = SecretStr(PLANTED) if is_known or "The gateway says" in said else None
    set_up(hosted(log_format=form, gateways=[GatewayTable(name="a", base_url="https://a.example", key=key)]))
    try:
        raise ValueError(said)  # noqa: TRY301
    except ValueError:
        logging.getLogger("chat_ui").exception(said, extra={"why": said})
    line = capsys.readouterr().err
    assert PLANTED not in line
    assert "ValueError" in line
    assert line.count("[hidden]") >= 3


def test_a_secret_that_came_later_is_in_no_line_either(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(hosted(gateway_key=PLANTED))
    later = "entered-on-the-page-0123456789"
    profile = entered(hosted(), SavedConnection("https://a.example/v1", later, None))
    assert profile.key == later
    logging.getLogger("chat_ui").warning("It said %s and %s.", later, PLANTED)
    assert json.loads(capsys.readouterr().err)["message"] == "It said [hidden] and [hidden]."


def test_the_passwords_of_addresses_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    settings = hosted(
        database_url=f"postgresql://chat:{PLANTED}1@db/chat",
        redis_url=f"redis://:{PLANTED}2@redis/0",
        gateway_key=f"{PLANTED}3",
        metrics_token=f"{PLANTED}4",
        x402_private_key=f"{PLANTED}5",
    )
    said = " ".join(f"{PLANTED}{number}" for number in range(1, 6))
    assert PLANTED not in written(settings, capsys, said)


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "no spaces!", 'quo"tes-and-more'])
def test_an_id_is_made_where_none_fits(given: str) -> None:
    made = request_id_of(given)
    assert made != given
    assert made != request_id_of(given)
    assert request_id_of("req-01234567") == "req-01234567"
