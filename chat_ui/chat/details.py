"""What is known of how an answer came about, for whoever asks."""

from __future__ import annotations

from decimal import Decimal

from chat_ui.gateway.money import in_dollars
from chat_ui.store.messages import Message
from chat_ui.words import say

__all__ = ["amount", "details_of"]

ENDS = {
    "stop": say("details.end.stop"),
    "length": say("details.end.length"),
    "tool_calls": say("details.end.tool_calls"),
    "content_filter": say("details.end.content_filter"),
    "interrupted": say("details.end.interrupted"),
}


def details_of(message: Message, gateway: str) -> list[tuple[str, str]]:
    """What to tell of an answer, each as ``(what it is, what is known)``; what nobody said is left out.

    Args:
        message: the answer.
        gateway: what the one that was asked is called on the page.
    """
    served = message.served_model or message.model
    facts = [
        (say("details.model"), served),
        (say("details.asked_for"), message.model if message.model != served else None),
        (say("details.known_as"), message.alias),
        (say("details.gateway"), gateway),
        (say("details.provider"), message.provider),
        (say("details.chosen"), message.route_reason),
        (say("details.ended"), _end(message)),
        (say("details.read"), _tokens(message.input_tokens, message.cached_tokens, "details.cached")),
        (say("details.written"), _tokens(message.output_tokens, message.reasoning_tokens, "details.thought")),
        (say("details.first"), _seconds(message.first_token_ms, digits=2)),
        (say("details.finished"), _seconds(message.duration_ms)),
        (say("details.speed"), _speed(message)),
        (say("details.cost"), None if message.cost is None else amount(message.cost, message.currency)),
        (say("details.payment"), message.receipt),
        (say("details.request"), message.request_id),
    ]
    return [(name, value) for name, value in facts if value]


def amount(cost: Decimal, currency: str | None) -> str:
    """An amount of money, in words."""
    code = (currency or "").upper()
    return in_dollars(cost) if code == "USD" else f"{cost:f} {code}".strip()


def _end(message: Message) -> str | None:
    if message.status == "stopped":
        return say("details.end.stopped")
    return ENDS.get(message.finish_reason or "")


def _tokens(count: int | None, part: int | None, words: str) -> str | None:
    if count is None:
        return None
    return say(words, count=count, part=part) if part else f"{count:,}"


def _seconds(ms: int | None, digits: int = 1) -> str | None:
    return None if ms is None else say("details.seconds", seconds=f"{ms / 1000:,.{digits}f}")


def _speed(message: Message) -> str | None:
    """Tokens per second from the first one on; none where too few came for it to mean anything."""
    tokens, first, end = message.output_tokens, message.first_token_ms, message.duration_ms
    if tokens is None or first is None or end is None or tokens < 2 or end <= first:
        return None
    return say("details.tokens_a_second", count=(tokens - 1) * 1000 / (end - first))
