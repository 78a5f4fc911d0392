"""Who can be asked: the environment's gateway, the one that was entered, or the demo model."""

from __future__ import annotations

import asyncio
import logging
import stat
from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chat_ui.chat import gateways as gateways_module
from chat_ui.chat import opened as opened_module
from chat_ui.chat.configured import BY_HAND, BY_URL, profiles_from
from chat_ui.chat.errors import GatewayIsFixed, NoSuchModel
from chat_ui.chat.gateways import DEMO, Gateways
from chat_ui.chat.opened import ModelList
from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft, send
from chat_ui.gateway import Clocks, GatewayError
from chat_ui.settings import GatewayTable, Settings, SettingsError
from chat_ui.store import StoreError, connections, users
from chat_ui.store.connections import FILE_NAME, SavedConnection
from chat_ui.store.ids import new_id
from tests.scripted import KEY, ScriptedGateway, happens

from .conftest import opened_cleanly
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


async def listed(gateways: Gateways) -> ModelList:
    """Ask all gateways, and return what the default one says."""
    async with aclosing(gateways.list_models()) as answers:
        async for _ in answers:
            pass
    return gateways.known_models()[0]


async def test_the_environment_comes_first(settings: Settings, gateway: ScriptedGateway) -> None:
    first, second = profiles_from(settings, SAVED)
    assert (first.name, first.base_url, first.key, first.model) == (BY_URL, gateway.base_url, KEY, "model-a")
    assert (second.name, second.base_url) == (BY_HAND, SAVED.base_url)
    async with aclosing(Gateways(settings, SAVED)) as known:
        assert (known.default, known.is_demo, known.removable) == (BY_URL, False, BY_HAND)
        await known.disconnect()
        assert (known.default, known.removable) == (BY_URL, "")


async def test_what_is_known_of_a_host_needs_no_setting(unset: Settings) -> None:
    entered = SavedConnection("https://api.anthropic.com/v1", "sk", None)
    table = GatewayTable(name="mine", base_url="https://openrouter.ai/api/v1", clocks={"headers": 300})
    named = unset.model_copy(
        update={"gateway_url": "https://api.aiand.com/v1", "gateway_key": None, "gateways": (table,)}
    )
    aiand, router, anthropic = profiles_from(named, entered)
    assert (aiand.label, aiand.extra_headers) == ("ai&", (("x-aiand-metrics", "true"),))
    assert (router.label, router.prefill, router.clocks) == ("mine", "plain", Clocks(headers=300))
    assert (anthropic.label, anthropic.dialect) == ("Anthropic", "anthropic")
    told = named.model_copy(update={"gateway_url": anthropic.base_url, "gateway_dialect": "openai"})
    assert profiles_from(told, None)[0].dialect == "openai"


async def test_then_what_was_entered(unset: Settings) -> None:
    (profile,) = profiles_from(unset, SAVED)
    assert (profile.base_url, profile.key, profile.model) == (SAVED.base_url, SAVED.key, SAVED.model)
    async with aclosing(Gateways(unset, SAVED)) as known:
        assert (known.default, known.is_demo, known.removable) == (BY_HAND, False, BY_HAND)
        assert await known.first_model(BY_HAND) == "saved-model"


async def test_then_the_demo_model(gateways: Gateways) -> None:
    assert (gateways.default, gateways.is_demo, gateways.removable) == (DEMO, True, "")
    offered = await listed(gateways)
    assert (offered.gateway, offered.label, offered.problem) == (DEMO, "Demo", "")
    assert [model.id for model in offered.models] == [await gateways.first_model(DEMO)]


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
    assert (len(report.models), report.model) == (3, "model-b")
    assert (gateways.default, gateways.removable) == (BY_HAND, BY_HAND)
    offered = await listed(gateways)
    assert offered.label == f"127.0.0.1:{gateway.port}"
    assert [model.id for model in offered.models] == ["model-b", "text-embedding-1", "model-a"]
    file = unset.data_dir / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    saved = connections.load(unset.data_dir)
    assert saved == SavedConnection(gateway.base_url, KEY, "model-b")
    async with gateways.using(BY_HAND) as connected:
        assert KEY not in f"{saved!r}{connected.profile!r}{report!r}{caplog.text}{vars(gateways)!r}"


