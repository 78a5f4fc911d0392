"""Characters that a gateway cut in half."""

from __future__ import annotations

from chat_ui.gateway.json_values import storable

__all__ = ["SurrogateJoiner"]


class SurrogateJoiner:
    r"""Joins UTF-16 halves that came in two pieces: ``"\ud83d"`` in one delta, ``"\ude00"`` in the next.

    Servers that cut their text by UTF-16 units send this. A half that stays alone becomes U+FFFD.
    """

    def __init__(self) -> None:
        self._held = ""

    def join(self, piece: str) -> str:
        """The text that is certain so far; a first half at the end is held back."""
        if not piece:
            return ""
        text, self._held = self._held + piece, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return storable(text)

    def close(self) -> str:
        """What was held back, now that its other half won't come."""
        text, self._held = self._held, ""
        return storable(text)
