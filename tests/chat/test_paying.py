"""Answers that are paid for, from the settings to what is kept with the answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chat_ui.chat.again import Again, agree_to_payee, answer_again
from chat_ui.chat.changes import Piece, RunPaying
from chat_ui.chat.quote import quote_of
from chat_ui.chat.service import DATABASE, Chat
from chat_ui.chat.turns import Draft, price_of
from chat_ui.gateway import CapReached
from chat_ui.settings import GatewayTable, Settings
from chat_ui.store.ids import new_id
from chat_ui.store.messages import Message
from chat_ui.store.preferences import Preferences
from tests.database import put_new_database
from tests.gateway.wire import ScriptedServer
from tests.gateways.x_router import PAYEE, TESTNET_V1, TRANSACTION, XRouter

from .conftest import opened_cleanly
from .page import ended, opened, say

KEY = "4c" * 32
OTHER = "0x" + "12" * 20
LEDGER = "SELECT atomic, state FROM payment ORDER BY created_at"
Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def router() -> XRouter:
    return XRouter()


@pytest.fixture
async def settings(tmp_path: Path, router: XRouter) -> AsyncGenerator[Settings]:
    server = ScriptedServer(router)
    await server.start()
    table = GatewayTable(name="x-router", base_url=server.base_url, model="model-a")
    data = put_new_database(tmp_path / "data" / DATABASE).parent
    yield Settings(X402_PRIVATE_KEY=SecretStr(KEY), gateways=(table,), data_dir=data)
    await server.stop()


def wanted(message: Message) -> Again:
    return Again(new_id(), message.id, "x-router", "model-a")


async def test_a_message_is_paid_for_and_keeps_the_receipt(chat: Chat, router: XRouter, rows: Rows) -> None:
    conversation = await say(chat, "Hello?")
    async with opened(chat, conversation.id) as page:
        answer = await page.until_ended()
    assert (answer.status, answer.text) == ("complete", "Hello")
    assert (answer.cost, answer.currency) == (Decimal("0.06"), "usd")
    assert answer.receipt == f"transaction {TRANSACTION}, on eip155:84532"
    assert rows(LEDGER) == [("60000", "settled")]
    assert len(router.payments) == 1


async def test_the_wallet_pays_none_but_those_that_are_said_to_be_paid(
    settings: Settings, router: XRouter, rows: Rows
) -> None:
    [paid] = settings.gateways
    other = paid.model_copy(update={"name": "other"})
    async with opened_cleanly(settings.model_copy(update={"gateways": (other,)})) as chat:
        answer = await ended(chat, await say(chat, "Hello?"))
    assert answer.status == "failed"
    assert (router.payments, rows(LEDGER)) == ([], [])


async def test_the_payment_is_told_before_the_answer(chat: Chat, router: XRouter) -> None:
    conversation = await say(chat, "Hello?")
    async with opened(chat, conversation.id) as page:
        await page.until_ended()
        router.after = "wait"
        await say(chat, "And?", conversation_id=conversation.id)
        await page.until(lambda: len(page.messages) == 4 and page.shown() != "")
        assert await chat.runs.stop(chat.person.id, page.last.id)
        answer = await page.until_ended()
    told = [change for change in page.seen if isinstance(change, RunPaying | Piece)][-2:]
    assert told[0] == RunPaying(answer.id, "Paying $0.06 to 127.0.0.1.")
    assert isinstance(told[1], Piece)
    assert (answer.status, answer.receipt) == ("stopped", f"transaction {TRANSACTION}, on eip155:84532")


async def test_the_caps_of_the_settings_hold(settings: Settings, router: XRouter, rows: Rows) -> None:
    capped = settings.model_copy(update={"x402_per_conversation": Decimal("0.07")})
    async with opened_cleanly(capped) as chat:
        conversation = await say(chat, "Hello?")
        await ended(chat, conversation)
        await say(chat, "And?", conversation_id=conversation.id)
        answer = await ended(chat, conversation)
        assert (answer.status, answer.error_kind) == ("failed", CapReached.__name__)
        assert answer.error is not None
        assert "limit per conversation is $0.07, of which $0.06 is spent" in answer.error
        await ended(chat, await say(chat, "Elsewhere?"))
    assert rows(LEDGER) == [("60000", "settled")] * 2


async def test_another_payee_is_paid_only_once_a_person_agrees(
    chat: Chat, router: XRouter, rows: Rows
) -> None:
    await ended(chat, await say(chat, "Hello?"))
    router.offer = TESTNET_V1 | {"payTo": OTHER}
    conversation = await say(chat, "Hello?")
    refused = await ended(chat, conversation)
    assert (refused.status, refused.error_kind) == ("failed", "PayeeChanged")
    assert OTHER in (refused.error or "")
    assert PAYEE in (refused.error or "")
    await answer_again(chat, chat.person.id, wanted(refused))
    still = await ended(chat, conversation)
    assert still.error_kind == "PayeeChanged"
    assert rows(LEDGER) == [("60000", "settled")]
    assert await agree_to_payee(chat, chat.person.id, wanted(still)) is not None
    answer = await ended(chat, conversation)
    assert (answer.status, answer.text) == ("complete", "Hello")
    assert router.payments[-1]["payload"]["authorization"]["to"].lower() == OTHER
    assert await agree_to_payee(chat, chat.person.id, wanted(refused)) is None


async def test_what_nobody_read_is_not_agreed_to(chat: Chat, router: XRouter) -> None:
    await ended(chat, await say(chat, "Hello?"))
    router.offer = TESTNET_V1 | {"payTo": OTHER}
    seen = await ended(chat, await say(chat, "Hello?"))
    router.offer = TESTNET_V1 | {"payTo": "0x" + "34" * 20}
    await ended(chat, await say(chat, "Hello?"))
    assert await agree_to_payee(chat, chat.person.id, wanted(seen)) is None
    assert len(router.payments) == 1


@pytest.mark.parametrize("estimate", [None, {"estimatedCost": 0.06}])
async def test_a_price_is_asked_for_and_nothing_is_paid(
    chat: Chat, router: XRouter, rows: Rows, estimate: object
) -> None:
    router.estimate = estimate
    price = await price_of(chat, chat.person.id, Draft(new_id(), "Hello?", model="model-a"))
    assert price.amount == Decimal("0.06")
    assert router.payments == []
    assert rows("SELECT count(*) FROM message") == [(0,)]


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        (("0.10", "1", "5"), "What is left is $0.94 for this conversation and $4.94 for today."),
        (("0.059", "1", "5"), "That is not paid: one answer may cost $0.059 here."),
        (("0.10", "0.11", "5"), "That is not paid: what is left is $0.05 for this conversation and $4.94"),
        (
            ("0.10", "1", "0.119999"),
            "That is not paid: what is left is $0.94 for this conversation and $0.059999",
        ),
        (("0.10", "0.12", "0.12"), "What is left is $0.06 for this conversation and $0.06 for today."),
    ],
)
async def test_a_price_stands_beside_what_is_left(
    settings: Settings, router: XRouter, caps: tuple[str, str, str], words: str
) -> None:
    limits = [Decimal(cap) for cap in caps]
    names = ("x402_per_message", "x402_per_conversation", "x402_per_day")
    async with opened_cleanly(settings) as chat:
        conversation = await say(chat, "Hello?")
        await ended(chat, conversation)
    async with opened_cleanly(settings.model_copy(update=dict(zip(names, limits, strict=True)))) as chat:
        draft = Draft(new_id(), "And?", conversation_id=conversation.id, model="model-a")
        told = str(await quote_of(chat, chat.person.id, draft))
        paid = (await ended(chat, await say(chat, "And?", conversation_id=conversation.id))).status
    assert told.startswith(f"The answer to this message costs at most $0.06. {words}")
    assert ("not paid" in told) == (paid == "failed")
    assert len(router.payments) == (1 if paid == "failed" else 2)


async def test_the_price_of_a_new_chat_is_that_of_its_settings(chat: Chat, router: XRouter) -> None:
    draft = Draft(new_id(), "Hello?", model="model-a")
    await quote_of(chat, chat.person.id, draft, Preferences(system="Be brief.", max_tokens=9000))
    asked = router.bodies[-1]
    assert (asked["max_tokens"], asked["messages"][0]["content"]) == (9000, "Be brief.")
    conversation = await say(chat, "Hello?")
    await ended(chat, conversation)
    there = Draft(new_id(), "And?", conversation_id=conversation.id, model="model-a")
    await quote_of(chat, chat.person.id, there, Preferences(max_tokens=9000))
    assert router.bodies[-1]["max_tokens"] < 9000


async def test_the_price_is_that_of_the_whole_conversation(chat: Chat, router: XRouter) -> None:
    conversation = await say(chat, "Hello?")
    await ended(chat, conversation)
    draft = Draft(new_id(), "And?", conversation_id=conversation.id, model="model-a")
    await price_of(chat, chat.person.id, draft)
    assert [message["content"] for message in router.bodies[-1]["messages"]] == ["Hello?", "Hello", "And?"]