async def test_what_is_set_for_a_gateway_is_how_it_is_asked(unset: Settings) -> None:
    table = GatewayTable(
        name="mine",
        base_url="http://mine.test/v1",
        dialect="tokenhub",
        model="large",
        label="Mine",
        trust_env=True,
        allow_directives=True,
        prefill="vllm",
        x402=True,
    )
    aiand = GatewayTable(name="aiand")
    told = unset.model_copy(
        update={
            "gateway_url": "https://api.x-router.ai/v1",
            "gateway_trust_env": True,
            "gateways": (table, aiand),
            "x402_private_key": SecretStr("4c" * 32),
        }
    )
    url, mine, ai, entered = profiles_from(told, SavedConnection("https://api.aiand.com/v1", "sk", None))
    assert (url.x402, url.trust_env) == (True, True)
    assert (mine.dialect, mine.model, mine.label, mine.prefill) == ("tokenhub", "large", "Mine", "vllm")
    assert (mine.trust_env, mine.allow_directives, mine.x402) == (True, True, True)
    assert ai.extra_headers == entered.extra_headers == (("x-aiand-metrics", "true"),)
    assert (ai.label, ai.x402) == ("ai&", False)
    openrouter = "https://openrouter.ai/api/v1"
    told = unset.model_copy(update={"gateway_url": openrouter, "gateway_key": None})
    assert [each.prefill for each in profiles_from(told, SavedConnection(openrouter, "sk", None))] == [
        "plain",
        "plain",
    ]


@pytest.mark.parametrize(
    ("hosted", "named", "reached"),
    [(False, (), True), (True, (), False), (True, ("other.test",), False), (True, ("127.0.0.1",), True)],
)
async def test_a_hosted_site_calls_none_inside_its_network_but_those_that_are_named(
    unset: Settings, gateway: ScriptedGateway, hosted: bool, named: tuple[str, ...], reached: bool
) -> None:
    gateway.greeting = "Hello."
    settings = unset.model_copy(update={"hosted": hosted, "private_hosts": named})
    async with aclosing(Gateways(settings, None)) as known:
        if reached:
            assert (await known.connect(gateway.base_url, KEY)).model == "model-a"
        else:
            with pytest.raises(GatewayError):
                await known.connect(gateway.base_url, KEY)
    saved = SavedConnection(gateway.base_url, KEY, "model-a")
    async with aclosing(Gateways(settings, saved)) as known:
        assert ((await listed(known)).problem == "") == reached
    assert bool(gateway.listings) == reached


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
    assert (await listed(gateways)).problem == ""


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
        offered = await listed(chat.gateways)
    assert [model.id for model in offered.models] == ["model-a", "model-b"]
    assert gateway.listings == 1
    monkeypatch.setattr(opened_module, "MODELS_FRESH_S", 0)
    gateway.models = ["model-c"]
    offered = await listed(chat.gateways)
    assert [model.id for model in offered.models] == ["model-a", "model-c"]


