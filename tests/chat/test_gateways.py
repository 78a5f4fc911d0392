"""Who can be asked: the environment's gateway, the one that was entered, or the demo model."""

from __future__ import annotations

import logging
import stat
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from pydantic import SecretStr

from chat_ui.chat import gateways as gateways_module
from chat_ui.chat.errors import GatewayIsFixed, NoSuchModel
from chat_ui.chat.gateways import CONNECTED, DEMO, Gateways, profile_from
from chat_ui.chat.service import Chat
from chat_ui.gateway import GatewayError
from chat_ui.settings import Settings, SettingsError
from chat_ui.store import StoreError, connections
from chat_ui.store.connections import FILE_NAME, SavedConnection
from tests.scripted import ScriptedGateway

from .conftest import KEY, opened_cleanly
from .page import ended, opened, say

SAVED = SavedConnection("http://saved.test/v1", "sk-saved", "saved-model")


@pytest.fixture
def unset(tmp_path: Path) -> Settings:
    """Settings that name no gateway."""
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
async def gateways(unset: Settings) -> AsyncGenerator[Gateways]:
    async with aclosing(Gateways(unset, None)) as known:
        yield known


async def test_the_environment_comes_first(settings: Settings, gateway: ScriptedGateway) -> None:
    profile = profile_from(settings, SAVED)
    assert profile is not None
    assert (profile.base_url, profile.key, profile.model) == (gateway.base_url, KEY, "model-a")
    async with aclosing(Gateways(settings, SAVED)) as known:
        assert (known.default, known.is_demo, known.is_removable) == (CONNECTED, False, False)


async def test_then_what_was_entered(unset: Settings) -> None:
    profile = profile_from(unset, SAVED)
    assert profile is not None
    assert (profile.base_url, profile.key, profile.model) == (SAVED.base_url, SAVED.key, SAVED.model)
    async with aclosing(Gateways(unset, SAVED)) as known:
        assert (known.default, known.is_demo, known.is_removable) == (CONNECTED, False, True)
        assert await known.first_model(CONNECTED) == "saved-model"


async def test_then_the_demo_model(gateways: Gateways) -> None:
    assert (gateways.default, gateways.is_demo, gateways.is_removable) == (DEMO, True, False)
    listed = await gateways.list_models()
    assert (listed.gateway, listed.label, listed.problem) == (DEMO, "Demo", "")
    assert [model.id for model in listed.models] == [await gateways.first_model(DEMO)]


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("gateway_url", "ftp://x", "CHAT_UI_GATEWAY_URL"),
        ("gateway_key", "sk two words", "CHAT_UI_GATEWAY_KEY"),
    ],
)
async def test_an_unusable_setting_is_named(settings: Settings, field: str, value: str, named: str) -> None:
    wrong = SecretStr(value) if field == "gateway_key" else value
    with pytest.raises(SettingsError, match=named) as raised:
        async with opened_cleanly(settings.model_copy(update={field: wrong})):
            pass
    assert "two words" not in str(raised.value)


