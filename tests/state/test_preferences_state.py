"""What the page says beside the settings of a chat."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chat_ui.chat import preferences as chat_preferences
from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft, send
from chat_ui.state import routes
from chat_ui.state.preferences import ChatSettingsState
from chat_ui.state.thread import ThreadState
from chat_ui.store import conversations
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import new_id
from tests.scripted import ScriptedGateway

from .conftest import Browser


async def test_what_a_title_took_is_said_as_all_costs_are(
    browser: Browser, chat: Chat, gateway: ScriptedGateway
) -> None:
    gateway.greeting = "Hello."
    made = await send(chat, chat.person.id, Draft(new_id(), "Hello?"))
    async with chat.db.write() as tx:
        took = {"cost": Decimal("0.000420"), "currency": "usd", "tokens": 1234}
        await conversations.title_by_model(tx, chat.person.id, made.id, title="A greeting", **took)
    browser.path = routes.conversation(made.id)
    future = await browser.start(ThreadState.follow)
    await browser.until(lambda: any(browser.values(ChatSettingsState, "title_note")))
    future.cancel()
    [note] = filter(None, browser.values(ChatSettingsState, "title_note"))
    assert note == "A model wrote the title: about 1,234 tokens, $0.00042."


@pytest.mark.parametrize("value", ["hot", "0.5"])
async def test_what_can_not_be_in_one_chat_is_not_said_of_another(
    browser: Browser, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("The disk is full.", "full")

    await browser.send(ChatSettingsState.open_new)
    elsewhere = new_id()
    await browser.send(ChatSettingsState.change, elsewhere, "temperature", value)
    assert browser.pushed("settings") == [{"place": elsewhere, "name": "temperature", "value": value}]
    monkeypatch.setattr(chat_preferences, "prefer", full)
    await browser.send(ChatSettingsState.change, elsewhere, "temperature", "0.5")
    assert len(browser.pushed("settings")) == 1
    shown = browser.values(ChatSettingsState, "settings")
    assert not any(setting.error for settings in shown for setting in settings)
    await browser.send(ChatSettingsState.change, "", "temperature", "hot")
    assert any(setting.error for setting in browser.values(ChatSettingsState, "settings")[-1])