async def test_a_gateway_that_is_down_says_so_and_is_asked_again(
    chat: Chat, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.down = True
    offered = await listed(chat.gateways)
    assert [model.id for model in offered.models] == ["model-a"]
    assert "problem of its own" in offered.problem
    gateway.down = False
    offered = await listed(chat.gateways)
    assert (len(offered.models), offered.problem) == (2, "")
    monkeypatch.setattr(opened_module, "MODELS_FRESH_S", 0)
    gateway.down = True
    offered = await listed(chat.gateways)
    assert len(offered.models) == 2
    assert offered.problem


async def test_what_a_model_costs_is_found_out_before_a_budget_is_asked(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    gateway.models = [{"id": "model-a", "pricing": {"input": 1, "output": 2}}]
    budget = {"hosted": True, "public_url": "https://chat.example.com", "dollars_per_day": Decimal(1)}
    async with opened_cleanly(settings.model_copy(update=budget)) as chat:
        async with chat.db.write() as tx:
            bob = (await users.create(tx, name="bob")).id
        # No page of this process has been told of the models yet.
        for _ in range(2):
            await send(chat, bob, Draft(new_id(), "Hello?", model="model-a"))
        assert gateway.listings == 1


async def test_those_who_wait_for_a_gateway_that_is_down_hear_what_the_first_heard(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    gateway.down = True
    heard = await asyncio.gather(*(listed(chat.gateways) for _ in range(3)))
    assert all(offered.problem for offered in heard)
    assert gateway.listings == 1
    await listed(chat.gateways)
    assert gateway.listings == 2


async def test_nobody_chats_with_an_embedding_model(settings: Settings, gateway: ScriptedGateway) -> None:
    gateway.models = ["text-embedding-large", "model-b"]
    settings = settings.model_copy(update={"gateway_model": None})
    async with opened_cleanly(settings) as chat:
        assert await chat.gateways.first_model(BY_URL) == "model-b"
        await listed(chat.gateways)
        assert chat.gateways.first_known(BY_URL) == "model-b"


async def test_without_a_preference_the_first_model_answers(
    settings: Settings, gateway: ScriptedGateway
) -> None:
    gateway.greeting = "Hello."
    async with opened_cleanly(settings.model_copy(update={"gateway_model": None})) as chat:
        assert await chat.gateways.first_model(BY_URL) == "model-a"
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


async def test_what_another_process_has_written_down_counts_once_it_can_be_read(
    gateways: Gateways, unset: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gateways_module, "LOOK_S", 0)
    unset.data_dir.mkdir()
    (unset.data_dir / FILE_NAME).write_text("{")
    keeping = asyncio.create_task(gateways.keep_up())
    await happens(lambda: "isn't JSON" in caplog.text)
    assert gateways.is_demo
    connections.save(unset.data_dir, SAVED)
    await happens(lambda: not gateways.is_demo)
    assert gateways.profile(BY_HAND).base_url == SAVED.base_url
    keeping.cancel()


async def test_a_gateway_that_is_not_connected_is_named(gateways: Gateways) -> None:
    with pytest.raises(NoSuchModel, match="'connected' is not connected"):
        async with gateways.using(BY_HAND):
            pass


def table(name: str, gateway: ScriptedGateway, **fields: Any) -> GatewayTable:
    return GatewayTable(name=name, base_url=gateway.base_url, **fields)


async def test_a_gateway_that_is_slow_or_down_delays_no_other(
    unset: Settings, gateway: ScriptedGateway
) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await left.wait()
        writer.close()

    left = asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    slow = GatewayTable(name="slow", base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    async with server, ScriptedGateway() as asleep:
        asleep.down = True
        tables = (slow, table("asleep", asleep), table("good", gateway))
        async with aclosing(Gateways(unset.model_copy(update={"gateways": tables}), None)) as known:
            assert (known.default, known.is_demo, known.is_fixed) == ("slow", False, True)
            async with aclosing(known.list_models()) as answers:
                came = {(one := await anext(answers)).gateway: one for _ in range(2)}
            assert set(came) == {"asleep", "good"}
            assert [one.asked for one in known.known_models()] == [False, True, True]
            assert came["asleep"].problem
        left.set()


async def test_another_gateway_stands_in_where_one_cannot_answer(
    unset: Settings, gateway: ScriptedGateway
) -> None:
    async with ScriptedGateway() as broken:
        tables = (table("broken", broken, model="m", fallback=("good/model-b",)), table("good", gateway))
        async with opened_cleanly(unset.model_copy(update={"gateways": tables})) as chat:
            conversation = await say(chat, "Hello?")
            await (await broken.next_request()).refuse(503, "Overloaded")
            request = await gateway.next_request()
            await request.say("I stand in.")
            await request.finish()
            assert (await ended(chat, conversation)).text == "I stand in."
            assert request.body["model"] == "model-b"


@pytest.mark.parametrize("fallback", ["good", "nobody/model", "/model"])
def test_a_fallback_that_leads_nowhere_is_named(unset: Settings, fallback: str) -> None:
    tables = (GatewayTable(name="good", base_url="http://a.test/v1", fallback=(fallback,)),)
    with pytest.raises(SettingsError, match="'good', fallback 1"):
        profiles_from(unset.model_copy(update={"gateways": tables}), None)


def test_a_table_without_an_address_is_named(unset: Settings) -> None:
    with pytest.raises(SettingsError, match="'team': base_url is missing"):
        profiles_from(unset.model_copy(update={"gateways": (GatewayTable(name="team"),)}), None)