async def test_connecting_keeps_what_answers(
    gateways: Gateways, gateway: ScriptedGateway, unset: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.greeting = "Hello."
    gateway.models = ["text-embedding-1", "model-b", "model-a"]
    report = await gateways.connect(f" {gateway.base_url}/ ", f" {KEY} ")
    assert (len(report.models), report.model, report.sample) == (3, "model-b", "Hello.")
    assert (gateways.default, gateways.is_removable) == (CONNECTED, True)
    listed = await gateways.list_models()
    assert listed.label == f"127.0.0.1:{gateway.port}"
    assert [model.id for model in listed.models] == ["model-b", "text-embedding-1", "model-a"]
    file = unset.data_dir / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    saved = connections.load(unset.data_dir)
    assert saved == SavedConnection(gateway.base_url, KEY, "model-b")
    async with gateways.using(CONNECTED) as connected:
        assert KEY not in f"{saved!r}{connected.profile!r}{report!r}{caplog.text}{vars(gateways)!r}"


async def test_what_was_connected_is_there_after_a_restart(unset: Settings, gateway: ScriptedGateway) -> None:
    gateway.greeting = "Hello."
    async with opened_cleanly(unset) as chat:
        await chat.gateways.connect(gateway.base_url, KEY)
    async with opened_cleanly(unset) as chat:
        conversation = await say(chat, "Hello?")
        assert (await ended(chat, conversation)).text == "Hello."
        assert gateway.requests[-1].body["model"] == "model-a"
        await chat.gateways.disconnect()
        assert chat.gateways.is_demo
    async with opened_cleanly(unset) as chat:
        assert chat.gateways.is_demo


async def test_what_does_not_answer_leaves_the_one_before(
    gateways: Gateways, gateway: ScriptedGateway, unset: Settings
) -> None:
    gateway.greeting = "Hello."
    await gateways.connect(gateway.base_url, KEY)
    before = (unset.data_dir / FILE_NAME).read_bytes()
    gateway.down = True
    for url, key in ((gateway.base_url, KEY), ("not a url", KEY), (gateway.base_url, "sk two words")):
        with pytest.raises(GatewayError) as raised:
            await gateways.connect(url, key)
        assert key not in str(raised.value)
    assert (unset.data_dir / FILE_NAME).read_bytes() == before
    gateway.down = False
    assert (await gateways.list_models()).problem == ""


async def test_what_can_not_be_written_down_leaves_the_one_before(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    gateway.greeting = "Hello."
    (tmp_path / "file").write_text("in the way")
    settings = Settings(data_dir=tmp_path / "file")
    async with aclosing(Gateways(settings, None)) as known:
        with pytest.raises(StoreError):
            await known.connect(gateway.base_url, KEY)
        assert known.is_demo


async def test_the_page_does_not_change_what_the_environment_sets(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    async with aclosing(Gateways(settings, None)) as known:
        with pytest.raises(GatewayIsFixed):
            await known.connect("http://elsewhere.test/v1", "")
        with pytest.raises(GatewayIsFixed):
            await known.disconnect()
        assert not known.is_demo
    assert gateway.requests == []
    assert not (settings.data_dir / FILE_NAME).exists()


async def test_models_are_asked_for_once_while_they_are_fresh(
    chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        listed = await chat.gateways.list_models()
    assert [model.id for model in listed.models] == ["model-a", "model-b"]
    assert gateway.listings == 1
    monkeypatch.setattr(gateways_module, "MODELS_FRESH_S", 0)
    gateway.models = ["model-c"]
    listed = await chat.gateways.list_models()
    assert [model.id for model in listed.models] == ["model-a", "model-c"]


async def test_a_gateway_that_is_down_says_so_and_is_asked_again(
    chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.down = True
    listed = await chat.gateways.list_models()
    assert [model.id for model in listed.models] == ["model-a"]
    assert "problem of its own" in listed.problem
    gateway.down = False
    listed = await chat.gateways.list_models()
    assert (len(listed.models), listed.problem) == (2, "")
    monkeypatch.setattr(gateways_module, "MODELS_FRESH_S", 0)
    gateway.down = True
    listed = await chat.gateways.list_models()
    assert len(listed.models) == 2
    assert listed.problem


async def test_without_a_preference_the_first_model_answers(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    gateway.greeting = "Hello."
    async with opened_cleanly(settings.model_copy(update={"gateway_model": None})) as chat:
        assert await chat.gateways.first_model(CONNECTED) == "model-a"
        await ended(chat, await say(chat, "Hello?"))
        assert gateway.requests[0].body["model"] == "model-a"
        gateway.down = True
        answer = await ended(chat, await say(chat, "Hello?"))
        assert (answer.status, len(gateway.requests)) == ("failed", 1)
        with pytest.raises(NoSuchModel):
            await chat.gateways.first_model("elsewhere")


async def test_an_answer_under_way_outlives_a_new_connection(
    unset: Settings, gateway: ScriptedGateway
) -> None:
    gateway.greeting = "Hello."
    async with opened_cleanly(unset) as chat, ScriptedGateway("other") as other:
        await chat.gateways.connect(gateway.base_url, "")
        gateway.greeting, other.greeting = None, "Other."
        conversation = await say(chat, "Hello?")
        request = await gateway.next_request()
        async with opened(chat, conversation.id) as page:
            await request.say("Before, ")
            await page.until_shown("Before, ")
            await chat.gateways.connect(other.base_url, "")
            await chat.gateways.disconnect()
            await request.say("after.")
            await request.finish()
            answer = await page.until_ended()
    assert (answer.status, answer.text) == ("complete", "Before, after.")


async def test_a_gateway_that_is_not_connected_is_named(gateways: Gateways) -> None:
    with pytest.raises(NoSuchModel, match="'gateway' is not connected"):
        async with gateways.using(CONNECTED):
            pass
