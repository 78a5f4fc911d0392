"""What a request would cost at a gateway that is paid per request, asked without paying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx

from chat_ui.gateway.classify import from_status
from chat_ui.gateway.exchange import MAX_ERROR_BYTES, auth_headers, raise_for_status
from chat_ui.gateway.json_values import as_amount, as_mapping, parse_json
from chat_ui.gateway.offers import Price, choose, parse_challenge
from chat_ui.gateway.profile import GatewayProfile
from chat_ui.gateway.request import ChatRequest, request_body
from chat_ui.gateway.sniff import read_body

__all__ = ["ask_price", "bounded"]

# The longest answer is paid for, however long the answer is. x-router's own default of 4,096 cost 0.135
# dollars in April 2026 (docs.x-router.ai, x402all.com), which is more than one message may cost here.
DEFAULT_MAX_TOKENS = 2048

ESTIMATE = "/estimate"
# x-router's documents name the endpoint and not its answer; these are the names that such answers use.
ESTIMATES = ("estimatedCost", "estimated_cost", "totalCost", "total_cost", "cost", "price")
LARGEST = Decimal(10_000)


def bounded(request: ChatRequest) -> ChatRequest:
    """The request with a longest answer, which is what its price depends on."""
    return request if request.max_tokens else replace(request, max_tokens=DEFAULT_MAX_TOKENS)


async def ask_price(
    client: httpx.AsyncClient, profile: GatewayProfile, request: ChatRequest, *, mainnet: bool
) -> Price:
    """What an answer would cost: by the gateway's estimate, else by what it asks for when it isn't paid.

    Raises:
        OfferRefused: this site wouldn't pay it.
        StatusError: the gateway refuses the request for another reason than money.
    """
    body = request_body(profile, bounded(request))
    return await _by_estimate(client, profile, body) or await _by_challenge(client, profile, body, mainnet)


async def _by_estimate(
    client: httpx.AsyncClient, profile: GatewayProfile, body: Mapping[str, Any]
) -> Price | None:
    headers = {"accept": "application/json", **auth_headers(profile)}
    async with client.stream("POST", profile.url(ESTIMATE), json=body, headers=headers) as response:
        if not response.is_success:
            return None
        said = await read_body(response.aiter_bytes(), MAX_ERROR_BYTES)
    try:
        answer = as_mapping(parse_json(said))
    except ValueError:
        return None
    for fields in (answer, as_mapping(answer.get("estimate")), as_mapping(answer.get("data"))):
        for name in ESTIMATES:
            if (amount := _dollars(fields.get(name))) is not None:
                return Price(amount, "USD", atomic=int(amount.scaleb(6).to_integral_value("ROUND_CEILING")))
    return None


async def _by_challenge(
    client: httpx.AsyncClient, profile: GatewayProfile, body: Mapping[str, Any], mainnet: bool
) -> Price:
    headers = {"accept": "text/event-stream", **auth_headers(profile)}
    async with client.stream("POST", profile.url(profile.endpoint), json=body, headers=headers) as response:
        if response.is_success:
            return Price(Decimal(0), "USD")  # leaving here closes the connection, which ends the answer
        if response.status_code != 402:
            await raise_for_status(response, profile.key)
        said = await read_body(response.aiter_bytes(), MAX_ERROR_BYTES)
    challenge = parse_challenge(response.headers, said)
    if challenge is None:
        raise from_status(402, response.headers, said, secret=profile.key)
    return choose(challenge, mainnet=mainnet).price


def _dollars(value: object) -> Decimal | None:
    amount = as_amount(value.removeprefix("$") if isinstance(value, str) else value)
    return amount if amount is not None and amount < LARGEST else None
