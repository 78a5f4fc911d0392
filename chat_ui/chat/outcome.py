"""How an answer ended, in the words and figures that are kept with it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Literal

from chat_ui.chat.answer import Answer
from chat_ui.chat.errors import ChatError
from chat_ui.chat.trouble import why
from chat_ui.gateway import GatewayError, Receipt
from chat_ui.store.errors import StoreError
from chat_ui.store.messages import Message
from chat_ui.store.runs import Outcome
from chat_ui.words import say

__all__ = ["NEVER_ASKED", "SHUT_DOWN", "Times", "outcome_of", "remark", "unsaved_words"]

EndStatus = Literal["complete", "stopped", "interrupted", "failed"]

CUT_SHORT = say("answer.cut_short")
NEVER_ASKED = say("answer.never_asked")
SHUT_DOWN = say("answer.shut_down")
SAID_NOTHING = say("answer.said_nothing")
REMARKS = {
    "length": say("answer.remark.length"),
    "content_filter": say("answer.remark.content_filter"),
    "tool_calls": say("answer.remark.tool_calls"),
}
OUR_FAULT = say("answer.our_fault")


@dataclass(frozen=True, slots=True)
class Times:
    """How long an answer took, in seconds.

    Args:
        first_s: until the first of its text, if any came.
        thought_s: of thinking, if it thought.
        elapsed_s: in all.
    """

    first_s: float | None
    thought_s: float | None
    elapsed_s: float


def outcome_of(
    answer: Answer,
    failure: BaseException | None,
    *,
    stopped: bool,
    times: Times,
) -> Outcome:
    """Judge an answer at its end.

    Args:
        answer: as far as it came.
        failure: what ended the stream, if it wasn't its own end.
        stopped: whether a person stopped it.
        times: how long it took.
    """
    status, error = _judge(answer, failure, stopped=stopped)
    usage, metadata, receipt = answer.usage, answer.metadata, answer.receipt
    cost, currency = _amount(metadata.cost), metadata.currency
    if receipt is not None and receipt.success is not False:
        cost, currency = receipt.amount, "usd"
    return Outcome(
        status=status,
        error=error,
        error_kind=type(failure).__name__ if isinstance(failure, GatewayError | ChatError) else None,
        finish_reason="interrupted" if status == "interrupted" else answer.finish_reason,
        input_tokens=None if usage is None else usage.input_tokens,
        output_tokens=None if usage is None else usage.output_tokens,
        cached_tokens=None if usage is None else usage.cached_tokens,
        reasoning_tokens=None if usage is None else usage.reasoning_tokens,
        cost=cost,
        currency=currency,
        receipt=None if receipt is None else _receipt(receipt),
        request_id=metadata.request_id,
        served_model=metadata.model,
        alias=metadata.alias,
        provider=metadata.provider,
        route_reason=metadata.reason,
        first_token_ms=_ms(times.first_s),
        thought_ms=_ms(times.thought_s),
        duration_ms=_ms(times.elapsed_s),
    )


def _judge(answer: Answer, failure: BaseException | None, *, stopped: bool) -> tuple[EndStatus, str | None]:
    if stopped:
        return "stopped", None
    if failure is None:
        if answer.finish_reason in (None, "interrupted"):
            return "interrupted", CUT_SHORT
        return "complete", None
    if isinstance(failure, asyncio.CancelledError):
        return "interrupted", SHUT_DOWN
    said_something = any(asdict(answer.texts).values())
    words = str(failure) if isinstance(failure, GatewayError | ChatError) else OUR_FAULT
    return ("interrupted" if said_something else "failed"), words


def remark(message: Message) -> str:
    """What a reader should know of how an answer ended, in words; blank where it simply ended."""
    if message.error or message.role != "assistant" or message.status != "complete":
        return message.error or ""
    if message.finish_reason in REMARKS:
        return REMARKS[message.finish_reason]
    return "" if message.text.strip() else SAID_NOTHING


def unsaved_words(error: Exception) -> str:
    """What to tell the reader of an answer that is here and can't be saved."""
    if isinstance(error, StoreError):
        return say("answer.unsaved.why", why=why(error))
    return say("answer.unsaved")


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _receipt(receipt: Receipt) -> str:
    """What names the payment in a complaint."""
    fate = {True: "taken", False: "not_taken", None: "unknown"}[receipt.success]
    if receipt.success and receipt.transaction:
        fate = "transaction"
    named = receipt.transaction if fate == "transaction" else receipt.nonce
    return say(f"receipt.{fate}", named=named, network=receipt.network)


def _amount(cost: float | None) -> Decimal | None:
    """The amount that the gateway wrote; by way of its digits, not of the binary fraction."""
    amount = None if cost is None else Decimal(str(cost))
    return amount if amount is not None and amount.is_finite() else None
