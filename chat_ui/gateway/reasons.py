"""Why answers end, under all the names that gateways have for it."""

from __future__ import annotations

from chat_ui.gateway.events import FinishReason

__all__ = ["reason_named"]

REASONS: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
    "abort": "interrupted",
    # Anthropic pauses a long turn in the middle, and goes on when it is sent back as it is.
    "pause_turn": "interrupted",
}


def reason_named(name: str) -> FinishReason:
    """The reason behind a gateway's name for it; a name that nobody knows is an ordinary end."""
    return REASONS.get(name.lower(), "stop")
