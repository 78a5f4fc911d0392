"""Joins the rest of an answer to what came before it."""

from __future__ import annotations

__all__ = ["Join"]

LONGEST_OVERLAP = 400
# Shorter repetitions happen by chance: "…is a" and "a tree" share a word that both need.
SHORTEST_OVERLAP = 8


class Join:
    """Leaves out what a model repeats of the end of its answer when it is asked to go on.

    A beginning that may still turn out to be a repetition is held back until that is known.

    Args:
        before: the answer so far.
        continues_exactly: whether the model writes on from the very last character, as with a prefill, which
            is sent without the white space at its end; otherwise it was asked in words not to repeat itself.
    """

    def __init__(self, before: str, *, continues_exactly: bool) -> None:
        trimmed = before.rstrip()
        self._space = before[len(trimmed) :] if continues_exactly else ""
        self._tail = "" if continues_exactly else before[-LONGEST_OVERLAP:]
        self._held = ""
        self._is_open = True

    def feed(self, text: str) -> str:
        """What the answer grows by, now that this has come."""
        if not self._is_open:
            return text
        self._held += text
        if self._may_go_on():
            return ""
        return self.end()

    def end(self) -> str:
        """What was held back, without what it repeats."""
        self._is_open = False
        held, self._held = self._held, ""
        return held[self._repeated(held) :]

    def _may_go_on(self) -> bool:
        """Whether more of the answer's end may be repeated than what has come."""
        held = self._held
        if self._space:
            return len(held) < len(self._space) and self._space.startswith(held)
        starts = range(len(self._tail) - len(held))
        return any(self._tail.startswith(held, start) for start in starts)

    def _repeated(self, held: str) -> int:
        if self._space:
            sizes = range(len(self._space), 0, -1)
            return next((size for size in sizes if held.startswith(self._space[-size:])), 0)
        longest = min(len(self._tail), len(held))
        sizes = range(longest, SHORTEST_OVERLAP - 1, -1)
        return next((size for size in sizes if held.startswith(self._tail[-size:])), 0)
