"""Signs payments with a private key that stays on the server.

A payment is a signature under EIP-3009's ``TransferWithAuthorization``, which the ``x402`` package fills in
(https://github.com/coinbase/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md). The package signs in
the same step, too early here: the budget must know the payment by its nonce before there is a signature that
could be cashed. So it fills in with a signer that only takes notes, and the real one signs those.

Nothing of the package is loaded before the first payment; that takes more than a second, in a thread.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from chat_ui.gateway.offers import Offer
from chat_ui.gateway.payment_errors import InvalidPrivateKey, PaymentError, PaymentsNotInstalled
from chat_ui.words import say

__all__ = ["Draft", "Wallet"]

KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Draft:
    """A payment as it will be signed.

    Args:
        offer: what it pays.
        payer: the wallet's address.
        nonce: what names the payment; used once.
        valid_before: when it becomes worthless.
        payload: what goes to the gateway, but for the signature.
        typed_data: what is signed: domain, types, primary type and message (EIP-712).
    """

    offer: Offer
    payer: str
    nonce: str
    valid_before: datetime
    payload: dict[str, Any]
    typed_data: tuple[Any, ...]


class Wallet:
    """A private key, and which money may be paid with it.

    Args:
        key: 64 hexadecimal digits. It is in no ``repr()``, no error and no log.
        mainnet: whether real money may be paid; otherwise only that of test networks.

    Raises:
        InvalidPrivateKey: the key can't be one.
        PaymentsNotInstalled: the extra ``x402`` is missing.
    """

    def __init__(self, key: str, *, mainnet: bool = False) -> None:
        if not KEY.fullmatch(key.strip()):
            raise InvalidPrivateKey
        if find_spec("x402") is None or find_spec("eth_account") is None:
            raise PaymentsNotInstalled
        self.mainnet = mainnet
        self.__key = key.strip()

    async def draft(self, offer: Offer) -> Draft:
        """Fill in a payment without signing it.

        Raises:
            PaymentError: it came out other than the offer; nothing was signed.
            PaymentsNotInstalled: a part of the extra ``x402`` is missing.
        """
        return await asyncio.to_thread(self._fill_in, offer)

    async def sign(self, draft: Draft) -> dict[str, str]:
        """The header that pays: whoever has it can take the money, once, until it expires."""
        return await asyncio.to_thread(self._sign, draft)

    def __repr__(self) -> str:
        return f"Wallet(mainnet={self.mainnet})"

    @cached_property
    def _signer(self) -> Any:
        account, signers = _package("eth_account").Account, _package("x402.mechanisms.evm.signers")
        try:
            return signers.EthAccountSigner(account.from_key(self.__key))
        except Exception:
            # A number that is out of the curve's range. The library's own words would quote it.
            raise InvalidPrivateKey from None

    def _fill_in(self, offer: Offer) -> Draft:
        notes = _Notes(self._signer.address)
        scheme, requirements = _wanted(offer)
        payload = scheme(notes).create_payment_payload(requirements)
        authorization = payload["authorization"]
        before = datetime.fromtimestamp(int(authorization["validBefore"]), UTC)
        seconds = (before - datetime.now(UTC)).total_seconds()
        as_offered = (authorization["to"].lower(), int(authorization["value"])) == (
            offer.pay_to,
            offer.atomic,
        )
        if not as_offered or not 0 <= seconds <= offer.timeout:
            raise PaymentError(say("gateway.other_payment"))
        return Draft(offer, notes.address, authorization["nonce"], before, payload, notes.typed_data)

    def _sign(self, draft: Draft) -> dict[str, str]:
        signature = "0x" + self._signer.sign_typed_data(*draft.typed_data).hex()
        payload = {**draft.payload, "signature": signature}
        offer = draft.offer
        if offer.version == 1:
            scheme, network = offer.accepted["scheme"], offer.accepted["network"]
            paid = {"x402Version": 1, "scheme": scheme, "network": network, "payload": payload}
            return {"X-PAYMENT": _encoded(paid)}
        # The offer goes back as it came: a gateway looks for the very same among its own.
        paid = {"x402Version": 2, "accepted": offer.accepted, "payload": payload, **offer.echo}
        return {"PAYMENT-SIGNATURE": _encoded(paid)}


class _Notes:
    """A signer that signs nothing and keeps what it was asked to sign."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.typed_data: tuple[Any, ...] = ()

    def sign_typed_data(self, *typed_data: Any) -> bytes:
        self.typed_data = typed_data
        return secrets.token_bytes(65)


def _wanted(offer: Offer) -> tuple[Any, Any]:
    """The package's scheme, and the offer in its terms: with our name of the token, and our time limit."""
    asset = offer.asset
    both: dict[str, Any] = {
        "scheme": "exact",
        "asset": asset.address,
        "pay_to": offer.pay_to,
        "max_timeout_seconds": offer.timeout,
        "extra": {"name": asset.name, "version": asset.version},
    }
    amount = str(offer.atomic)
    if offer.version == 1:
        old = _package("x402.schemas.v1").PaymentRequirementsV1
        scheme = _package("x402.mechanisms.evm.exact.v1").ExactEvmSchemeV1
        return scheme, old(**both, network=asset.alias, max_amount_required=amount, resource="")
    new = _package("x402.schemas").PaymentRequirements
    return _package("x402.mechanisms.evm.exact").ExactEvmScheme, new(
        **both, network=asset.network, amount=amount
    )


def _package(name: str) -> Any:
    """A module of the extra, which is heavy and has no types.

    Loading it loads py_ecc, whose ``__init__.py`` raises the recursion limit to 100,000. With that, JSON
    of any gateway that is nested deeply enough would end this process, in place of a ``RecursionError``.
    """
    with LOADING:
        limit = sys.getrecursionlimit()
        try:
            return import_module(name)
        except ImportError as error:
            raise PaymentsNotInstalled from error
        finally:
            sys.setrecursionlimit(limit)


def _encoded(payment: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(payment, separators=(",", ":")).encode()).decode()
