"""An answer as it grows: what has been said, what the readers have, what is on disk."""

from __future__ import annotations

from typing import assert_never

from chat_ui.chat.changes import Part, Piece
from chat_ui.chat.joining import Join
from chat_ui.chat.tool_log import ToolLog
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
    renewed,
)
from chat_ui.store.runs import NOTHING_SAID, Texts

__all__ = ["Answer", "GrowingText"]


class GrowingText:
    """One text that only grows, with a cursor for those who read it and one for the disk.

    Args:
        part: which part of an answer it is.
        begin: what it begins with, which the readers and the disk have.
    """

    def __init__(self, part: Part, begin: str = "") -> None:
        self.part: Part = part
        self._chunks: list[str] = [begin]
        self._unsent: list[str] = []
        self._unsaved: list[str] = []
        self._sent = len(begin)

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


class Answer:
    """What a gateway has said in one stream.

    Texts grow; of everything else the last word counts.

    Args:
        begun: what an earlier answer has said, which this one continues.
        continues_exactly: whether the model goes on from the last character, as ``Join`` has it.
    """

    def __init__(self, begun: Texts = NOTHING_SAID, *, continues_exactly: bool = False) -> None:
        self.text = GrowingText("text", begun.text)
        self.reasoning = GrowingText("reasoning", begun.reasoning)
        self.tool_calls = GrowingText("tool_calls", begun.tool_calls)
        self.finish_reason: FinishReason | None = None
        self.usage: Usage | None = None
        self.metadata = Metadata()
        self.receipt: Receipt | None = None
        self.thinks = False
        self._begun = begun
        self._join = Join(begun.text, continues_exactly=continues_exactly)
        self._tool_log = ToolLog()

    def add(self, event: StreamEvent) -> int:
        """Take in one event; returns by how many code points the texts grew."""
        match event:
            case TextDelta(text):
                self.thinks = False
                return self._grow(self.text, self._join.feed(text))
            case ReasoningDelta(text):
                self.thinks = True
                return self._grow(self.reasoning, text)
            case ToolCallDelta():
                self.thinks = False
                return self._grow(self.tool_calls, self._tool_log.write(event))
            case Usage():
                self.usage = event
            case Metadata():
                self.metadata = renewed(self.metadata, event)
            case Finish(reason):
                self.finish_reason = reason
            case Receipt():
                self.receipt = event
            case Waiting():
                pass
            case _:
                assert_never(event)
        return 0

    def expect_retelling(self) -> None:
        """Know that the model is asked in words to go on, and may repeat what it has said."""
        self._join = Join(self._begun.text, continues_exactly=False)

    def end(self) -> int:
        """Take in what was held back, now that nothing more comes; returns by how much the texts grew."""
        return self._grow(self.text, self._join.end())

    def _grow(self, growing: GrowingText, text: str) -> int:
        if text:
            growing.add(text)
        return len(text)

    @property
    def texts(self) -> Texts:
        """All that it says by now."""
        return Texts(str(self.text), str(self.reasoning), str(self.tool_calls))

    @property
    def parts(self) -> tuple[GrowingText, ...]:
        """The texts, in the order in which they are told."""
        return self.reasoning, self.text, self.tool_calls

    def take_pieces(self, message_id: str) -> list[Piece]:
        """What the readers don't have yet."""
        pieces = (part.take_piece(message_id) for part in self.parts)
        return [piece for piece in pieces if piece is not None]
