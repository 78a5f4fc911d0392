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

    summary = "The gateway could not be paid."
    advice = "Tell whoever runs this site."
    side = "site"


class PaymentsNotInstalled(PaymentError):
    """The package that signs payments isn't there."""

    summary = "This gateway is paid per request, and what signs payments isn't installed on this site."
    advice = "Whoever runs this site can install it with: pip install 'chat-ui[x402]'."


class InvalidPrivateKey(PaymentError):
    """The wallet's private key can't be one; the text never quotes it."""

    summary = "X402_PRIVATE_KEY isn't a private key: that is 64 hexadecimal digits, with or without 0x."
    advice = "Copy the key again from the wallet. Use a wallet of its own that holds little."


class OfferRefused(PaymentError):
    """The gateway asks for a payment that this site doesn't make. Nothing was paid."""

    summary = "The gateway asks for a payment that this site doesn't make."
    advice = "Nothing was paid. Choose another gateway, or tell whoever runs this site."
    side = "gateway"


class MainnetIsOff(OfferRefused):
    """The gateway asks for real money, which is only paid where that is switched on. Nothing was paid."""

    summary = "The gateway asks for real money, and this site pays with test money only."
    advice = "Nothing was paid. Whoever runs this site can switch real payments on."
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
            f"{host} wants to be paid at another address than before: {new}, not {old}.",
            advice="Nothing was paid. Ask the gateway whether that is right before you agree to the new one.",
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
            f"This answer would cost {in_dollars(price)}. "
            f"The limit per {cap} is {in_dollars(limit)}, of which {in_dollars(spent)} is spent.",
            advice="Nothing was paid. Ask for a shorter answer or a cheaper model, or have the limit raised.",
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
        fate = {
            True: "It says that the money has arrived.",
            False: "It says that the money was not taken.",
            None: "Whether the money was taken is not known.",
        }[receipt.success]
        super().__init__(
            f"The gateway was paid {in_dollars(receipt.amount)} and asked for payment again. {fate}",
            advice=f"Nothing more was paid. To complain, name the payment {receipt.nonce}.",
            status=402,
            detail=detail,
        )
        self.receipt = receipt
        self.paid = True
