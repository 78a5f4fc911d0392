"""What a gateway asks for in a 402, and which of it this site would pay (x402, versions 1 and 2).

On the wire, by https://github.com/coinbase/x402/blob/main/specs/transports-v1/http.md and -v2/http.md:
version 1 asks in the body and is paid in ``X-PAYMENT``; version 2 asks in the header ``PAYMENT-REQUIRED``
and is paid in ``PAYMENT-SIGNATURE``. Only what is listed in ``ASSETS`` is paid: the name that a gateway
gives to a token is part of what is signed, so that is taken from here, too.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chat_ui.gateway.json_values import as_list, as_mapping, as_text, parse_json
from chat_ui.gateway.payment_errors import MainnetIsOff, OfferRefused
from chat_ui.gateway.words import quoted
from chat_ui.words import say

__all__ = [
    "ASSETS",
    "MAX_TIMEOUT_SECONDS",
    "Asset",
    "Challenge",
    "Offer",
    "Price",
    "choose",
    "decoded_header",
    "parse_challenge",
]

# A signature is good until it expires, whatever became of the request. Some servers ask for years.
MAX_TIMEOUT_SECONDS = 300
DEFAULT_TIMEOUT_SECONDS = 60
MAX_OFFERS = 50

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
AMOUNT = re.compile(r"[1-9][0-9]{0,30}")
NOBODY = "0x" + "0" * 40
# With "escrow" the gateway decides afterwards what it keeps; other schemes leave the amount open.
PAYMENT_FLOWS = (None, "authorization", "upfront")
TRANSFER_METHODS = (None, "eip3009")


@dataclass(frozen=True, slots=True)
class Asset:
    """A token that this site pays with.

    Args:
        network: its network, as CAIP-2 and version 2 name it.
        alias: the same network in version 1.
        address: the token's contract, in lower case.
        name: the token's name, as its contract signs it (EIP-712); version 1 and 2 of x402 may repeat it.
        is_test: whether it is worth nothing.
    """

    network: str
    alias: str
    address: str
    name: str
    is_test: bool
    version: str = "2"
    decimals: int = 6
    currency: str = "USDC"


ASSETS = (
    Asset("eip155:8453", "base", "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913", "USD Coin", False),
    Asset("eip155:84532", "base-sepolia", "0x036cbd53842c5426634e7929541ec2318f3dcf7e", "USDC", True),
)


@dataclass(frozen=True, slots=True)
class Price:
    """What a request costs.

    Args:
        amount: in units of the currency.
        currency: ``USDC``, or ``USD`` where the gateway names only the price.
        network: where it is paid, if the gateway says so before it is asked.
        pay_to: to whom, likewise.
        atomic: the amount in the smallest unit of the currency.
    """

    amount: Decimal
    currency: str
    network: str | None = None
    pay_to: str | None = None
    atomic: int = 0


@dataclass(frozen=True, slots=True)
class Challenge:
    """A 402 of x402.

    Args:
        version: 1 or 2, or one that isn't known here.
        accepts: the ways to pay, as the gateway wrote them.
        echo: what version 2 wants back beside the payment.
        error: the gateway's own words.
    """

    version: object
    accepts: tuple[Mapping[str, Any], ...]
    echo: Mapping[str, Any] = field(default_factory=dict[str, Any])
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to pay that this site agrees with.

    Args:
        version: of x402.
        asset: what to pay with.
        pay_to: to whom, in lower case.
        atomic: how much, in the smallest unit.
        timeout: for how many seconds the payment is good, at most ``MAX_TIMEOUT_SECONDS``.
        accepted: the offer as the gateway wrote it.
        echo: what version 2 wants back beside it.
    """

    version: int
    asset: Asset
    pay_to: str
    atomic: int
    timeout: int
    accepted: Mapping[str, Any]
    echo: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def price(self) -> Price:
        """What it costs, to be shown."""
        amount = Decimal(self.atomic).scaleb(-self.asset.decimals)
        return Price(amount, self.asset.currency, self.asset.network, self.pay_to, self.atomic)


def decoded_header(value: str | None) -> Mapping[str, Any]:
    """The JSON object in a header of x402 (base64); empty where there is none."""
    try:
        return as_mapping(parse_json(base64.b64decode(value or "", validate=True)))
    except (ValueError, binascii.Error):
        return {}


