"""What is paid, by what rules, and with which secrets kept. The money itself is in tests/gateways."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_ui.gateway import (
    GatewayError,
    InvalidPrivateKey,
    OfferRefused,
    PaymentsNotInstalled,
    Receipt,
    Wallet,
)
from chat_ui.gateway.offers import MAX_TIMEOUT_SECONDS, Challenge, choose, parse_challenge
from chat_ui.gateway.payment import PURCHASE, PayingClient, Payment, Purchase

KEY = "4c" * 32
OFFER = {
    "scheme": "exact",
    "network": "base-sepolia",
    "maxAmountRequired": "60000",
    "payTo": "0x" + "eb" * 20,
    "maxTimeoutSeconds": 60,
    "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    "extra": {"name": "USDC", "version": "2"},
}
ASKED = {"x402Version": 1, "error": "X-PAYMENT header is required", "accepts": [OFFER]}
# From coinbase/x402, specs/transports-v2/http.md, as it stands there.
SPECIFIED_V2 = (
    "eyJ4NDAyVmVyc2lvbiI6MiwiZXJyb3IiOiJQQVlNRU5ULVNJR05BVFVSRSBoZWFkZXIgaXMgcmVxdWlyZWQiLCJyZXNvdXJjZSI6eyJ1"
    "cmwiOiJodHRwczovL2FwaS5leGFtcGxlLmNvbS9wcmVtaXVtLWRhdGEifSwiYWNjZXB0cyI6W119"
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


class Book:
    """A purse without limits, which notes what happens, and fails where it is told to."""

    def __init__(self, fails_at: str = "") -> None:
        self.notes: list[str] = []
        self.payment: Payment | None = None
        self._fails_at = fails_at

    def _note(self, what: str) -> None:
        self.notes.append(what)
        if what == self._fails_at:
            raise LookupError(what)

    async def reserve(self, payment: Payment) -> None:
        self.payment = payment
        self._note("reserve")

    async def send(self, nonce: str) -> None:
        self._note("send")

    async def settle(self, receipt: Receipt) -> None:
        self._note(f"settle {receipt.success}")

    async def release(self, nonce: str) -> None:
        self._note("release")


async def no_receipt(_: Receipt) -> None:
    pass


def asking(then: Callable[[httpx.Request], httpx.Response] | None = None) -> httpx.MockTransport:
    """A gateway that asks for payment, and then does something else."""

    def respond(request: httpx.Request) -> httpx.Response:
        if "x-payment" not in request.headers:
            return httpx.Response(402, json=ASKED)
        return httpx.Response(200, text="paid") if then is None else then(request)

    return httpx.MockTransport(respond)


async def fetch(book: Book, transport: httpx.AsyncBaseTransport, url: str = "https://x.test/v1") -> str:
    async with PayingClient(Wallet(KEY), transport=transport) as client:
        extensions = {PURCHASE: Purchase(book, no_receipt)}
        async with client.stream("POST", url, json={}, extensions=extensions) as response:
            await response.aread()
            return response.text


async def test_it_is_reserved_before_it_is_signed_and_noted_before_it_leaves() -> None:
    book = Book()

    def then(request: httpx.Request) -> httpx.Response:
        book.notes.append("leaves")
        return httpx.Response(200, text="paid")

    assert await fetch(book, asking(then)) == "paid"
    assert book.notes == ["reserve", "send", "leaves", "settle None"]
    assert book.payment is not None
    assert (book.payment.amount, book.payment.atomic) == (Decimal("0.06"), 60000)
    assert book.payment.host == "x.test"


@pytest.mark.parametrize("where", ["reserve", "send"])
async def test_what_can_not_be_written_down_does_not_leave(where: str) -> None:
    book = Book(where)
    with pytest.raises(LookupError):
        await fetch(book, asking(lambda _: pytest.fail("it left")))
    assert book.notes[-2:] == [where, "release"]


async def test_an_answer_is_kept_though_its_receipt_can_not_be(caplog: pytest.LogCaptureFixture) -> None:
    assert await fetch(Book("settle None"), asking()) == "paid"
    assert "could not be stored" in caplog.text


async def test_a_stop_while_the_receipt_is_written_waits_for_it() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Book):
        async def settle(self, receipt: Receipt) -> None:
            begun.set()
            await go_on.wait()
            await super().settle(receipt)

    book = Slow()
    fetching = asyncio.create_task(fetch(book, asking()))
    await begun.wait()
    fetching.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert book.notes[-1] == "settle None"


@pytest.mark.parametrize("url", ["http://x.test/v1", "http://10.0.0.1/v1"])
async def test_nothing_is_paid_where_anybody_can_change_the_payee(url: str) -> None:
    book = Book()
    with pytest.raises(OfferRefused, match="encrypted"):
        await fetch(book, asking(), url)
    assert book.notes == []


@pytest.mark.parametrize("url", ["http://localhost/v1", "http://127.0.0.1/v1", "http://[::1]:8080/v1"])
async def test_this_machine_is_safe_enough(url: str) -> None:
    assert await fetch(Book(), asking(), url) == "paid"


async def test_a_redirect_is_not_followed_with_a_payment() -> None:
    def then(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "x.test"
        return httpx.Response(307, headers={"location": "https://thief.test/"})

    book = Book()
    await fetch(book, asking(then))
    assert book.notes == ["reserve", "send"]


@pytest.mark.parametrize("key", ["", "0x", "sk-secret-key", "4c" * 31, "4c" * 33, "0x" + "zz" * 32])
def test_a_key_that_can_not_be_one(key: str) -> None:
    with pytest.raises(InvalidPrivateKey) as caught:
        Wallet(key)
    assert not key.strip("0x") or key not in str(caught.value)


@pytest.mark.parametrize("key", ["00" * 32, "ff" * 32])
async def test_a_key_that_no_wallet_can_have_is_not_quoted(key: str) -> None:
    with pytest.raises(InvalidPrivateKey) as caught:
        await Wallet(key).draft(choose(Challenge(1, (OFFER,)), mainnet=False))
    assert key not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_without_the_extra_the_package_loads_and_says_what_is_missing() -> None:
    program = (
        "import sys; sys.modules['x402'] = sys.modules['eth_account'] = None\n"
        "import chat_ui.gateway, chat_ui.chat.purse\n"
        "chat_ui.gateway.Wallet(sys.argv[1])\n"  # a traceback may quote the program
    )
    ended = subprocess.run([sys.executable, "-c", program, KEY], check=False, capture_output=True, text=True)
    assert "PaymentsNotInstalled" in ended.stderr
    assert "docs/gateways.md says how" in ended.stderr
    assert KEY not in ended.stderr


async def test_half_an_extra_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "x402.mechanisms.evm.exact.v1", None)
    with pytest.raises(PaymentsNotInstalled):
        await Wallet(KEY).draft(choose(Challenge(1, (OFFER,)), mainnet=False))


def test_nothing_of_the_extra_is_loaded_before_it_is_needed() -> None:
    program = f"import sys, chat_ui.gateway as g; g.Wallet({KEY!r}); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert not {"x402", "web3", "eth_account"} & set(loaded.split())


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({}, b"null"),
        ({}, b"[1]"),
        ({}, b'{"error":{"message":"Insufficient credits"}}'),
        ({"payment-required": "not base64!"}, b"{}"),
        ({"payment-required": base64.b64encode(b"[" * 100_000).decode()}, b""),
    ],
)
def test_what_is_not_of_x402(headers: dict[str, str], body: bytes) -> None:
    assert parse_challenge(headers, body) is None


def test_the_specification_of_version_2() -> None:
    challenge = parse_challenge({"payment-required": SPECIFIED_V2}, b"{}")
    assert challenge is not None
    assert (challenge.version, challenge.error) == (2, "PAYMENT-SIGNATURE header is required")
    assert challenge.echo == {"resource": {"url": "https://api.example.com/premium-data"}}


@pytest.mark.parametrize("version", [0, 3, "2", None, [], 1.5])
def test_a_version_that_is_not_known_is_not_paid(version: object) -> None:
    with pytest.raises(OfferRefused):
        choose(Challenge(version, (OFFER,)), mainnet=True)


def test_the_first_offer_that_can_be_paid_is_paid() -> None:
    others = ({"scheme": "upto"}, {**OFFER, "network": "base"}, {**OFFER, "network": "solana"})
    assert choose(Challenge(1, (*others, OFFER)), mainnet=False).accepted is OFFER


@pytest.mark.parametrize(
    ("asked", "given_"), [(60, 60), (10**9, 300), (0, 60), (-5, 60), (True, 60), ("9", 60), (None, 60)]
)
def test_how_long_a_payment_is_good(asked: object, given_: int) -> None:
    offer = choose(Challenge(1, ({**OFFER, "maxTimeoutSeconds": asked},)), mainnet=False)
    assert offer.timeout == given_ <= MAX_TIMEOUT_SECONDS


def test_terms_in_a_string_are_read_too() -> None:
    offer = {**OFFER, "extra": json.dumps({"name": "Fake Coin"})}
    with pytest.raises(OfferRefused):
        choose(Challenge(1, (offer,)), mainnet=False)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([1, 2]), st.dictionaries(st.sampled_from(sorted(OFFER)), json_values, min_size=1))
def test_whatever_is_asked_for_is_refused_or_within_bounds(version: int, change: dict[str, Any]) -> None:
    body = json.dumps({"x402Version": version, "accepts": [{**OFFER, **change}, change]}).encode()
    challenge = parse_challenge({}, body)
    assert challenge is not None
    try:
        offer = choose(challenge, mainnet=True)
    except GatewayError:
        return
    assert 0 < offer.timeout <= MAX_TIMEOUT_SECONDS
    assert offer.atomic > 0
    assert offer.asset.is_test
