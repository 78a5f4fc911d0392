"""x-router: paid for each answer, by x402, in money that is counted exactly. No chain is involved."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chat_ui.chat.purse import StoredPurse, budget_of
from chat_ui.gateway import (
    BadRequest,
    CapReached,
    ChatMessage,
    ChatRequest,
    Clocks,
    ConnectionLost,
    ConnectionRefused,
    Finish,
    Gateway,
    GatewayDown,
    GatewayError,
    GatewayProfile,
    MainnetIsOff,
    OfferRefused,
    PayeeChanged,
    PaymentRejected,
    PaymentRequired,
    Price,
    Receipt,
    Stalled,
    StreamCut,
    StreamEvent,
    Usage,
    Wallet,
)
from chat_ui.store import Database, payees, users
from tests.database import put_new_database
from tests.gateway.wire import ASK, Peer, Script, ScriptedServer, said
from tests.store.conftest import Turn, begin_turn

from .x_router import MAINNET_V1, MAINNET_V2, PAYEE, TESTNET_V1, TESTNET_V2, TRANSACTION, XRouter

KEY = "0x" + "4c" * 32
PAYER = "0xdB00079cad3e665853Bf766eFe26F4C38cdbdCDA"
CAPS = {"per_message": Decimal("0.10"), "per_conversation": Decimal(1), "per_day": Decimal(5)}
OTHER_PAYEE = "0x" + "77" * 20
BOTH = pytest.mark.parametrize("offer", [TESTNET_V1, TESTNET_V2], ids=["v1", "v2"])


class Till:
    """A gateway, a person's turn there, and the ledger."""

    def __init__(self, db: Database, turn: Turn) -> None:
        self.router = XRouter()
        self.servers: list[ScriptedServer] = []
        self.db = db
        self.turn = turn
        self.caps = dict(CAPS)
        self.mainnet = False
        self.retries: int | None = None
        self.clocks = Clocks()
        self.events: list[StreamEvent] = []
        self.told: list[str] = []

    @property
    def server(self) -> ScriptedServer:
        return self.servers[-1]

    async def serve(self, script: Script) -> None:
        """Let a script answer from now on."""
        self.servers.append(ScriptedServer(script))
        await self.server.start()

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[Gateway]:
        profile = GatewayProfile("x-router", self.server.base_url, clocks=self.clocks)
        gateway = Gateway(profile, wallet=Wallet(KEY, mainnet=self.mainnet))
        try:
            yield gateway
        finally:
            await gateway.aclose()

    def purse(self) -> StoredPurse:
        return StoredPurse(
            self.db,
            self.turn.run.owner_id,
            conversation_id=self.turn.conversation.id,
            message_id=self.turn.answer.id,
            gateway="x-router",
            budget=budget_of(**self.caps),
            tell=self.tell,
        )

    async def tell(self, words: str) -> None:
        self.told.append(words)

    async def ask(self, request: ChatRequest = ASK) -> list[StreamEvent]:
        async with self.gateway() as gateway:
            return await self.ask_again(gateway, request)

    async def ask_again(self, gateway: Gateway, request: ChatRequest = ASK) -> list[StreamEvent]:
        """Ask over whatever connections the gateway has."""
        self.events = []
        async for event in gateway.stream(request, retries=self.retries, purse=self.purse()):
            self.events.append(event)
        return self.events

    async def refused(self, kind: type[GatewayError], request: ChatRequest = ASK) -> GatewayError:
        with pytest.raises(kind) as caught:
            await self.ask(request)
        assert KEY.removeprefix("0x") not in repr(caught.value) + str(caught.value)
        return caught.value

    @property
    def receipts(self) -> list[Receipt]:
        return [event for event in self.events if isinstance(event, Receipt)]

    def ledger(self) -> list[tuple[str, str, str | None]]:
        """Every payment's amount, state and transaction, in the order in which they were reserved."""
        return self.ask_database(
            "SELECT atomic, state, [transaction] FROM payment ORDER BY created_at, nonce"
        )

    def ask_database(self, query: str) -> list[Any]:
        """What the database itself says."""
        with closing(sqlite3.connect(self.db.path)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    db = await Database.open(put_new_database(tmp_path / "chat.db"))
    async with db.write() as tx:
        owner = await users.create(tx, name="alice")
    opened = Till(db, await begin_turn(db, owner.id))
    await opened.serve(opened.router)
    yield opened
    for server in opened.servers:
        await server.stop()
    await db.close()


@BOTH
async def test_an_answer_is_paid_for_once_and_streams(till: Till, offer: dict[str, Any]) -> None:
    till.router.offer = offer
    events = await till.ask()
    assert said(events) == "Hello"
    assert events[-1] in (Finish("stop"), Usage(3, 2))
    (paid,) = till.router.payments
    signed = paid["payload"]["authorization"]
    network = "eip155:84532"
    assert till.receipts == [
        Receipt(True, signed["nonce"], Decimal("0.06"), network, PAYER, TRANSACTION),
    ]
    assert events[0] == till.receipts[0]
    assert till.router.cashed == {signed["nonce"]: 60000}
    assert till.told == ["Paying $0.06 to 127.0.0.1."]
    assert till.ledger() == [("60000", "settled", TRANSACTION)]
    (kept,) = till.ask_database("SELECT message_id, nonce, payee, network, asset, valid_before FROM payment")
    assert kept[:2] == (till.turn.answer.id, signed["nonce"])
    assert kept[2:5] == (PAYEE, network, offer["asset"].lower())
    until = datetime.fromisoformat(kept[5]).replace(tzinfo=UTC)
    assert int(until.timestamp()) == int(signed["validBefore"])


@BOTH
async def test_the_request_is_the_same_before_and_after_paying(till: Till, offer: dict[str, Any]) -> None:
    till.router.offer = offer
    messages = (ChatMessage("system", "Be brief."), ChatMessage("user", "Hé?"), ChatMessage("assistant", "x"))
    await till.ask(ChatRequest("anthropic/claude-3.5-sonnet", messages))
    before, after = till.router.bodies
    assert before == after
    assert after["max_tokens"] == 2048
    assert [(m["role"], m["content"]) for m in after["messages"]] == [(m.role, m.content) for m in messages]


async def test_a_limit_of_tokens_that_was_asked_for_is_sent(till: Till) -> None:
    await till.ask(ChatRequest("m", ASK.messages, max_tokens=7))
    assert [body["max_tokens"] for body in till.router.bodies] == [7, 7]


async def test_years_of_validity_are_cut_to_minutes(till: Till) -> None:
    till.router.offer = TESTNET_V1 | {"maxTimeoutSeconds": 10**9}
    await till.ask()
    signed = till.router.payments[0]["payload"]["authorization"]
    assert int(signed["validBefore"]) - int(signed["validAfter"]) == 300 + 600  # it begins ten minutes ago


@pytest.mark.parametrize("offer", [MAINNET_V1, MAINNET_V2], ids=["v1", "v2"])
async def test_real_money_is_paid_only_where_that_is_switched_on(till: Till, offer: dict[str, Any]) -> None:
    till.router.offer = offer
    await till.refused(MainnetIsOff)
    assert (till.router.payments, till.ledger()) == ([], [])
    till.mainnet = True
    till.caps["per_message"] = Decimal("0.50")
    await till.ask()
    amount = offer.get("amount") or offer["maxAmountRequired"]
    assert till.ledger() == [(amount, "settled", TRANSACTION)]


@pytest.mark.parametrize(
    ("cap", "limit", "name"),
    [
        ("per_message", "0.059999", "message"),
        ("per_conversation", "0.059999", "conversation"),
        ("per_day", "0.059999", "day"),
    ],
)
async def test_nothing_is_paid_over_a_cap(till: Till, cap: str, limit: str, name: str) -> None:
    till.caps[cap] = Decimal(limit)
    error = await till.refused(CapReached)
    assert isinstance(error, CapReached)
    assert (error.cap, error.limit, error.spent) == (name, Decimal(limit), 0)
    assert error.price == Decimal("0.06")
    assert (error.paid, till.router.payments, till.ledger(), till.events) == (False, [], [], [])


async def test_what_was_spent_counts(till: Till) -> None:
    till.caps |= {"per_message": Decimal("0.12")}
    await till.ask()
    await till.ask()
    error = await till.refused(CapReached)
    assert "$0.06" in str(error)
    assert "$0.12 is spent" in str(error)
    assert till.ledger() == [("60000", "settled", TRANSACTION)] * 2


async def test_twenty_answers_at_once_share_one_budget(till: Till) -> None:
    till.caps |= {"per_message": Decimal("0.20")}

    async def one(gateway: Gateway) -> str:
        try:
            return said([event async for event in gateway.stream(ASK, purse=till.purse())])
        except CapReached:
            return "refused"

    async with till.gateway() as gateway:
        outcomes = await asyncio.gather(*(one(gateway) for _ in range(20)))
    assert sorted(outcomes) == ["Hello"] * 3 + ["refused"] * 17
    assert sum(till.router.cashed.values()) == 180_000
    assert till.ledger() == [("60000", "settled", TRANSACTION)] * 3


@pytest.mark.parametrize(
    "change",
    [
        {"asset": "0x" + "11" * 20},
        {"asset": MAINNET_V1["asset"]},
        {"network": "polygon"},
        {"network": "eip155:84532"},
        {"network": None},
        {"scheme": "upto"},
        {"scheme": None},
        {"payTo": "0x0"},
        {"payTo": "0x" + "0" * 40},
        {"maxAmountRequired": "-1"},
        {"maxAmountRequired": "0"},
        {"maxAmountRequired": 60000},
        {"maxAmountRequired": "6e4"},
        {"extra": {"name": "USD Coin", "version": "2"}},
        {"extra": {"name": "USDC", "version": "2", "paymentFlow": "escrow"}},
        {"extra": {"name": "USDC", "version": "2", "paymentFlow": "tomorrow"}},
        {"extra": {"name": "USDC", "version": "2", "assetTransferMethod": "permit2"}},
    ],
    ids=repr,
)
async def test_an_offer_that_is_not_to_be_paid_is_not_paid(till: Till, change: dict[str, Any]) -> None:
    till.router.offer = TESTNET_V1 | change
    error = await till.refused(OfferRefused)
    assert (error.paid, till.router.payments, till.ledger()) == (False, [], [])


@BOTH
async def test_another_payee_is_asked_about(till: Till, offer: dict[str, Any]) -> None:
    till.caps |= {"per_message": Decimal(1)}
    till.router.offer = offer
    await till.ask()
    till.router.offer = offer | {"payTo": OTHER_PAYEE}
    error = await till.refused(PayeeChanged)
    assert isinstance(error, PayeeChanged)
    assert (error.old, error.new, error.host) == (PAYEE, OTHER_PAYEE, "127.0.0.1")
    assert till.ledger() == [("60000", "settled", TRANSACTION)]
    async with till.db.write() as tx:
        assert await payees.accept(tx, till.turn.run.owner_id, host=error.host, seen=str(error))
    await till.ask()
    assert till.router.payments[-1]["payload"]["authorization"]["to"].lower() == OTHER_PAYEE
    assert till.ledger() == [("60000", "settled", TRANSACTION)] * 2


async def test_the_same_payee_in_other_letters_is_the_same(till: Till) -> None:
    till.caps |= {"per_message": Decimal(1)}
    await till.ask()
    till.router.offer = TESTNET_V1 | {"payTo": "0x" + PAYEE[2:].upper()}
    await till.ask()
    assert till.ledger() == [("60000", "settled", TRANSACTION)] * 2


@BOTH
async def test_a_payment_that_comes_too_late_is_not_spent(till: Till, offer: dict[str, Any]) -> None:
    till.router.offer = offer
    till.router.ahead = 10_000
    error = await till.refused(PaymentRejected)
    assert "expired" in str(error)
    assert "not taken" in str(error)
    assert error.paid
    assert (till.router.cashed, till.ledger()) == ({}, [("60000", "released", None)])


async def test_a_replayed_payment_is_refused_by_the_gateway_and_not_paid_again(till: Till) -> None:
    await till.ask()
    header = next(
        line for line in till.server.requests[-1].split(b"\r\n") if line.lower().startswith(b"x-payment:")
    )
    body = json.dumps(till.router.bodies[-1]).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", till.server.port)
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n" % len(body)
        + header
        + b"\r\n\r\n"
        + body
    )
    answer = await reader.readuntil(b"}]}")
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 402")
    assert b"nonce_already_used" in answer
    assert list(till.router.cashed.values()) == [60000]


