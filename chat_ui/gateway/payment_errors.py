"""What can go wrong where a gateway wants to be paid per request (x402).

GatewayError
└── PaymentError
    ├── PaymentsNotInstalled   the extra is missing
    ├── InvalidPrivateKey      the wallet's key can't be one
    ├── OfferRefused           what the gateway asks for isn't paid: network, asset, scheme …
    │   ├── MainnetIsOff       real money is asked for, and not switched on
    │   └── PayeeChanged       another payee than before: somebody must agree first
    ├── CapReached             a budget would be exceeded
    └── PaymentRejected        paid, and asked to pay again
"""
# ruff: noqa: N818 - these names say what happened, as those in errors.py do.

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from chat_ui.gateway.errors import GatewayError
from chat_ui.gateway.events import Receipt
from chat_ui.gateway.money import in_dollars
from chat_ui.words import say

__all__ = [
    "Cap",
    "CapReached",
    "InvalidPrivateKey",
    "MainnetIsOff",
    "OfferRefused",
    "PayeeChanged",
    "PaymentError",
    "PaymentRejected",
    "PaymentsNotInstalled",
]

Cap: TypeAlias = Literal["message", "conversation", "day"]


class PaymentError(GatewayError):
    """A payment didn't come about, or didn't help."""

    summary = say("gateway.payment_error")
    advice = say("gateway.payment_error.advice")
    side = "site"


class PaymentsNotInstalled(PaymentError):
    """The package that signs payments isn't there."""

    summary = say("gateway.payments_not_installed")
    advice = say("gateway.payments_not_installed.advice")


class InvalidPrivateKey(PaymentError):
    """The wallet's private key can't be one; the text never quotes it."""

    summary = say("gateway.invalid_private_key")
    advice = say("gateway.invalid_private_key.advice")


class OfferRefused(PaymentError):
    """The gateway asks for a payment that this site doesn't make. Nothing was paid."""

    summary = say("gateway.offer_refused")
    advice = say("gateway.offer_refused.advice")
    side = "gateway"


class MainnetIsOff(OfferRefused):
    """The gateway asks for real money, which is only paid where that is switched on. Nothing was paid."""

    summary = say("gateway.mainnet_is_off")
    advice = say("gateway.mainnet_is_off.advice")
    side = "site"


class PayeeChanged(OfferRefused):
    """The gateway wants its money sent elsewhere than before. Nothing was paid.

    Args:
        old: the address that was paid so far.
        new: the address that the gateway names now.
        host: the gateway's host.
        network: the network, as CAIP-2 names it.
        asset: the asset's address.
    """

    side = "you"

    def __init__(self, *, old: str, new: str, host: str, network: str, asset: str) -> None:
        super().__init__(
            say("gateway.payee_changed", host=host, new=new, old=old),
            advice=say("gateway.payee_changed.advice"),
        )
        self.old = old
        self.new = new
        self.host = host
        self.network = network
        self.asset = asset


class CapReached(PaymentError):
    """The payment would exceed a budget. Nothing was paid.

    Args:
        cap: whose budget: one message's, one conversation's, or one day's.
        limit: the budget, in dollars.
        spent: what of it is spent or reserved.
        price: what this request would cost.
    """

    side = "you"

    def __init__(self, cap: Cap, *, limit: Decimal, spent: Decimal, price: Decimal) -> None:
        super().__init__(
            say(
                f"gateway.cap_reached.{cap}",
                price=in_dollars(price),
                limit=in_dollars(limit),
                spent=in_dollars(spent),
            ),
            advice=say("gateway.cap_reached.advice"),
        )
        self.cap: Cap = cap
        self.limit = limit
        self.spent = spent
        self.price = price


class PaymentRejected(PaymentError):
    """The payment left, and the gateway asked for one again. It isn't paid twice.

    Args:
        receipt: what is known of the payment; its nonce names it in a complaint.
        detail: the gateway's own words.
    """

    side = "gateway"

    def __init__(self, receipt: Receipt, *, detail: str | None = None) -> None:
        fate = {True: "arrived", False: "not_taken", None: "unknown"}[receipt.success]
        super().__init__(
            say(f"gateway.payment_rejected.{fate}", amount=in_dollars(receipt.amount)),
            advice=say("gateway.payment_rejected.advice", payment=receipt.nonce),
            status=402,
            detail=detail,
        )
        self.receipt = receipt
        self.paid = True
