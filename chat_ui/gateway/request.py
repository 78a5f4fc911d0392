"""What is asked of a gateway, and how it is written in the gateway's dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from chat_ui.gateway.json_values import storable

__all__ = ["ChatMessage", "ChatRequest", "Role", "openai_body"]

Role: TypeAlias = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the conversation so far."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One answer that is wanted. What is ``None`` or empty is left to the gateway.

    Args:
        model: the model's id, as the gateway lists it.
        messages: the conversation, oldest first.
        temperature: 0 for the likeliest words, up to 2.
        max_tokens: the longest answer, in tokens.
        top_p: the share of likely words to choose from, 0 to 1.
        stop: texts at which the answer ends.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()


def openai_body(request: ChatRequest) -> Mapping[str, Any]:
    """The body of ``POST /chat/completions``: https://platform.openai.com/docs/api-reference/chat/create."""
    optional = {
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "top_p": request.top_p,
        "stop": list(request.stop) or None,
    }
    return {
        "model": request.model,
        # A browser can send half a surrogate pair, which UTF-8 can't carry.
        "messages": [{"role": m.role, "content": storable(m.content)} for m in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        **{name: value for name, value in optional.items() if value is not None},
    }