@BOTH
@pytest.mark.parametrize(
    ("receipt", "row", "success"),
    [
        ("ok", ("60000", "settled", TRANSACTION), True),
        ("none", ("60000", "sent", None), None),
        ("garbage", ("60000", "sent", None), None),
    ],
)
async def test_a_402_after_paying_is_not_paid(
    till: Till, offer: dict[str, Any], receipt: str, row: tuple[str, ...], success: bool | None
) -> None:
    till.router.offer, till.router.after, till.router.receipt = offer, "ask again", receipt
    error = await till.refused(PaymentRejected)
    (paid,) = till.router.payments
    assert isinstance(error, PaymentRejected)
    assert (error.paid, error.receipt.success) == (True, success)
    assert paid["payload"]["authorization"]["nonce"] in str(error)
    assert till.receipts == [error.receipt]
    assert till.ledger() == [row]


async def test_a_lost_connection_after_paying_is_not_paid_again_and_counts(till: Till) -> None:
    till.router.after = "cut"
    error = await till.refused(GatewayError)
    assert error.paid
    assert len(till.router.payments) == 1
    assert [receipt.success for receipt in till.receipts] == [None]
    assert till.ledger() == [("60000", "sent", None)]
    await till.refused(CapReached)  # 0.06 may be gone, so another 0.06 is too much
    assert till.ledger() == [("60000", "sent", None)]


