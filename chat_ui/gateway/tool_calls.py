"""Which call a piece of a tool call belongs to.

OpenAI numbers calls by ``index``. Others leave the index out, begin at 1, or send every parallel call as 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chat_ui.gateway.events import ToolCallDelta
from chat_ui.gateway.json_values import as_count, as_list, as_mapping, as_text, parse_json
from chat_ui.gateway.surrogates import SurrogateJoiner

__all__ = ["ToolCalls"]


@dataclass(slots=True)
class Call:
    index: int
    id: str | None = None
    name: str | None = None
    arguments: list[str] = field(default_factory=list[str])
    joiner: SurrogateJoiner = field(default_factory=SurrogateJoiner)

    def has_whole_arguments(self) -> bool:
        try:
            parse_json("".join(self.arguments))
        except ValueError:
            return False
        return True

    def has_no_arguments(self) -> bool:
        return not any(self.arguments)


class ToolCalls:
    """The calls of one answer, as their pieces come in."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._by_number: dict[int, Call] = {}

    def decode(self, delta: dict[str, Any]) -> Iterator[ToolCallDelta]:
        """The pieces in one delta (or message)."""
        pieces = [as_mapping(piece) for piece in as_list(delta.get("tool_calls"))]
        if not pieces and (older := as_mapping(delta.get("function_call"))):
            pieces = [{"index": 0, "function": older}]
        for piece in pieces:
            yield from self._decode_piece(piece)

    def _decode_piece(self, piece: dict[str, Any]) -> Iterator[ToolCallDelta]:
        function = as_mapping(piece.get("function"))
        call_id, name = as_text(piece.get("id")), as_text(function.get("name"))
        arguments = _arguments(function.get("arguments"))
        if not (call_id or name or arguments):
            return
        call = self._belongs_to(as_count(piece.get("index")), call_id, name)
        call.arguments.append(arguments)
        event = ToolCallDelta(
            call.index,
            call_id if call.id is None else None,
            name if call.name is None else None,
            call.joiner.join(arguments),
        )
        call.id, call.name = call.id or call_id, call.name or name
        if event.id or event.name or event.arguments:
            yield event

    def _belongs_to(self, number: int | None, call_id: str | None, name: str | None) -> Call:
        call = self._found(number, call_id)
        if call is None or self._begins_another(call, number, call_id, name):
            call = self._new(number)
        if number is not None:
            self._by_number[number] = call
        return call

    def _found(self, number: int | None, call_id: str | None) -> Call | None:
        if number is not None:
            return self._by_number.get(number)
        if call_id:
            return next((call for call in self._calls if call.id == call_id), None)
        return self._calls[-1] if self._calls else None

    def _begins_another(self, call: Call, number: int | None, call_id: str | None, name: str | None) -> bool:
        """Whether a piece that looks like more of this call is the first of the next one.

        A call begins with a name, after the one before is whole. Names alone say nothing where calls are
        numbered: some gateways repeat them in every piece.
        """
        if name is None:
            return False
        if call_id and call.id:
            return call_id != call.id and (call.has_no_arguments() or call.has_whole_arguments())
        return number is None and call_id is None and call.has_whole_arguments()

    def _new(self, number: int | None) -> Call:
        taken = {call.index for call in self._calls}
        free = number is not None and number not in taken
        call = Call(number if number is not None and free else max(taken, default=-1) + 1)
        self._calls.append(call)
        return call


def _arguments(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value) if as_mapping(value) else ""
