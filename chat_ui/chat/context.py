"""What a model is told: the messages of one branch, as many as its window holds, as a request."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from chat_ui.gateway import ChatMessage, ChatRequest
from chat_ui.store.messages import Message
from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.store.tables import Role

__all__ = ["Fit", "build_request", "continued", "fit", "merged", "retold", "tokens_in"]

BYTES_A_TOKEN = 4
TOKENS_AROUND = 4
# Room for the answer where nobody said how long it may be; at most a quarter of the window.
MOST_RESERVED = 4096

TAIL_CHARS = 200
GO_ON = (
    "Your answer was cut off. It ended with «{tail}». Go on exactly where it ended: repeat nothing of it, "
    "and say nothing about the interruption."
)


@dataclass(frozen=True, slots=True)
class Fit:
    """Which messages of a branch a model is sent, and how much of its window they take.

    Args:
        first: the place in the branch of the first one that is sent.
        tokens: about how many tokens all of it is, the system prompt included.
        window: how many tokens the model can read; None where its gateway doesn't say.
    """

    first: int
    tokens: int
    window: int | None


def merged(over: Preferences, under: Preferences) -> Preferences:
    """What counts where one set of preferences stands before another."""
    said = {field.name: getattr(over, field.name) for field in fields(over)}
    return replace(under, **{name: value for name, value in said.items() if value is not None})


def tokens_in(size: int) -> int:
    """About how many tokens a text of so many bytes in UTF-8 is, with what stands around a message.

    Four bytes each is near the truth for English and code, and not far from it for most other scripts; who
    knows better is the gateway, which counts when it answers.
    """
    return math.ceil(size / BYTES_A_TOKEN) + TOKENS_AROUND


def fit(branch: Sequence[tuple[Role, int]], wanted: Preferences, window: int | None) -> Fit:
    """Leave out the oldest turns where a branch is longer than the model's window.

    A turn is a question with what follows it, and goes as a whole. The system prompt and the last turn stay
    whatever they take, and room is kept for the answer.

    Args:
        branch: of each message, who speaks and how many bytes that is; the oldest first.
        wanted: what is asked beside the messages.
        window: how many tokens the model can read; None leaves nothing out.
    """
    sizes = [tokens_in(size) if size else 0 for _, size in branch]
    system = tokens_in(len(wanted.system.encode())) if wanted.system else 0
    total = system + sum(sizes)
    if window is None:
        return Fit(0, total, None)
    room = window - min(wanted.max_tokens or MOST_RESERVED, window // 4)
    turns = [place for place, (role, _) in enumerate(branch) if place and role == "user"]
    first = 0
    for turn in turns:
        if total <= room:
            break
        total -= sum(sizes[first:turn])
        first = turn
    return Fit(first, total, window)


def build_request(
    path: Sequence[Message], model: str, wanted: Preferences = AS_IT_IS, *, window: int | None = None
) -> ChatRequest:
    """Make the request that asks for an answer to the last message of a path.

    An answer that failed before its first word says nothing, and is left out; one that was stopped or
    interrupted is told as far as it came.

    Args:
        path: a branch from its first message to the question.
        model: the id of the model, as its gateway names it.
        wanted: what is asked beside the messages.
        window: how many tokens the model can read, where that is known; what doesn't fit is left out.
    """
    sizes: list[tuple[Role, int]] = [
        (message.role, len(message.text.encode(errors="replace"))) for message in path
    ]
    told = [
        ChatMessage(message.role, message.text)
        for message in path[fit(sizes, wanted, window).first :]
        if message.role != "tool" and message.text.strip()
    ]
    if wanted.system:
        told.insert(0, ChatMessage("system", wanted.system))
    return ChatRequest(
        model=model,
        messages=tuple(told),
        temperature=wanted.temperature,
        max_tokens=wanted.max_tokens,
        top_p=wanted.top_p,
        effort=wanted.effort,
        stop=wanted.stop or (),
    )


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
