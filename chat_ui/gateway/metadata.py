"""What gateways tell beside the answer: in response headers, in an envelope, and after its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chat_ui.gateway.events import Metadata, StreamEvent, Usage
from chat_ui.gateway.json_values import as_amount, as_mapping, as_text, first_count
from chat_ui.gateway.unknown import note_unknown_fields

__all__ = ["events_in_headers", "is_envelope", "is_trailer", "served_in_envelope", "told_in_trailer"]

# TokenHub's documents (docs/src/user/streaming.md of jordanhubbard/tokenhub at 04bdf28) and its code name
# different headers; ai& has had two generations (docs.aiand.com; aiandlabs/aiand-cli src/api/client.ts).
REQUEST_ID = ("x-request-id", "request-id", "x-litellm-call-id")
MODEL = ("x-negotiated-model", "x-tokenhub-model", "x-aiand-model", "x-model")
PROVIDER = ("x-tokenhub-provider",)
REASON = ("x-tokenhub-reason",)
ALIAS = ("x-alias-from",)
COST_IN_USD = ("x-aiand-cost-usd", "x-litellm-response-cost")

TRAILERS = frozenset({"aiand.metadata", "metrics"})
TRAILER_FIELDS = frozenset({"request_id", "cost_usd", "cost", "tokens"})
SILENT_TRAILER_FIELDS = frozenset({"model", "usage", "currency", "ttft_ms", "inference_ms"})


def events_in_headers(headers: Mapping[str, str]) -> list[StreamEvent]:
    """What the headers of an answer say about it; often nothing.

    Args:
        headers: looked up by lower-case name, as ``httpx.Headers`` allows.
    """
    cost, currency = _cost_in(headers)
    served = Metadata(
        request_id=_header(headers, REQUEST_ID),
        model=_header(headers, MODEL),
        provider=_header(headers, PROVIDER),
        reason=_header(headers, REASON),
        cost=cost,
        currency=currency,
        alias=_header(headers, ALIAS),
    )
    usage = Usage(_count(headers.get("x-aiand-input-tokens")), _count(headers.get("x-aiand-output-tokens")))
    return [
        *([served] if served != Metadata() else []),
        *([usage] if usage != Usage() else []),
    ]


def is_trailer(body: dict[str, Any], name: str, *, after_end: bool) -> bool:
    """Whether this is ai&'s word after the answer.

    The older generation names its event ``aiand.metadata``, the newer ``metrics``; a name lost on the way is
    made up for by the place and the fields.
    """
    return name in TRAILERS or (after_end and bool(TRAILER_FIELDS & body.keys()))


def told_in_trailer(body: dict[str, Any]) -> list[StreamEvent]:
    """Tokens, cost, request id and model in a trailer of either generation.

    Known: ``{"request_id", "cost_usd", "model", "usage"?}`` and
    ``{"tokens": {"input", "output", "total", "cached"}, "cost", "currency", …}``.
    """
    note_unknown_fields("trailer", body, TRAILER_FIELDS | SILENT_TRAILER_FIELDS)
    tokens, counts = as_mapping(body.get("tokens")), as_mapping(body.get("usage"))
    usage = Usage(
        input_tokens=first_count(
            tokens.get("input"), counts.get("prompt_tokens"), counts.get("input_tokens")
        ),
        output_tokens=first_count(
            tokens.get("output"), counts.get("completion_tokens"), counts.get("output_tokens")
        ),
        cached_tokens=first_count(
            tokens.get("cached"), as_mapping(counts.get("prompt_tokens_details")).get("cached_tokens")
        ),
        reasoning_tokens=first_count(
            as_mapping(counts.get("completion_tokens_details")).get("reasoning_tokens")
        ),
    )
    cost, currency = as_amount(body.get("cost")), as_text(body.get("currency"))
    if cost is None:
        cost, currency = as_amount(body.get("cost_usd")), "usd"
    served = Metadata(
        request_id=as_text(body.get("request_id")),
        model=as_text(body.get("model")),
        cost=None if cost is None else float(cost),
        currency=currency.lower() if currency and cost is not None else None,
    )
    return [
        *([usage] if usage != Usage() else []),
        *([served] if served != Metadata() else []),
    ]


def is_envelope(body: dict[str, Any]) -> bool:
    """Whether this is TokenHub's envelope around a provider's whole answer."""
    return isinstance(body.get("response"), dict) and bool(
        {"negotiated_model", "routing_reason"} & body.keys()
    )


def served_in_envelope(body: dict[str, Any]) -> Metadata:
    """What TokenHub's envelope says about the answer in it; its cost is an estimate, in US dollars."""
    cost = as_amount(body.get("estimated_cost_usd"))
    return Metadata(
        model=as_text(body.get("negotiated_model")),
        reason=as_text(body.get("routing_reason")),
        cost=None if cost is None else float(cost),
        currency=None if cost is None else "usd",
    )


def _cost_in(headers: Mapping[str, str]) -> tuple[float | None, str | None]:
    """A price in the headers. Zero is what comes before the price of a stream is known, so it isn't one."""
    if cost := as_amount(headers.get("x-cost")):
        currency = _header(headers, ("x-cost-currency",))
        return float(cost), (currency or "usd").lower()
    for name in COST_IN_USD:
        if cost := as_amount(headers.get(name)):
            return float(cost), "usd"
    return None, None


def _header(headers: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := as_text(headers.get(name, "").strip()))), None)


def _count(value: str | None) -> int | None:
    """A count in a header; zero is what comes before a stream's tokens are known."""
    digits = (value or "").strip()
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= 15
    return (int(digits) or None) if is_number else None
