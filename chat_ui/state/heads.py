"""What the page's state knows of the messages: all but their texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from chat_ui.chat.details import amount
from chat_ui.chat.outcome import remark
from chat_ui.gateway import PayeeChanged
from chat_ui.store.messages import Message
from chat_ui.words import say

__all__ = ["MessageHead", "head_of"]


@dataclasses.dataclass(frozen=True)
class MessageHead:
    """What the page's state knows of a message: all but its text.

    Args:
        id: of the message.
        role: who says it.
        status: how far it is.
        error: what went wrong or is missing, in words, if anything did or is.
        chars: code points of its text, once it is final; the page asks again where it has fewer.
        note: who answered, once it is final.
        figures: tokens, time and cost, in one line, once it is final.
        action: what would help on, if it is an answer that something is wrong with: ``continue`` it,
            ask ``again``, or ``agree`` to whom the gateway wants to be paid through.
        place: which of the messages it is that follow the same one, in the order of their making, from 1.
        places: how many of them there are.
        before: the one before it, if there is one.
        after: the one after it, if there is one.
    """

    id: str
    role: str
    status: str
    error: str = ""
    chars: int = 0
    note: str = ""
    figures: str = ""
    action: str = ""
    place: int = 1
    places: int = 1
    before: str = ""
    after: str = ""


def head_of(message: Message, siblings: Sequence[str] = ()) -> MessageHead:
    """The head of a message.

    Args:
        message: the message.
        siblings: the ids of all that follow the same message, this one included, in the order of their
            making; none where it stands alone.
    """
    if len(siblings) < 2 or message.id not in siblings:
        return _alone(message)
    place = siblings.index(message.id)
    return dataclasses.replace(
        _alone(message),
        place=place + 1,
        places=len(siblings),
        before=siblings[place - 1] if place else "",
        after=siblings[place + 1] if place + 1 < len(siblings) else "",
    )


def _alone(message: Message) -> MessageHead:
    if message.status == "streaming":
        return MessageHead(message.id, message.role, message.status)
    return MessageHead(
        id=message.id,
        role=message.role,
        status=message.status,
        error=remark(message),
        chars=len(message.text),
        note=_note(message) if message.role == "assistant" else "",
        figures=_figures(message) if message.role == "assistant" else "",
        action=_action(message) if message.role == "assistant" else "",
    )


def _action(message: Message) -> str:
    if message.error_kind == PayeeChanged.__name__:
        return "agree"
    cut = message.status in ("stopped", "interrupted") or message.finish_reason == "length"
    if cut and message.text.strip():
        return "continue"
    return "again" if message.status != "complete" or not message.text.strip() else ""


def _note(message: Message) -> str:
    return _line(say("note.edited") if message.edited_at else "", message.served_model or message.model or "")


def _figures(message: Message) -> str:
    facts: list[str] = []
    if message.output_tokens is not None:
        facts.append(say("note.tokens", count=message.output_tokens))
    seconds = (message.duration_ms or 0) / 1000
    # Of less, it would say 0.0.
    if seconds >= 0.05:
        facts.append(say("note.seconds", seconds=seconds))
    if message.cost is not None:
        facts.append(amount(message.cost, message.currency))
    return _line(*facts)


def _line(*facts: str) -> str:
    return " · ".join(fact for fact in facts if fact)