@BOTH
async def test_so_it_is_over_a_connection_that_served_before(till: Till, offer: dict[str, Any]) -> None:
    till.router.offer, till.caps["per_message"] = offer, Decimal("0.17")
    async with till.gateway() as gateway:
        assert said(await till.ask_again(gateway)) == "Hello"
        till.router.after = "cut"
        # Where nothing was paid, this is only a warm connection that had just closed: it is asked again.
        with pytest.raises(ConnectionLost) as caught:
            await till.ask_again(gateway)
    assert caught.value.paid
    assert (till.server.connections, len(till.server.requests), len(till.router.payments)) == (1, 4, 2)
    assert [(each.success, each.amount) for each in till.receipts] == [(None, Decimal("0.06"))]
    assert till.ledger() == [("60000", "settled", TRANSACTION), ("60000", "sent", None)]
    await till.refused(CapReached)


async def test_a_warm_connection_that_closes_before_the_price_is_named_costs_nothing(till: Till) -> None:
    async def script(peer: Peer) -> None:
        if len(till.server.requests) == 3:
            peer.hang_up()
        else:
            await till.router(peer)

    await till.serve(script)
    till.caps["per_message"], till.retries = Decimal(1), 0
    async with till.gateway() as gateway:
        for _ in range(2):
            assert said(await till.ask_again(gateway)) == "Hello"
    assert (till.server.connections, len(till.router.payments)) == (2, 2)
    assert till.ledger() == [("60000", "settled", TRANSACTION)] * 2


