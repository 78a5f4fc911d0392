"""Settings of a chat and of a person: checked in words, kept, and carried by each request."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chat_ui.chat.again import Again, answer_again
from chat_ui.chat.changes import ConversationChanged
from chat_ui.chat.errors import NoSuchConversation, NoSuchModel, UnfitPreference
from chat_ui.chat.gauge import Gauge, measure
from chat_ui.chat.preferences import (
    defaults_of,
    prefer,
    read_preference,
    reset,
    set_default,
    set_default_model,
    spelled,
)
from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft, send
from chat_ui.gateway import Model
from chat_ui.settings import Settings
from chat_ui.store.defaults import Defaults
from chat_ui.store.ids import new_id
from chat_ui.store.preferences import AS_IT_IS, Preferences
from tests.postgres import PostgresServer
from tests.scripted import KEY, ScriptedGateway

from .conftest import opened_cleanly
from .page import ended, opened, say
from .test_branches import answered, snapshot_of

BAD = {
    "temperature": ["warm", "-1", "2.1", "nan", "inf"],
    "top_p": ["0", "1.1", "all"],
    "max_tokens": ["0", "-5", "1.5", "many", "9" * 30, "0" * 11 + "9" * 31, "0" * 11 + "1" * 5000, "²"],
    "effort": ["huge"],
    "stop": ["a\nb\nc\nd\ne", "x" * 201],
    "system": ["x" * 100_001],
    "mood": ["calm"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_what_can_not_be_is_refused_in_words(name: str, text: str) -> None:
    with pytest.raises(UnfitPreference) as refused:
        read_preference(name, text)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("temperature", " 0,7 ", 0.7),
        ("max_tokens", "2,000", 2000),
        ("max_tokens", "0" * 5000 + "7", 7),
        ("top_p", "1", 1.0),
        ("effort", "high", "high"),
        ("stop", "\\n\nEND", ("\n", "END")),
        ("system", " Be brief. ", "Be brief."),
        ("system", " ", None),
    ],
)
def test_what_is_written_comes_back_as_it_is_spelled(name: str, text: str, value: Any) -> None:
    assert read_preference(name, text) == value
    wanted = Preferences(**{name: value})
    assert read_preference(name, spelled(wanted, name)) == value


async def test_a_default_model_is_one_whose_gateway_is_connected(chat: Chat) -> None:
    owner = chat.person.id
    name = chat.gateways.known_models()[0].gateway
    await set_default_model(chat, owner, name, "model-b")
    with pytest.raises(NoSuchModel):
        await set_default_model(chat, owner, "nowhere", "model-a")
    known = await defaults_of(chat, owner)
    assert (known.gateway, known.model) == (name, "model-b")
    await set_default_model(chat, owner, "", "model-a")
    assert await defaults_of(chat, owner) == Defaults()


async def test_requests_carry_the_conversation_before_the_defaults(
    chat: Chat, gateway: ScriptedGateway
) -> None:
    owner = chat.person.id
    await set_default(chat, owner, "temperature", "0.2")
    await set_default(chat, owner, "system", "Be brief.")
    made = await send(chat, owner, Draft(new_id(), "Tea?"), Preferences(max_tokens=50))
    request = await gateway.next_request()
    assert (request.body["temperature"], request.body["max_tokens"]) == (0.2, 50)
    assert request.asked == [("system", "Be brief."), ("user", "Tea?")]
    await request.say("Hot.")
    await request.finish()
    answer = await ended(chat, made)

    async with opened(chat, made.id) as page:
        for name, text in {"temperature": "1.5", "effort": "low", "stop": "END", "top_p": "0.9"}.items():
            await prefer(chat, owner, made.id, name, text)
            assert isinstance(await page.next(), ConversationChanged)
    await answer_again(chat, owner, Again(new_id(), answer.id))
    body = (await gateway.next_request()).body
    assert (body["temperature"], body["top_p"], body["stop"]) == (1.5, 0.9, ["END"])
    assert (body["reasoning_effort"], body["max_tokens"]) == ("low", 50)

    await reset(chat, owner, made.id)
    assert (await snapshot_of(chat, made.id)).conversation.preferences == AS_IT_IS
    assert (await defaults_of(chat, owner)).preferences == Preferences("Be brief.", 0.2)


async def test_nobody_changes_what_is_not_theirs(chat: Chat, gateway: ScriptedGateway, mallory: str) -> None:
    gateway.greeting = "Hello."
    made = await say(chat, "Tea?")
    for owner, id in ((mallory, made.id), (chat.person.id, new_id()), (chat.person.id, "\ud800")):
        with pytest.raises(NoSuchConversation):
            await prefer(chat, owner, id, "temperature", "1")
        with pytest.raises(NoSuchConversation):
            await reset(chat, owner, id)
    assert (await defaults_of(chat, mallory)).preferences == AS_IT_IS


@pytest.fixture
async def small(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Chat:
    """A gateway whose models read little, as their list says."""
    models = (Model("model-a", context_window=120),)
    opened_gateway = chat.gateways._open[chat.gateways.default]
    monkeypatch.setattr(opened_gateway, "listed", type(opened_gateway.listed)("gateway", "g", models))
    return chat


async def test_a_chat_that_outgrows_its_model_is_sent_from_its_first_turn_that_fits(
    small: Chat, gateway: ScriptedGateway
) -> None:
    first = await answered(small, gateway, "T" * 200, "H" * 200)
    id = first.conversation_id
    conversation = (await snapshot_of(small, id)).conversation
    assert await measure(small, small.person.id, conversation) == Gauge(108, 120)
    await say(small, "And?", conversation_id=id, model="model-a")
    request = await gateway.next_request()
    assert request.asked == [("user", "And?")]
    await request.finish()
    snapshot = await snapshot_of(small, id)
    gauge = await measure(small, small.person.id, snapshot.conversation)
    assert (gauge.left_out, gauge.first_id) == (2, snapshot.messages[2].id)
    assert gauge.tokens < 20


async def test_what_two_devices_choose_at_once_is_kept(
    postgres: PostgresServer, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    url = postgres.url(postgres.make_database())
    settings = Settings(gateway_url=gateway.base_url, gateway_key=KEY, data_dir=tmp_path, database_url=url)
    async with opened_cleanly(settings) as chat:
        me = chat.person.id
        conversation = await answered(chat, gateway, "Tea?", "Hot.")
        id = conversation.conversation_id
        for _ in range(5):
            await reset(chat, me, id)
            await asyncio.gather(
                prefer(chat, me, id, "temperature", "0.5"),
                prefer(chat, me, id, "top_p", "0.5"),
                set_default(chat, me, "temperature", "0.7"),
                set_default(chat, me, "top_p", "0.7"),
            )
            kept = (await snapshot_of(chat, id)).conversation.preferences
            wanted = (await defaults_of(chat, me)).preferences
            assert (kept.temperature, kept.top_p, wanted.temperature, wanted.top_p) == (0.5, 0.5, 0.7, 0.7)
