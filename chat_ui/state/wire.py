"""What the server pushes to a page beside Reflex's state.

Reflex sends a state var whole whenever it changes. Texts would be sent again and again that way, so they
go as ``_set_value`` events instead, which take no lock and carry only what is new. The page's end of
this is ``ui/components/texts.js`` and ``ui/components/outbox.js``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from chat_ui.chat.changes import Piece, RunPaying, RunWaiting
from chat_ui.store.messages import Message

__all__ = ["paying", "piece", "refused", "stored", "texts", "waiting"]

TEXTS = "texts"
COMPOSER = "composer"
BATCH_CHARS = 100_000


def piece(grown: Piece) -> EventSpec:
    """Let an answer grow on the page."""
    value: dict[str, Any] = {"id": grown.message_id, "offset": grown.offset, "text": grown.text}
    if grown.part != "text":
        value["part"] = grown.part
    return rx.set_value(TEXTS, value)


def waiting(wait: RunWaiting) -> EventSpec:
    """Tell the page that an answer is waited for, and for how long; its first piece ends that."""
    value: dict[str, Any] = {"id": wait.message_id, "wait": wait.seconds, "why": wait.words}
    return rx.set_value(TEXTS, value)


def paying(payment: RunPaying) -> EventSpec:
    """Tell the page that an answer is being paid for; its first piece ends that."""
    return rx.set_value(TEXTS, {"id": payment.message_id, "paying": payment.words})


def texts(messages: Sequence[Message]) -> Iterator[EventSpec]:
    """Put whole texts on the page, the last one first, in frames of a bounded size."""
    batch: list[dict[str, str]] = []
    chars = 0
    for message in reversed(messages):
        batch.append(_text(message))
        chars += len(message.text) + len(message.reasoning) + len(message.tool_calls)
        if chars >= BATCH_CHARS:
            yield rx.set_value(TEXTS, {"texts": batch})
            batch, chars = [], 0
    if batch:
        yield rx.set_value(TEXTS, {"texts": batch})


def stored(send_id: str, conversation_id: str) -> EventSpec:
    """Tell the page that a message is stored, and in which conversation."""
    return rx.set_value(COMPOSER, {"id": send_id, "conversation": conversation_id})


def refused(send_id: str, why: str) -> EventSpec:
    """Tell the page that a message was not taken, and why; it keeps the text."""
    return rx.set_value(COMPOSER, {"id": send_id, "refused": why})


def _text(message: Message) -> dict[str, str]:
    parts = {"reasoning": message.reasoning, "tool_calls": message.tool_calls}
    spoken = {part: text for part, text in parts.items() if text}
    return {"id": message.id, "text": message.text, **spoken}
