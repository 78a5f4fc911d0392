"""What a model is told: the messages of one branch, as a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chat_ui.gateway import ChatMessage, ChatRequest
from chat_ui.store.messages import Message

__all__ = ["build_request", "continued", "retold"]

TAIL_CHARS = 200
GO_ON = (
    "Your answer was cut off. It ended with «{tail}». Go on exactly where it ended: repeat nothing of it, "
    "and say nothing about the interruption."
)


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


def continued(request: ChatRequest, said: str) -> ChatRequest:
    """The request that has the model go on with an answer by sending it as the last message (a prefill).

    Args:
        request: what asked for the answer.
        said: the answer as far as it came. White space at its end is left out, which models stumble over.
    """
    begun = ChatMessage("assistant", said.rstrip())
    return replace(request, messages=(*request.messages, begun), continues=True)


def retold(request: ChatRequest, said: str) -> ChatRequest:
    """The request that asks the model in words to go on with an answer; any gateway takes it.

    Args:
        request: what asked for the answer.
        said: the answer as far as it came.
    """
    plea = GO_ON.format(tail=said[-TAIL_CHARS:].strip())
    more = ChatMessage("assistant", said), ChatMessage("user", plea)
    return replace(request, messages=(*request.messages, *more))
