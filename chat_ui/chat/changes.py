"""What can happen in a conversation and in a person's list of them, and what a worker may be asked for.

A change that alters the stored conversation carries the revision it led to. Pieces carry none: their
order is their offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chat_ui.store.conversations import Conversation
from chat_ui.store.messages import Message

__all__ = [
    "AnswerUnsaved",
    "BranchShown",
    "Change",
    "ConversationChanged",
    "ConversationDeleted",
    "MessageEnded",
    "Notice",
    "Part",
    "Piece",
    "RunPaying",
    "RunWaiting",
    "Snapshot",
    "StopAsked",
    "TurnStarted",
]

Part = Literal["text", "reasoning", "tool_calls"]


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
class RunPaying:
    """The gateway is paid for the answer now; the answer's first piece ends that.

    Args:
        message_id: the answer.
        words: how much and to whom, as a sentence.
    """

    message_id: str
    words: str


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """An answer was begun, to a new message or once more to an old one.

    Args:
        conversation: as it is now.
        added: the messages that are new, each an answer to the one before it. The branch that is shown now
            is what leads to the first one's parent, and then these.
        siblings: the ids of all that follow the same message as the first one, it included, in the order of
            their making.
    """

    conversation: Conversation
    added: tuple[Message, ...]
    siblings: tuple[str, ...] = ()


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
class BranchShown:
    """Another branch is shown now, or messages have gone or come back: what is seen is to be read again.

    Args:
        conversation: as it is now.
        length: how many messages stand beneath the place where the branches part.
    """

    conversation: Conversation
    length: int = 0


@dataclass(frozen=True, slots=True)
class ConversationDeleted:
    """A conversation is gone."""

    conversation: Conversation


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The worker that writes this answer is to end it; whether it may be is in the database."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation as it stands: the end of its active path.

    The text of an answer that is still growing is as long as it was when the snapshot was taken; pieces
    that follow continue from there.

    Args:
        conversation: as it is now.
        messages: the last ones of the path, the oldest first; those before them are asked for apart.
        followers: what follows a message, by its id, in every branch; None for the first messages.
    """

    conversation: Conversation
    messages: tuple[Message, ...]
    followers: Mapping[str | None, tuple[str, ...]] = field(default_factory=dict[str | None, tuple[str, ...]])

    @property
    def is_whole(self) -> bool:
        """Whether the path begins with its first message."""
        return not self.messages or self.messages[0].parent_id is None


Change = (
    Piece
    | RunWaiting
    | RunPaying
    | TurnStarted
    | MessageEnded
    | AnswerUnsaved
    | ConversationChanged
    | ConversationDeleted
    | BranchShown
)
Notice = Change | StopAsked
"""What a feed carries."""
