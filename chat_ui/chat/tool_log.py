"""Calls of tools as a text that only grows, so that it can be told, kept and resumed as an answer's text is.

A call begins with U+001E, a line ``[index, id, name]`` in JSON, and then its arguments as they come; no JSON
may hold that character. Where another call is gone on with, its line ``[index]`` comes again. The page reads
it in ``ui/components/tool_calls.jsx``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from chat_ui.gateway import ToolCallDelta

__all__ = ["SEPARATOR", "ToolCall", "ToolLog", "calls_in", "is_log"]

SEPARATOR = "\x1e"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model wants made; its arguments are as the model wrote them, whole JSON or not."""

    id: str | None
    name: str | None
    arguments: str


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


def calls_in(log: str) -> list[ToolCall]:
    """The calls that a log holds, in the order in which they began; of a cut one, what came."""
    calls: dict[int, ToolCall] = {}
    for entry in log.split(SEPARATOR)[1:]:
        head, _, arguments = entry.partition("\n")
        index, id, name = _head(head)
        known = calls.get(index, ToolCall(None, None, ""))
        grown = replace(known, arguments=known.arguments + arguments)
        calls[index] = replace(grown, id=known.id or id, name=known.name or name)
    return list(calls.values())


def _head(text: str) -> tuple[int, str | None, str | None]:
    try:
        index, *named = json.loads(text)
    except ValueError:
        return -1, None, None  # a log that was cut within the line
    id, name = named or (None, None)
    return index, id, name


def is_log(text: str) -> bool:
    """Whether a text is such a log, be it cut, so that the page can read it."""
    before, *entries = text.split(SEPARATOR)
    return not before and all(_is_head(entry.partition("\n")[0]) for entry in entries if "\n" in entry)


def _is_head(text: str) -> bool:
    try:
        head = json.loads(text)
    except ValueError:
        return False
    match head:
        case [int(), *named] if len(named) in (0, 2):
            return all(name is None or isinstance(name, str) for name in named)
        case _:
            return False
