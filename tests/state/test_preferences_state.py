"""What the page says beside the settings of a chat."""

from __future__ import annotations

from decimal import Decimal

from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft, send
from chat_ui.state import routes
from chat_ui.state.preferences import ChatSettingsState
from chat_ui.state.thread import ThreadState
from chat_ui.store import conversations
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
