"""Reasoning that a model writes into its answer, between ``<think>`` and ``</think>``."""

from __future__ import annotations

from enum import Enum, auto

from chat_ui.gateway.events import ReasoningDelta, TextDelta

__all__ = ["ThinkTags"]

OPEN, CLOSE = "<think>", "</think>"
SLACK = 200  # how far, in characters, the tags may run ahead of the same reasoning under its own name


class Phase(Enum):
    UNDECIDED = auto()
    OPENED = auto()
    THINKING = auto()
    COMPARING = auto()
    AFTER = auto()
    ANSWER = auto()


class ThinkTags:
    """Tells reasoning from answer where both come as text.

    Only tags that open the answer count: further on they are what the answer is about, such as code. White
    space around the tags belongs to neither. Some gateways send the same reasoning under its own name
    too; it is told once, and tags around anything else are text like any other.
    """

    def __init__(self) -> None:
        self._phase = Phase.UNDECIDED
        self._held: str = ""
        self._named: list[str] = []
        self._named_length = 0
        self._tagged = False

    def reasoning(self, text: str) -> list[ReasoningDelta]:
        """Take in reasoning that came under its own name, and return what of it is new."""
        if self._tagged:
            return []
        if self._phase is not Phase.ANSWER:
            self._named.append(text)
            self._named_length += len(text)
        return [ReasoningDelta(text)]

    def text(self, text: str) -> list[TextDelta | ReasoningDelta]:
        """Take in text of the answer, and return what of it is decided."""
        if self._phase is Phase.ANSWER:
            return [TextDelta(text)]
        found: list[TextDelta | ReasoningDelta] = []
        self._held += text
        before = None
        # Each pass settles one phase; the next one may already have all it needs.
        while self._held and before is not self._phase:
            before = self._phase
            found += self._settled()
        return found

    def close(self) -> list[TextDelta | ReasoningDelta]:
        """What was held back, now that nothing more comes."""
        held, self._held = self._held, ""
        match self._phase:
            case Phase.THINKING:
                return [ReasoningDelta(held)] if held else []
            case Phase.COMPARING if _inside(held).strip() in "".join(self._named):
                return []
            case _:
                return [TextDelta(held)] if held else []

    def _settled(self) -> list[TextDelta | ReasoningDelta]:
        match self._phase:
            case Phase.UNDECIDED:
                return self._decide()
            case Phase.THINKING:
                return self._think()
            case Phase.COMPARING:
                return self._compare()
            case Phase.OPENED | Phase.AFTER:
                return self._skip_space()
            case Phase.ANSWER:
                held, self._held = self._held, ""
                return [TextDelta(held)]

    def _decide(self) -> list[TextDelta | ReasoningDelta]:
        start = self._held.lstrip()
        if start.startswith(OPEN):
            if self._named:
                self._phase = Phase.COMPARING
                return []
            self._held = start.removeprefix(OPEN)
            self._phase, self._tagged = Phase.OPENED, True
        elif not OPEN.startswith(start):
            self._phase = Phase.ANSWER
        return []

    def _skip_space(self) -> list[TextDelta | ReasoningDelta]:
        self._held = self._held.lstrip()
        if self._held:
            self._phase = Phase.THINKING if self._phase is Phase.OPENED else Phase.ANSWER
        return []

    def _think(self) -> list[TextDelta | ReasoningDelta]:
        thought, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._held, self._phase = rest, Phase.AFTER
            thought = thought.rstrip()
        else:
            kept = _start_of_close(thought)
            thought, self._held = thought[: len(thought) - kept], thought[len(thought) - kept :]
        return [ReasoningDelta(thought)] if thought else []

    def _compare(self) -> list[TextDelta | ReasoningDelta]:
        thought, closed, rest = _inside(self._held).partition(CLOSE)
        if closed and thought.strip() in "".join(self._named):
            self._held, self._phase = rest, Phase.AFTER
        elif closed or len(thought) > self._named_length + SLACK:
            self._phase = Phase.ANSWER
        return []


def _inside(text: str) -> str:
    return text.lstrip().removeprefix(OPEN)


def _start_of_close(text: str) -> int:
    """How many characters at the end may belong to a closing tag, white space before it included."""
    length = next((n for n in range(len(CLOSE) - 1, 0, -1) if text.endswith(CLOSE[:n])), 0)
    without = text[: len(text) - length]
    return len(text) - len(without.rstrip())
