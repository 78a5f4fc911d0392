"""What the server pushes to a page beside Reflex's state.

Reflex sends a state var whole whenever it changes. Texts would be sent again and again that way, so they
go as ``_set_value`` events instead, which take no lock and carry only what is new. The page's end of
this is ``ui/components/texts.js`` and ``ui/components/outbox.js``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from reflex.event import Event
from reflex_base.event.context import EventContext

from chat_ui.chat.changes import Piece, RunPaying, RunWaiting
from chat_ui.store.messages import Message

__all__ = ["Channel", "Push", "details", "push", "refused", "stored", "texts", "thought"]

TEXTS = "ref_texts"
COMPOSER = "ref_composer"
BATCH_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class Push:
    """An event for the page's own script, without the empty field that Reflex's ``Event`` carries along."""

    name: str
    payload: dict[str, Any]


async def push(*pushes: Push) -> None:
    """Send to the page whose event is being handled, at once and without its state's lock."""
    await EventContext.get().emit_event(*cast("Sequence[Event]", pushes))


class Channel:
    """What one follower pushes. It gives each growing answer a short name, which its many pieces carry.

    A text that is final doesn't change: the page that has it isn't sent it again.
    """

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}
        self._final: set[str] = set()

    def piece(self, grown: Piece) -> Push:
        """Let an answer grow on the page."""
        value: list[Any] = [self._key(grown.message_id), grown.offset, grown.text]
        if grown.part != "text":
            value.append(grown.part)
        return _set(TEXTS, value)

    def hurdle(self, hurdle: RunWaiting | RunPaying) -> Push:
        """Tell the page what an answer waits for; its first piece ends that."""
        value: dict[str, Any] = {"id": hurdle.message_id}
        if isinstance(hurdle, RunWaiting):
            value |= {"wait": hurdle.seconds, "why": hurdle.words}
        else:
            value["paying"] = hurdle.words
        return _set(TEXTS, value)

    def texts(self, messages: Sequence[Message]) -> Iterator[Push]:
        """Put whole texts on the page, as ``texts`` does, and name those that are still growing."""
        growing = [message for message in messages if message.status == "streaming"]
        keys = {str(self._key(message.id)): message.id for message in growing}
        yield from texts([message for message in messages if message.id not in self._final])
        self._final |= {message.id for message in messages} - set(keys.values())
        if keys:
            yield _set(TEXTS, {"keys": keys})

    def end(self, message_id: str) -> None:
        """Know that an answer has grown to its end on the page; where pieces are missing, the page asks."""
        self._final.add(message_id)

    def _key(self, message_id: str) -> int:
        return self._keys.setdefault(message_id, len(self._keys))


def texts(messages: Sequence[Message]) -> Iterator[Push]:
    """Put whole texts on the page, the last one first, in frames of a bounded size."""
    batch: list[dict[str, Any]] = []
    chars = 0
    for message in reversed(messages):
        batch.append(_text(message))
        chars += len(message.text) + len(message.reasoning) + len(message.tool_calls)
        if chars >= BATCH_CHARS:
            yield _set(TEXTS, {"texts": batch})
            batch, chars = [], 0
    if batch:
        yield _set(TEXTS, {"texts": batch})


def thought(message: Message) -> Push:
    """Tell the page for how long an answer that has ended was thought about."""
    return _set(TEXTS, {"id": message.id, "thought_ms": message.thought_ms})


def details(message_id: str, facts: Sequence[tuple[str, str]]) -> Push:
    """Tell the page what is known of an answer, each fact with its name."""
    return _set(TEXTS, {"id": message_id, "details": facts})


def stored(send_id: str, conversation_id: str) -> Push:
    """Tell the page that a message is stored, and in which conversation."""
    return _set(COMPOSER, {"id": send_id, "conversation": conversation_id})


def refused(send_id: str, why: str) -> Push:
    """Tell the page that a message was not taken, and why; it keeps the text."""
    return _set(COMPOSER, {"id": send_id, "refused": why})


def _set(ref: str, value: Any) -> Push:
    return Push("_set_value", {"ref": ref, "value": value})


def _text(message: Message) -> dict[str, Any]:
    parts = {
        "reasoning": message.reasoning,
        "thought_ms": message.thought_ms,
        "tool_calls": message.tool_calls,
    }
    return {"id": message.id, "text": message.text, **{name: part for name, part in parts.items() if part}}
