"""What a stream yields."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar

__all__ = [
    "Finish",
    "FinishReason",
    "Metadata",
    "ReasoningDelta",
    "Receipt",
    "StreamEvent",
    "TextDelta",
    "ToolCallDelta",
    "Usage",
    "Waiting",
    "renewed",
]

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "interrupted"]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer: never empty, always storable as UTF-8."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a call that the model wants made.

    Args:
        index: which call of this answer; two calls never share one, whatever the gateway numbered.
        id: the call's id, in its first piece that has one.
        name: the tool, in its first piece that has one.
        arguments: the next piece of the arguments' JSON; nothing at all in the end stands for ``{}``.
    """

    index: int
    id: str | None
    name: str | None
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens counted by the gateway so far. A later one replaces an earlier one; they never add up."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the gateway says about how it served the answer; several may come, each with a part.

    Args:
        request_id: the gateway's name for this request, to quote in a complaint.
        model: the model that answers, which may not be the one asked for.
        provider: who runs the model.
        reason: why the gateway chose it.
        cost: the price of the answer in ``currency``.
        currency: an ISO 4217 code in lower case.
        alias: the name that was asked for, where the gateway took it as another name of ``model``.
    """

    request_id: str | None = None
    model: str | None = None
    provider: str | None = None
    reason: str | None = None
    cost: float | None = None
    currency: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment that left for this answer; it comes before the text, and never for an unpaid request.

    Args:
        success: whether the gateway says that the money arrived; None where it says nothing, which doesn't
            mean that the answer was free.
        nonce: what names the payment, to quote in a complaint.
        amount: what was paid, in dollars.
        network: where, as CAIP-2 names it, such as ``eip155:8453``.
        payer: the wallet's address.
        transaction: its hash on the network, if the gateway names it.
    """

    success: bool | None
    nonce: str
    amount: Decimal
    network: str
    payer: str
    transaction: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The gateway couldn't answer yet, and is asked again after a wait that begins now.

    Args:
        seconds: how long; None until another answer of this gateway has ended.
        reason: what stands in the way, as a sentence.
    """

    seconds: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer has ended; exactly one comes per stream. Usage and metadata may still follow."""

    reason: FinishReason


StreamEvent: TypeAlias = (
    TextDelta | ReasoningDelta | ToolCallDelta | Usage | Metadata | Receipt | Waiting | Finish
)

Told = TypeVar("Told", Usage, Metadata)


def renewed(old: Told, new: Told) -> Told:
    """The old one with all that the new one knows."""
    known = {field.name: getattr(new, field.name) for field in fields(new)}
    return replace(old, **{name: value for name, value in known.items() if value is not None})
