from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from reflex.utils import format

from chat_ui.chat import library
from chat_ui.chat.service import DATABASE, Chat
from chat_ui.settings import Settings
from chat_ui.state.connect import ConnectState
from chat_ui.state.models import ModelState
from chat_ui.state.routes import CONVERSATION_PREFIX
from chat_ui.state.sidebar import SidebarState
from chat_ui.store import connections
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import new_id
from chat_ui.words import say
from tests.database import put_new_database
from tests.scripted import KEY, ScriptedGateway

from .conftest import Browser


@pytest.fixture
def named() -> bool:
    """Whether the environment names a gateway."""
    return False


@pytest.fixture
def settings(tmp_path: Path, named: bool, gateway: ScriptedGateway) -> Settings:
    data = put_new_database(tmp_path / "data" / DATABASE).parent
    return Settings(data_dir=data, gateway_url=gateway.base_url if named else None)


def last(browser: Browser, state: Any, var: str) -> Any:
    values = browser.values(state, var)
    return json.loads(format.json_dumps(values[-1])) if values else None


async def test_connecting_reports_and_lists_the_models(
    browser: Browser, gateway: ScriptedGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.greeting = "Hello."
    await browser.send(ConnectState.show)
    await browser.send(ConnectState.connect, {"base_url": gateway.base_url, "key": KEY})
    assert browser.values(ConnectState, "busy") == [True, False]
    assert last(browser, ConnectState, "report") == "Connected: 2 models, and model-a answered."
    assert browser.values(ConnectState, "open") == [True, False]
    (group,) = last(browser, ModelState, "groups")
    assert [choice["id"] for choice in group["choices"]] == ["model-a", "model-b"]
    assert last(browser, ModelState, "removable") is True
    assert KEY not in browser.sent()
    assert KEY not in caplog.text
    await browser.send(ConnectState.disconnect)
    assert (last(browser, ModelState, "demo"), last(browser, ConnectState, "report")) == (True, "")


async def test_whoever_reads_that_a_gateway_is_connected_talks_to_it(
    browser: Browser, gateway: ScriptedGateway
) -> None:
    gateway.greeting = "Hello."
    await browser.send(ModelState.load)
    await browser.send(ConnectState.connect, {"base_url": gateway.base_url, "key": KEY})
    said = [frame.delta for frame in browser.frames if "Connected" in format.json_dumps(frame.delta)]
    assert [delta[ModelState.get_full_name()]["model_rx_state_"] for delta in said] == ["model-a"]


async def test_what_fails_says_why_and_keeps_the_form_open(
    browser: Browser, gateway: ScriptedGateway, chat: Chat
) -> None:
    gateway.down = True
    await browser.send(ConnectState.show)
    await browser.send(ConnectState.connect, {"base_url": gateway.base_url, "key": KEY})
    assert "problem of its own" in last(browser, ConnectState, "error")
    assert last(browser, ConnectState, "open") is True
    assert browser.values(ConnectState, "busy") == [True, False]
    assert chat.gateways.is_demo
    assert KEY not in browser.sent()


async def test_what_can_not_be_disconnected_stays_and_says_why(
    browser: Browser, chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.greeting = "Hello."
    await browser.send(ConnectState.connect, {"base_url": gateway.base_url, "key": KEY})
    stuck = Mock(side_effect=StoreError("The saved connection can't be deleted.", "connection"))
    monkeypatch.setattr(connections, "forget", stuck)
    await browser.send(ConnectState.disconnect)
    assert say("store.connection") in last(browser, SidebarState, "notice")
    assert not chat.gateways.is_demo


@pytest.mark.parametrize(
    "form",
    [None, 5, "text", [], {}, {"base_url": 5, "key": []}, {"base_url": "\ud800", "key": "\0"}, {"key": KEY}],
)
async def test_a_form_that_is_none_is_refused_in_words(browser: Browser, chat: Chat, form: Any) -> None:
    await browser.send_raw(f"{ConnectState.get_full_name()}.connect", form=form)
    assert last(browser, ConnectState, "error").endswith(".")
    assert browser.values(ConnectState, "busy") == [True, False]
    assert chat.gateways.is_demo


@pytest.mark.parametrize("named", [True])
async def test_the_environments_gateway_can_not_be_changed_here(
    browser: Browser, chat: Chat, gateway: ScriptedGateway
) -> None:
    await browser.send(ConnectState.connect, {"base_url": "http://elsewhere.test/v1", "key": ""})
    assert "environment" in last(browser, ConnectState, "error")
    await browser.send(ConnectState.disconnect)
    assert not chat.gateways.is_demo
    assert gateway.requests == []


@pytest.mark.parametrize("model", [None, 5, {}, [], "unknown", "\ud800", "x" * 10_000])
async def test_only_a_model_on_the_menu_can_be_chosen(browser: Browser, model: Any) -> None:
    await browser.send(ModelState.load)
    for gateway, wanted in (("demo", model), (model, "demo"), (model, model)):
        await browser.send_raw(f"{ModelState.get_full_name()}.choose", gateway=gateway, model=wanted, id="c")
    assert browser.values(ModelState, "last") == []
    assert last(browser, ModelState, "model") == "demo"
    await browser.send(ModelState.choose, "demo", "demo", "c")
    assert last(browser, ModelState, "last") == "demo/demo"


async def test_a_model_whose_gateway_was_taken_away_elsewhere_can_not_be_chosen(
    browser: Browser, chat: Chat, gateway: ScriptedGateway
) -> None:
    gateway.greeting = "Hello."
    await browser.send(ConnectState.connect, {"base_url": gateway.base_url, "key": KEY})
    (group,) = last(browser, ModelState, "groups")
    await chat.gateways.disconnect()
    await browser.send(ModelState.choose, group["gateway"], "model-b", "c")
    assert (last(browser, ModelState, "gateway"), last(browser, ModelState, "heard")) == ("demo", "c")
    assert not browser.values(ModelState, "last")


@pytest.mark.parametrize("named", [True])
async def test_the_model_to_begin_with_is_the_one_that_is_asked(
    browser: Browser, gateway: ScriptedGateway
) -> None:
    gateway.models = ["text-embedding-large", "model-b"]
    await browser.send(ModelState.load)
    assert last(browser, ModelState, "model") == "model-b"


async def test_a_choice_made_while_the_page_is_loaded_stays(
    browser: Browser, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.greeting = "Hello."
    await browser.send(ConnectState.connect, {"base_url": gateway.base_url, "key": KEY})
    (group,) = last(browser, ModelState, "groups")
    asked, may_go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*_: Any) -> tuple[str, str]:
        asked.set()
        await may_go_on.wait()
        return group["gateway"], "model-a"

    monkeypatch.setattr(library, "chosen_model", slowly)
    browser.path = CONVERSATION_PREFIX + new_id()
    loading = await browser.start(ModelState.load)
    await asked.wait()
    await browser.send(ModelState.choose, group["gateway"], "model-b", "c")
    may_go_on.set()
    await loading.wait_all()
    assert last(browser, ModelState, "model") == "model-b"
