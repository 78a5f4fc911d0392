"""x-router as far as it is known, without a chain: it asks for payment, checks it, and streams an answer.

Challenge, payment and receipt are as in coinbase/x402's specs/transports-v1/http.md and -v2/http.md; the
offer of version 1 is the one that api.x-router.ai was seen to make (x402all.com, 24 Apr 2026). No live answer
of it has been captured, so its receipts are the specification's.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

from tests.gateway.wire import DONE, SSE_HEAD, Peer, chunk, sse, text

PAYEE = "0xeb4da07be74b26b2966b3cd07842cade70e47d53"
TRANSACTION = "0x" + "ab" * 32

MAINNET_V1 = {
    "scheme": "exact",
    "network": "base",
    "maxAmountRequired": "135168",
    "resource": "https://api.x-router.ai/v1/chat/completions",
    "description": "Chat completion",
    "mimeType": "application/json",
    "payTo": PAYEE,
    "maxTimeoutSeconds": 120,
    "asset": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    "outputSchema": None,
    "extra": {"name": "USD Coin", "version": "2"},
}
TESTNET_V1 = MAINNET_V1 | {
    "network": "base-sepolia",
    "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    "maxAmountRequired": "60000",
    "extra": {"name": "USDC", "version": "2"},
}
TESTNET_V2 = {
    "scheme": "exact",
    "network": "eip155:84532",
    "amount": "60000",
    "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    "payTo": PAYEE,
    "maxTimeoutSeconds": 60,
    "extra": {"name": "USDC", "version": "2", "paymentFlow": "upfront", "somethingNew": [1]},
}
MAINNET_V2 = TESTNET_V2 | {
    "network": "eip155:8453",
    "asset": MAINNET_V1["asset"],
    "extra": {"name": "USD Coin", "version": "2"},
}

MODEL = {"id": "anthropic/claude-3.5-sonnet", "pricing": {"prompt": "0.000003", "completion": "0.000015"}}

FIELDS = ("from", "to", "value", "validAfter", "validBefore", "nonce")
TYPES = {
    "TransferWithAuthorization": [
        {"name": "from", "type": "address"},
        {"name": "to", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "validAfter", "type": "uint256"},
        {"name": "validBefore", "type": "uint256"},
        {"name": "nonce", "type": "bytes32"},
    ]
}
CHAINS = {"base": 8453, "base-sepolia": 84532, "eip155:8453": 8453, "eip155:84532": 84532}


def b64(value: object) -> bytes:
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode())


@dataclass(slots=True)
class XRouter:
    """One gateway; a script for ``ScriptedServer``.

    Args:
        offer: what it asks for; version 2 where it says ``amount``.
        after: what it does once it is paid: ``stream``, ``cut`` (no answer), ``cut late`` (half of one),
            ``wait`` (half of one, and then nothing), ``500``, ``ask again``.
        receipt: whether it says what became of the payment, and how: ``ok``, ``none``, ``garbage``.
        ahead: how many seconds its clock is ahead of ours.
        estimate: what ``/v1/estimate`` answers; None where there is no such thing.
    """

    offer: dict[str, Any] = field(default_factory=lambda: dict(TESTNET_V1))
    after: str = "stream"
    receipt: str = "ok"
    ahead: float = 0
    estimate: object = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    cashed: dict[str, int] = field(default_factory=dict)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, peer: Peer) -> None:
        head, _, body = peer.request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        if lines[0].split()[1] == "/v1/models":
            await self._reply(peer, b"200 OK", json.dumps({"data": [MODEL]}).encode())
            return
        if lines[0].split()[1] == "/v1/estimate":
            status = b"404 Not Found" if self.estimate is None else b"200 OK"
            await self._reply(peer, status, json.dumps(self.estimate).encode())
            return
        asked = json.loads(body)
        self.bodies.append(asked)
        if problem := self._problem_with(asked):
            await self._reply(peer, b"400 Bad Request", json.dumps({"error": problem}).encode())
            return
        payment = headers.get("payment-signature" if self.is_v2 else "x-payment")
        if payment is None:
            await self._ask(peer, "Payment required")
        else:
            await self._take(peer, payment)

    @property
    def is_v2(self) -> bool:
        return "amount" in self.offer

    def _problem_with(self, asked: dict[str, Any]) -> str | None:
        for message in asked["messages"]:
            if message["role"] not in {"system", "user", "assistant"} or not isinstance(
                message["content"], str
            ):
                return "messages: invalid"
            if not 1 <= len(message["content"]) <= 100_000:
                return "messages: content must have 1 to 100000 characters"
        return None if 1 <= asked.get("max_tokens", 0) <= 128_000 else "max_tokens: must be 1 to 128000"

    async def _ask(self, peer: Peer, error: str, *headers: bytes) -> None:
        if self.is_v2:
            resource = {"url": "https://api.x-router.ai/v1/chat/completions", "mimeType": "application/json"}
            asked = {"x402Version": 2, "error": error, "resource": resource, "accepts": [self.offer]}
            await self._reply(
                peer, b"402 Payment Required", b"{}", b"PAYMENT-REQUIRED: " + b64(asked), *headers
            )
            return
        challenge = {"x402Version": 1, "error": error, "accepts": [self.offer]}
        await self._reply(peer, b"402 Payment Required", json.dumps(challenge).encode(), *headers)

    async def _take(self, peer: Peer, header: str) -> None:
        self.reached.set()
        paid = json.loads(base64.b64decode(header))
        self.payments.append(paid)
        problem = self._problem_with_payment(header, paid)
        authorization = paid["payload"]["authorization"]
        receipt = {"success": problem is None, "transaction": "", "network": self.offer["network"]}
        receipt["payer"] = authorization["from"]
        if problem is not None:
            receipt["errorReason"] = problem
            await self._ask(peer, problem, *self._receipt(receipt))
            return
        if self.after == "cut":
            peer.hang_up()
            return
        self.cashed[authorization["nonce"]] = int(authorization["value"])
        receipt["transaction"] = TRANSACTION
        if self.after == "ask again":
            await self._ask(peer, "Once more, please", *self._receipt(receipt))
        elif self.after == "500":
            await self._reply(peer, b"500 Oops", b'{"error":"model crashed"}', *self._receipt(receipt))
        else:
            await self._stream(peer, self._receipt(receipt))

    def _receipt(self, receipt: dict[str, Any]) -> list[bytes]:
        name = b"PAYMENT-RESPONSE: " if self.is_v2 else b"X-PAYMENT-RESPONSE: "
        return {"ok": [name + b64(receipt)], "none": [], "garbage": [name + b"e30=, what?"]}[self.receipt]

    def _problem_with_payment(self, header: str, paid: dict[str, Any]) -> str | None:
        """Judge a payment by the package's own reading of it, and by the plain text of EIP-712."""
        # Not at the top: it takes two seconds, and every process of a test run reads this file.
        from . import ethereum  # noqa: PLC0415

        payload = ethereum.ExactEIP3009Payload.from_dict(
            ethereum.decode_payment_signature_header(header).payload
        )
        signed = paid["payload"]["authorization"]
        assert set(signed) == set(FIELDS)
        if self.is_v2:
            assert paid["accepted"] == self.offer
            assert paid["resource"]["url"] == "https://api.x-router.ai/v1/chat/completions"
        else:
            assert (paid["scheme"], paid["network"]) == ("exact", self.offer["network"])
        token, chain = self.offer["extra"], CHAINS[self.offer["network"]]
        domain = {
            "name": token["name"],
            "version": token["version"],
            "chainId": chain,
            "verifyingContract": self.offer["asset"],
        }
        message = {name: int(signed[name]) if "v" in name.lower() else signed[name] for name in FIELDS}
        plain = ethereum.encode_typed_data(domain, TYPES, message)
        payer = ethereum.Account.recover_message(plain, signature=paid["payload"]["signature"])
        digest = ethereum.hash_eip3009_authorization(
            payload.authorization, chain, self.offer["asset"], token["name"], token["version"]
        )
        assert payer == ethereum.Account._recover_hash(digest, signature=payload.signature)
        now = time.time() + self.ahead
        price = self.offer.get("amount") or self.offer["maxAmountRequired"]
        checks = {
            "invalid_signature": payer == signed["from"],
            "invalid_payee": signed["to"].lower() == self.offer["payTo"].lower(),
            "invalid_amount": signed["value"] == price,
            "expired": int(signed["validAfter"]) <= now < int(signed["validBefore"]),
            "nonce_already_used": signed["nonce"] not in self.cashed,
        }
        return next((problem for problem, good in checks.items() if not good), None)

    async def _stream(self, peer: Peer, headers: list[bytes]) -> None:
        more = b"".join(header + b"\r\n" for header in headers)
        await peer.send(SSE_HEAD.removesuffix(b"\r\n") + more + b"\r\n")
        await peer.send_chunk(b": OPENROUTER PROCESSING\n\n" + sse(text("Hel")))
        if self.after == "cut late":
            peer.hang_up_politely()
            return
        if self.after == "wait":
            await peer.until_client_leaves()
            return
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        await peer.send_chunk(sse(text("lo"), chunk({}, "stop"), {"choices": [], "usage": usage}) + DONE)
        await peer.send_chunk(b"")

    async def _reply(self, peer: Peer, status: bytes, body: bytes, *headers: bytes) -> None:
        head = b"".join(header + b"\r\n" for header in headers)
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        await peer.send(
            b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + head + length + body
        )