def parse_challenge(headers: Mapping[str, str], body: bytes) -> Challenge | None:
    """What a 402 asks for; None where it isn't of x402, such as one that says that the balance is low."""
    asked = decoded_header(headers.get("payment-required"))
    if not asked:
        try:
            asked = as_mapping(parse_json(body))
        except ValueError:
            return None
    if "x402Version" not in asked:
        return None
    offers = tuple(as_mapping(each) for each in as_list(asked.get("accepts"))[:MAX_OFFERS])
    echo = {name: asked[name] for name in ("resource", "extensions") if asked.get(name)}
    return Challenge(asked["x402Version"], offers, echo, quoted(as_text(asked.get("error"))))


def choose(challenge: Challenge, *, mainnet: bool) -> Offer:
    """The first way to pay that this site agrees with.

    Args:
        challenge: what the gateway asks for.
        mainnet: whether real money may be paid.

    Raises:
        MainnetIsOff: real money is the only way.
        OfferRefused: there is none; the text says what is wrong with the first.
    """
    if challenge.version not in (1, 2):
        raise OfferRefused(say("gateway.offer.version"))
    refusals: list[OfferRefused] = []
    for accepted in challenge.accepts:
        try:
            return _agreed(int(challenge.version), accepted, challenge.echo, mainnet)  # pyright: ignore[reportArgumentType]
        except OfferRefused as refusal:
            refusals.append(refusal)
    if not refusals:
        raise OfferRefused(say("gateway.offer.none"), detail=challenge.error)
    raise next((each for each in refusals if isinstance(each, MainnetIsOff)), refusals[0])


def _agreed(version: int, accepted: Mapping[str, Any], echo: Mapping[str, Any], mainnet: bool) -> Offer:
    asset = _asset(version, accepted)
    extra = _extra(accepted)
    if accepted.get("scheme") != "exact":
        raise _refused("scheme", accepted, "scheme")
    if extra.get("paymentFlow") not in PAYMENT_FLOWS:
        raise _refused("flow", extra, "paymentFlow")
    if extra.get("assetTransferMethod") not in TRANSFER_METHODS:
        raise _refused("transfer", extra, "assetTransferMethod")
    if (extra.get("name", asset.name), extra.get("version", asset.version)) != (asset.name, asset.version):
        raise _refused("name", extra, "name")
    if not asset.is_test and not mainnet:
        raise MainnetIsOff
    return Offer(
        version, asset, _payee(accepted), _atomic(version, accepted), _timeout(accepted), accepted, echo
    )


def _asset(version: int, accepted: Mapping[str, Any]) -> Asset:
    network, address = accepted.get("network"), str(accepted.get("asset")).lower()
    here = [each for each in ASSETS if network == (each.alias if version == 1 else each.network)]
    if not here:
        raise _refused("network", accepted, "network")
    found = next((each for each in here if each.address == address), None)
    if found is None:
        raise _refused("asset", accepted, "asset")
    return found


def _extra(accepted: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = accepted.get("extra")
    if isinstance(extra, str):  # version 1 had it as JSON in a string for a while
        try:
            extra = parse_json(extra)
        except ValueError:
            extra = None
    return as_mapping(extra)


def _payee(accepted: Mapping[str, Any]) -> str:
    payee = accepted.get("payTo")
    if not isinstance(payee, str) or not ADDRESS.fullmatch(payee) or payee == NOBODY:
        raise _refused("payee", accepted, "payTo")
    return payee.lower()


def _atomic(version: int, accepted: Mapping[str, Any]) -> int:
    name = "maxAmountRequired" if version == 1 else "amount"
    amount = accepted.get(name)
    if not isinstance(amount, str) or not AMOUNT.fullmatch(amount):
        raise _refused("amount", accepted, name)
    return int(amount)


def _timeout(accepted: Mapping[str, Any]) -> int:
    seconds = accepted.get("maxTimeoutSeconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        return DEFAULT_TIMEOUT_SECONDS
    return min(seconds, MAX_TIMEOUT_SECONDS)


def _refused(what: str, fields: Mapping[str, Any], name: str) -> OfferRefused:
    return OfferRefused(say(f"gateway.offer.{what}"), detail=quoted(f"{name}: {fields.get(name)}"))
