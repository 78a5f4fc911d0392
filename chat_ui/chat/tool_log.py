"""Calls of tools as a text that only grows, so that it can be told, kept and resumed as an answer's text is.

A call begins with U+001E, a line ``[index, id, name]`` in JSON, and then its arguments as they come; no JSON
may hold that character. Where another call is gone on with, its line ``[index]`` comes again. The page reads
it in ``ui/components/tool_calls.jsx``.
"""

from __future__ import annotations

import json

from chat_ui.gateway import ToolCallDelta

__all__ = ["SEPARATOR", "ToolLog", "is_log"]

SEPARATOR = "\x1e"


class ToolLog:
    """Writes the calls of one answer."""

    def __init__(self) -> None:
        self._current: int | None = None

    def write(self, delta: ToolCallDelta) -> str:
        """What the log grows by."""
        arguments = delta.arguments.replace(SEPARATOR, " ")
        if delta.index == self._current and delta.id is None and delta.name is None:
            return arguments
        self._current = delta.index
        named = delta.id is not None or delta.name is not None
        head = [delta.index, delta.id, delta.name] if named else [delta.index]
        return f"{SEPARATOR}{json.dumps(head, ensure_ascii=False, separators=(',', ':'))}\n{arguments}"


def is_log(text: str) -> bool:
    """Whether a text is such a log, be it cut, so that the page can read it."""
    before, *entries = text.split(SEPARATOR)
    return not before and all(_is_head(entry.partition("\n")[0]) for entry in entries if "\n" in entry)


def _is_head(text: str) -> bool:
    try:
        head = json.loads(text)
    except (ValueError, RecursionError):
        return False
    match head:
        case [int(), *named] if len(named) in (0, 2):
            return all(name is None or isinstance(name, str) for name in named)
        case _:
            return False
