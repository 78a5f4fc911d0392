"""An answer as it grows: what has been said, what the readers have, what is on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from chat_ui.chat.changes import Part, Piece
from chat_ui.gateway import (
    Finish,
    FinishReason,
    Metadata,
    ReasoningDelta,
    Receipt,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
    Waiting,
)

__all__ = ["Answer", "GrowingText"]


class GrowingText:
    """One text that only grows, with a cursor for those who read it and one for the disk.

    Args:
        part: which part of an answer it is.
    """

    def __init__(self, part: Part) -> None:
        self.part: Part = part
        self._chunks: list[str] = []
        self._unsent: list[str] = []
        self._unsaved: list[str] = []
        self._sent = 0

    def __str__(self) -> str:
        return "".join(self._chunks)

    def add(self, text: str) -> None:
        """Grow by a text."""
        for chunks in (self._chunks, self._unsent, self._unsaved):
            chunks.append(text)

    def take_piece(self, message_id: str) -> Piece | None:
        """What the readers don't have yet, as the next piece."""
        text = "".join(self._unsent)
        if not text:
            return None
        piece = Piece(message_id, self.part, self._sent, text)
        self._sent += len(text)
        self._unsent.clear()
        return piece

    def take_unsaved(self) -> str:
        """What the disk doesn't have yet."""
        text = "".join(self._unsaved)
        self._unsaved.clear()
        return text

    def give_back(self, text: str) -> None:
        """Put back what could not be saved, to be taken again."""
        self._unsaved.insert(0, text)


@dataclass(slots=True)
class Answer:
    """What a gateway has said in one stream.

    Texts grow; of everything else the last word counts.
    """

    text: GrowingText = field(default_factory=lambda: GrowingText("text"))
    reasoning: GrowingText = field(default_factory=lambda: GrowingText("reasoning"))
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    metadata: Metadata = field(default_factory=Metadata)

    def add(self, event: StreamEvent) -> int:
        """Take in one event; returns by how many code points the texts grew."""
        match event:
            case TextDelta(text):
                self.text.add(text)
                return len(text)
            case ReasoningDelta(text):
                self.reasoning.add(text)
                return len(text)
            case Usage():
                self.usage = event
            case Metadata():
                self.metadata = _merged(self.metadata, event)
            case Finish(reason):
                self.finish_reason = reason
            case ToolCallDelta() | Receipt() | Waiting():
                pass
            case _:
                assert_never(event)
        return 0

    @property
    def parts(self) -> tuple[GrowingText, GrowingText]:
        """The texts, in the order in which they are told."""
        return self.reasoning, self.text

    def take_pieces(self, message_id: str) -> list[Piece]:
        """What the readers don't have yet."""
        pieces = (part.take_piece(message_id) for part in self.parts)
        return [piece for piece in pieces if piece is not None]


def _merged(old: Metadata, new: Metadata) -> Metadata:
    names = Metadata.__dataclass_fields__
    known = {name: getattr(new, name) for name in names if getattr(new, name) is not None}
    return Metadata(**({name: getattr(old, name) for name in names} | known))
