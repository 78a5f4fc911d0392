"""What a model is told: the messages of one branch, as a request."""

from __future__ import annotations

from collections.abc import Sequence

from chat_ui.gateway import ChatMessage, ChatRequest
from chat_ui.store.messages import Message

__all__ = ["build_request"]


def build_request(path: Sequence[Message], model: str) -> ChatRequest:
    """Make the request that asks for an answer to the last message of a path.

    An answer that failed before its first word says nothing, and is left out; one that was stopped or
    interrupted is told as far as it came.

    Args:
        path: a branch from its first message to the question.
        model: the id of the model, as its gateway names it.
    """
    told = tuple(
        ChatMessage(message.role, message.text)
        for message in path
        if message.role != "tool" and message.text.strip()
    )
    return ChatRequest(model=model, messages=told)