async def test_a_failure_of_the_gateway_after_paying_is_not_paid_again(till: Till) -> None:
    till.router.after = "500"
    error = await till.refused(GatewayDown)
    assert (error.paid, error.status, error.detail) == (True, 500, "model crashed")
    assert len(till.router.payments) == 1
    assert till.ledger() == [("60000", "settled", TRANSACTION)]


async def test_a_stream_that_breaks_off_stays_paid(till: Till) -> None:
    till.router.after = "cut late"
    error = await till.refused(StreamCut)
    assert (error.paid, said(till.events)) == (True, "Hel")
    assert till.ledger() == [("60000", "settled", TRANSACTION)]


async def test_a_stream_that_falls_silent_is_given_up_and_stays_paid(till: Till) -> None:
    till.router.after, till.clocks = "wait", Clocks(gap=0.05)
    error = await till.refused(Stalled)
    assert (error.paid, said(till.events)) == (True, "Hel")
    await till.server.client_left.wait()
    assert len(till.router.payments) == 1
    assert till.ledger() == [("60000", "settled", TRANSACTION)]


@BOTH
@pytest.mark.parametrize("receipt", ["none", "garbage"])
async def test_an_answer_without_receipt_was_not_free(
    till: Till, offer: dict[str, Any], receipt: str
) -> None:
    till.router.offer, till.router.receipt = offer, receipt
    assert said(await till.ask()) == "Hello"
    assert [(each.success, each.amount) for each in till.receipts] == [(None, Decimal("0.06"))]
    assert till.ledger() == [("60000", "unknown", None)]
    await till.refused(CapReached)


async def test_a_bad_request_is_refused_before_any_payment(till: Till) -> None:
    error = await till.refused(BadRequest, ChatRequest("m", (ChatMessage("user", ""),)))
    assert (error.status, error.paid) == (400, False)
    assert "content must have" in str(error)
    assert (till.router.payments, till.ledger()) == ([], [])


