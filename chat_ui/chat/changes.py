"""What can happen in a conversation and in a person's list of them.

A change that alters the stored conversation carries the revision it led to. Pieces carry none: their
order is their offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chat_ui.store.conversations import Conversation
from chat_ui.store.messages import Message

__all__ = [
    "AnswerUnsaved",
    "Change",
    "ConversationChanged",
    "ConversationDeleted",
    "MessageEnded",
    "Part",
    "Piece",
    "RunWaiting",
    "Snapshot",
    "TurnStarted",
]

Part = Literal["text", "reasoning"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that an answer grew by.

    Args:
        message_id: the answer.
        part: which of its texts grew.
        offset: how many code points came before it.
        text: what is new.
    """

    message_id: str
    part: Part
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class RunWaiting:
    """The gateway can't answer yet and will be asked again; the answer's first piece ends the wait.

    Args:
        message_id: the answer.
        seconds: how long the wait is from now; None where nobody knows.
        words: what stands in the way, as a sentence.
    """

    message_id: str
    seconds: float | None
    words: str


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A message was sent and an answer to it was begun."""

    conversation: Conversation
    question: Message
    answer: Message


@dataclass(frozen=True, slots=True)
class MessageEnded:
    """An answer has reached its final status; the message holds all of its text."""

    conversation: Conversation
    message: Message


@dataclass(frozen=True, slots=True)
class AnswerUnsaved:
    """An answer has ended and can't be saved for now; the message, all of its text in it, says why.

    Nothing was stored, so there is no revision to carry. A ``MessageEnded`` follows if saving works later.
    """

    message: Message


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """A conversation was made, renamed, given another model, or written to."""

    conversation: Conversation


@dataclass(frozen=True, slots=True)
class ConversationDeleted:
    """A conversation is gone."""

    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation as it stands: its active path from the first message to the last.

    The text of an answer that is still growing is as long as it was when the snapshot was taken; pieces
    that follow continue from there.
    """

    conversation: Conversation
    messages: tuple[Message, ...]


Change = (
    Piece
    | RunWaiting
    | TurnStarted
    | MessageEnded
    | AnswerUnsaved
    | ConversationChanged
    | ConversationDeleted
)
