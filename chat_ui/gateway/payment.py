"""Pays for a request before its answer streams (x402), and never twice.

The ``x402`` package has a transport of its own that pays whatever it is asked for. It isn't used, because

- a payment must be reserved in the budget before it is signed, and the budget is asked in the database;
- an offer is paid as the site's rules say: which network, token, payee, and for how long it stays good;
- after the payment has left nothing may be sent again, and the error must say so; the package wraps such an
  error in one that doesn't tell before from after;
- a 402 that isn't of x402 (a low balance) must keep the gateway's own words.

The package fills the payments in (``wallet.py``). ``PayingClient`` sends them, in the place where httpx sends
a request rather than as a transport, so that proxies and certificates apply as they do elsewhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import httpx

from chat_ui.gateway.events import Receipt
from chat_ui.gateway.exchange import MAX_ERROR_BYTES
from chat_ui.gateway.json_values import as_text
from chat_ui.gateway.offers import Offer, choose, decoded_header, parse_challenge
from chat_ui.gateway.payment_errors import OfferRefused, PaymentRejected
from chat_ui.gateway.sniff import read_body
from chat_ui.gateway.wallet import Draft, Wallet
from chat_ui.gateway.words import quoted, said_in_body
from chat_ui.words import say

__all__ = ["PURCHASE", "PayingClient", "Payment", "Purchase", "Purse"]

PURCHASE = "chat_ui.purchase"
PAYMENT_REQUIRED = 402

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that a budget is asked for.

    Args:
        nonce: what names it.
        host: the gateway's host.
        network: where it is paid, as CAIP-2 names it.
        asset: the token's address.
        payee: to whom.
        atomic: how much, in the smallest unit.
        amount: the same in dollars.
        valid_before: when it becomes worthless, if it wasn't cashed until then.
    """

    nonce: str
    host: str
    network: str
    asset: str
    payee: str
    atomic: int
    amount: Decimal
    valid_before: datetime


class Purse(Protocol):
    """The budget that one answer is paid from. Each method returns once its effect is on disk."""

    async def reserve(self, payment: Payment) -> None:
        """Set a payment aside, before it is signed.

        Raises:
            CapReached: the budget doesn't allow it.
            PayeeChanged: the gateway was paid elsewhere before.
        """
        ...

    async def send(self, nonce: str) -> None:
        """Note that a payment leaves now: from here on it counts as spent."""
        ...

    async def settle(self, receipt: Receipt) -> None:
        """Note what the gateway says of a payment that left, or that it answers without a word of it."""
        ...

    async def release(self, nonce: str) -> None:
        """Give back what was set aside for a payment that never left."""
        ...


class Purchase:
    """One request that may be paid for, once; put into its extensions as ``PURCHASE``.

    Args:
        purse: what it is paid from.
        tell: takes the receipt, before anything of the answer.
    """

    def __init__(self, purse: Purse, tell: Callable[[Receipt], Awaitable[None]]) -> None:
        self.purse = purse
        self.receipt: Receipt | None = None
        self._tell = tell
        self._told = False

    @property
    def paid(self) -> bool:
        """Whether a payment has left."""
        return self.receipt is not None

    async def tell(self) -> None:
        """Hand over what is known of the payment, if one has left, unless that is done already."""
        if self.receipt is not None and not self._told:
            self._told = True
            await self._tell(self.receipt)