async def test_a_402_that_is_not_of_x402_keeps_its_own_words(till: Till) -> None:
    async def script(peer: Peer) -> None:
        body = b'{"error":{"message":"Insufficient credits: 3 cents left","code":402}}'
        head = f"HTTP/1.1 402 Payment Required\r\nContent-Length: {len(body)}\r\n\r\n"
        await peer.send(head.encode() + body)

    await till.serve(script)
    error = await till.refused(PaymentRequired)
    assert (error.paid, error.detail) == (False, "Insufficient credits: 3 cents left")
    assert till.ledger() == []


async def test_stopping_in_the_middle_leaves_it_paid(till: Till) -> None:
    till.router.after = "wait"
    async with till.gateway() as gateway, aclosing(gateway.stream(ASK, purse=till.purse())) as events:
        async for event in events:
            if said([event]):
                break
    await till.server.client_left.wait()
    assert till.ledger() == [("60000", "settled", TRANSACTION)]


async def test_stopping_while_the_payment_is_on_its_way_leaves_it_counted(till: Till) -> None:
    served = asyncio.Event()

    async def script(peer: Peer) -> None:
        if b"x-payment:" in peer.request.lower():
            served.set()
            await peer.until_client_leaves()
        else:
            await till.router(peer)

    await till.serve(script)
    asking = asyncio.create_task(till.ask())
    await served.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert till.ledger() == [("60000", "sent", None)]


async def test_a_payment_that_finds_no_connection_is_given_back(till: Till) -> None:
    async def script(peer: Peer) -> None:
        body = json.dumps({"x402Version": 1, "accepts": [TESTNET_V1]}).encode()
        till.server.take_no_more()
        head = f"HTTP/1.1 402 Payment Required\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        await peer.send(head.encode() + body)
        peer.hang_up_politely()

    await till.serve(script)
    till.retries = 0
    error = await till.refused(ConnectionRefused)
    assert (error.paid, till.receipts, till.ledger()) == (False, [], [("60000", "released", None)])


async def test_without_a_purse_nothing_is_paid(till: Till) -> None:
    async with till.gateway() as gateway:
        with pytest.raises(PaymentRequired):
            async for _ in gateway.stream(ChatRequest("m", ASK.messages, max_tokens=9)):
                pass
    assert till.router.payments == []


async def test_without_a_wallet_a_purse_changes_nothing(till: Till) -> None:
    async with aclosing(Gateway(GatewayProfile("other", till.server.base_url))) as gateway:
        with pytest.raises(BadRequest, match="max_tokens"):
            async for _ in gateway.stream(ASK, purse=till.purse()):
                pass
    assert (till.router.payments, till.ledger()) == ([], [])
    assert "max_tokens" not in till.router.bodies[0]


@pytest.mark.parametrize(
    ("estimate", "price"),
    [
        ({"estimatedCost": "0.0123"}, Price(Decimal("0.0123"), "USD", atomic=12300)),
        ({"data": {"cost": 0.5}}, Price(Decimal("0.5"), "USD", atomic=500_000)),
        ({"what": "else"}, Price(Decimal("0.06"), "USDC", "eip155:84532", PAYEE, 60000)),
        (None, Price(Decimal("0.06"), "USDC", "eip155:84532", PAYEE, 60000)),
    ],
)
@BOTH
async def test_the_price_is_known_before_it_is_paid(
    till: Till, offer: dict[str, Any], estimate: object, price: Price
) -> None:
    till.router.offer, till.router.estimate = offer, estimate
    async with till.gateway() as gateway:
        assert await gateway.estimate(ASK) == price
    assert (till.router.payments, till.ledger()) == ([], [])


async def test_a_price_that_would_not_be_paid_is_no_price(till: Till) -> None:
    till.router.offer = MAINNET_V1
    async with till.gateway() as gateway:
        with pytest.raises(MainnetIsOff):
            await gateway.estimate(ASK)


async def test_the_key_is_nowhere(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    await till.ask()
    secret = KEY.removeprefix("0x")
    sent = b"".join(till.server.requests).decode()
    stored = b"".join(file.read_bytes() for file in till.db.path.parent.glob("chat.db*"))
    for place in (repr(Wallet(KEY)), caplog.text, repr(till.events), sent, stored.decode("latin-1")):
        assert not re.search(secret, place, re.IGNORECASE)
