"""What an operator is told of answers: a log line for each at its end, and figures; no word of theirs."""

from __future__ import annotations

import logging

from chat_ui.chat.live import Turn
from chat_ui.monitoring.metrics import ANSWERS, ERRORS, FIRST_TOKEN, SPEED, TOKENS
from chat_ui.store.runs import Outcome

__all__ = ["answer_ended"]

log = logging.getLogger(__name__)


def answer_ended(turn: Turn, outcome: Outcome) -> None:
    """Tell of an answer that has ended."""
    gateway = turn.gateway
    _count(gateway, outcome)
    log.log(
        logging.WARNING if outcome.error_kind else logging.INFO,
        "An answer ended: %s",
        outcome.status,
        extra={
            "person": turn.owner,
            "conversation": turn.conversation_id,
            "gateway": gateway,
            "model": outcome.served_model or turn.request.model,
            "gateway_request_id": outcome.request_id,
            "error_kind": outcome.error_kind,
            "finish_reason": outcome.finish_reason,
            "input_tokens": outcome.input_tokens,
            "output_tokens": outcome.output_tokens,
            "first_token_ms": outcome.first_token_ms,
            "duration_ms": outcome.duration_ms,
        },
    )


def _count(gateway: str, outcome: Outcome) -> None:
    ANSWERS.labels(gateway, outcome.status).inc()
    if outcome.error_kind is not None:
        ERRORS.labels(gateway, outcome.error_kind).inc()
    TOKENS.labels(gateway, "read").inc(outcome.input_tokens or 0)
    TOKENS.labels(gateway, "written").inc(outcome.output_tokens or 0)
    if outcome.first_token_ms is None:
        return
    FIRST_TOKEN.labels(gateway).observe(outcome.first_token_ms / 1000)
    writing_ms = (outcome.duration_ms or 0) - outcome.first_token_ms
    if outcome.output_tokens and writing_ms > 0:
        SPEED.labels(gateway).observe(outcome.output_tokens * 1000 / writing_ms)