class PayingClient(httpx.AsyncClient):
    """An ``httpx.AsyncClient`` that pays for the requests that carry a ``Purchase``.

    Args:
        wallet: signs.
        more: as for ``httpx.AsyncClient``.
    """

    def __init__(self, wallet: Wallet, **more: Any) -> None:
        super().__init__(**more)
        self._wallet = wallet

    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        """Send a request, pay if that is asked for, and send it once more.

        Raises:
            PaymentError: it isn't paid (nothing has left), or it was rejected after it had left.
            httpx.RequestError: as ever; ``Purchase.paid`` tells whether a payment had left.
        """
        purchase: Purchase | None = request.extensions.get(PURCHASE)
        response = await super().send(request, **how)
        if purchase is None or purchase.paid or response.status_code != PAYMENT_REQUIRED:
            return response
        try:
            body = await read_body(response.aiter_bytes(), MAX_ERROR_BYTES)
        finally:
            await response.aclose()
        challenge = parse_challenge(response.headers, body)
        if challenge is None:
            return _read(response, body)
        _check_secrecy(request.url)
        draft = await self._wallet.draft(choose(challenge, mainnet=self._wallet.mainnet))
        header = await self._signed(draft, purchase.purse, request.url.host)
        return await self._pay(_with(request, header), draft, purchase, how)

    async def _signed(self, draft: Draft, purse: Purse, host: str) -> dict[str, str]:
        """Reserve, sign, and note that it leaves; whatever fails on the way, nothing has left yet."""
        try:
            await purse.reserve(_payment(draft, host))
            header = await self._wallet.sign(draft)
            await purse.send(draft.nonce)
        except BaseException:
            await _release(purse, draft.nonce)
            raise
        return header

    async def _pay(
        self, request: httpx.Request, draft: Draft, purchase: Purchase, how: dict[str, Any]
    ) -> httpx.Response:
        price = draft.offer.price
        unknown = Receipt(None, draft.nonce, price.amount, draft.offer.asset.network, draft.payer)
        purchase.receipt = unknown
        try:
            response = await super().send(request, **how)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            # There was no connection for the payment to leave by.
            purchase.receipt = None
            await _release(purchase.purse, draft.nonce)
            raise
        try:
            receipt, reason = _receipt(response.headers, unknown)
            purchase.receipt = receipt
            if receipt.success is not None or response.is_success:
                await _to_the_end(_settle(purchase.purse, receipt))
            await purchase.tell()
            await _check_accepted(response, receipt, reason)
        except BaseException:
            await response.aclose()
            raise
        return response


async def _check_accepted(response: httpx.Response, receipt: Receipt, reason: str | None) -> None:
    if response.status_code == PAYMENT_REQUIRED:
        raise PaymentRejected(receipt, detail=reason or await _words(response))


async def _settle(purse: Purse, receipt: Receipt) -> None:
    try:
        await purse.settle(receipt)
    except Exception:
        # The answer is paid for and on its way; it isn't thrown away because a note of it failed.
        log.exception("The receipt of payment %s could not be stored", receipt.nonce)


async def _release(purse: Purse, nonce: str) -> None:
    try:
        await _to_the_end(purse.release(nonce))
    except Exception:
        log.exception("Payment %s, which never left, could not be released; it expires by itself", nonce)


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await what must not be cut in two; a cancellation is passed on after it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _payment(draft: Draft, host: str) -> Payment:
    offer: Offer = draft.offer
    return Payment(
        nonce=draft.nonce,
        host=host,
        network=offer.asset.network,
        asset=offer.asset.address,
        payee=offer.pay_to,
        atomic=offer.atomic,
        amount=offer.price.amount,
        valid_before=draft.valid_before,
    )


def _check_secrecy(url: httpx.URL) -> None:
    """Refuse to pay where anybody on the way could put another payee into the offer."""
    local = url.host == "localhost"
    with suppress(ValueError):
        local = local or ipaddress.ip_address(url.host).is_loopback
    if url.scheme != "https" and not local:
        raise OfferRefused(say("gateway.offer.plain"))


def _with(request: httpx.Request, header: dict[str, str]) -> httpx.Request:
    headers = request.headers.copy()
    headers.update(header)
    return httpx.Request(
        request.method, request.url, headers=headers, content=request.content, extensions=request.extensions
    )


def _read(response: httpx.Response, body: bytes) -> httpx.Response:
    """A response whose body has been read, and decoded."""
    gone = {"content-encoding", "transfer-encoding", "content-length"}
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in gone]
    return httpx.Response(response.status_code, headers=headers, content=body, request=response.request)


def _receipt(headers: httpx.Headers, unknown: Receipt) -> tuple[Receipt, str | None]:
    """What the gateway says of a payment, and why it failed if it says that."""
    said = decoded_header(headers.get("payment-response") or headers.get("x-payment-response"))
    success = said.get("success")
    if not isinstance(success, bool):
        return unknown, None
    transaction = quoted(as_text(said.get("transaction")))
    return replace(unknown, success=success, transaction=transaction), quoted(
        as_text(said.get("errorReason"))
    )


async def _words(response: httpx.Response) -> str | None:
    with suppress(httpx.RequestError):
        return quoted(said_in_body(await read_body(response.aiter_bytes(), MAX_ERROR_BYTES)))
    return None
