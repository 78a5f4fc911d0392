"""What is known of how an answer came about, for whoever asks."""

from __future__ import annotations

from decimal import Decimal

from chat_ui.gateway.money import in_dollars
from chat_ui.store.messages import Message

__all__ = ["amount", "details_of"]

ENDS = {
    "stop": "The model had said all",
    "length": "The longest length was reached",
    "tool_calls": "The model waits for its tools",
    "content_filter": "A content filter ended it",
    "interrupted": "It was cut off",
}


def details_of(message: Message) -> list[tuple[str, str]]:
    """What to tell of an answer, each as ``(what it is, what is known)``; what nobody said is left out."""
    served = message.served_model or message.model
    facts = [
        ("Model", served),
        ("Asked for", message.model if message.model != served else None),
        ("Known as", message.alias),
        ("Gateway", message.gateway),
        ("Provider", message.provider),
        ("Chosen because", message.route_reason),
        ("Ended", _end(message)),
        ("Tokens read", _tokens(message.input_tokens, message.cached_tokens, "from the cache")),
        ("Tokens written", _tokens(message.output_tokens, message.reasoning_tokens, "of them reasoning")),
        ("First token after", _seconds(message.first_token_ms, digits=2)),
        ("Finished after", _seconds(message.duration_ms)),
        ("Speed", _speed(message)),
        ("Cost", None if message.cost is None else amount(message.cost, message.currency)),
        ("Payment", message.receipt),
        ("Request", message.request_id),
    ]
    return [(name, value) for name, value in facts if value]


def amount(cost: Decimal, currency: str | None) -> str:
    """An amount of money, in words."""
    code = (currency or "").upper()
    return in_dollars(cost) if code == "USD" else f"{cost:f} {code}".strip()


def _end(message: Message) -> str | None:
    if message.status == "stopped":
        return "You stopped it"
    return ENDS.get(message.finish_reason or "")


def _tokens(count: int | None, part: int | None, name: str) -> str | None:
    if count is None:
        return None
    return f"{count:,}, {part:,} {name}" if part else f"{count:,}"


def _seconds(ms: int | None, digits: int = 1) -> str | None:
    return None if ms is None else f"{ms / 1000:,.{digits}f} s"


def _speed(message: Message) -> str | None:
    """Tokens per second from the first one on; none where too few came for it to mean anything."""
    tokens, first, end = message.output_tokens, message.first_token_ms, message.duration_ms
    if tokens is None or first is None or end is None or tokens < 2 or end <= first:
        return None
    return f"{(tokens - 1) * 1000 / (end - first):,.0f} tokens a second"
