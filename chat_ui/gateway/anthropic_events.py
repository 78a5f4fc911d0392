"""The shape of Anthropic's messages, which some gateways pass through whatever shape was asked for.

https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chat_ui.gateway.events import Finish, Metadata, ReasoningDelta, StreamEvent, TextDelta, Usage
from chat_ui.gateway.json_values import as_count, as_list, as_mapping, as_text
from chat_ui.gateway.reasons import reason_named
from chat_ui.gateway.tool_calls import ToolCalls
from chat_ui.gateway.unknown import note_unknown, note_unknown_fields

__all__ = ["AnthropicEvents"]

TYPES = frozenset(
    {
        "message",
        "message_start",
        "message_delta",
        "message_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "ping",
    }
)
FIELDS = frozenset(
    {"type", "index", "message", "content_block", "delta", "usage"}
    # Of a whole message, which comes where nothing is streamed.
    | {"id", "role", "model", "content", "stop_reason", "stop_sequence", "container", "context_management"}
)
# A signature proves the thinking to Anthropic, citations name sources: neither is text of the answer.
SILENT_DELTAS = frozenset({"signature_delta", "citations_delta"})
SILENT_BLOCKS = frozenset({"redacted_thinking"})


@dataclass(slots=True)
class Block:
    """A content block that is open.

    Args:
        call: the number of the tool call it is, if it is one.
        whole_input: arguments that its start gave, told if no pieces of them follow.
    """

    call: int | None = None
    whole_input: str = ""


class AnthropicEvents:
    """Decodes the events of a stream, and the complete message that comes where nothing is streamed."""

    def __init__(self) -> None:
        self._tool_calls = ToolCalls()
        self._calls = 0
        self._blocks: dict[int | None, Block] = {}
        self._counts: dict[str, int] = {}
        self._any_content = False

    def recognizes(self, body: dict[str, Any], name: str) -> bool:
        """Whether this is such an event; some proxies say its type only in the event's name."""
        return self._type(body, name) in TYPES

    def ends(self, body: dict[str, Any], name: str) -> bool:
        """Whether nothing of the answer comes after this event."""
        return self._type(body, name) in {"message_stop", "message"}

    def decode(self, body: dict[str, Any], name: str) -> list[StreamEvent]:
        """The events in one event."""
        note_unknown_fields("message event", body, FIELDS)
        index = as_count(body.get("index"))
        match self._type(body, name):
            case "message_start":
                found = self._started(as_mapping(body.get("message")))
            case "message":
                found = self._whole(body)
            case "content_block_start":
                found = self._block_started(index, as_mapping(body.get("content_block")))
            case "content_block_delta":
                found = self._block_delta(index, as_mapping(body.get("delta")))
            case "content_block_stop":
                found = self._block_stopped(index)
            case "message_delta":
                found = self._ending(body, as_mapping(body.get("delta")).get("stop_reason"))
            case "message_stop":
                found = iter([Finish("stop")])
            case _:
                found = iter([])
        events = list(found)
        self._any_content |= any(not isinstance(event, Metadata | Usage | Finish) for event in events)
        return events

    @staticmethod
    def _type(body: dict[str, Any], name: str) -> str:
        # An event without a name is called "message", which here would be a type.
        return as_text(body.get("type")) or (name if name != "message" else "")

    def _started(self, message: dict[str, Any]) -> Iterator[StreamEvent]:
        if model := as_text(message.get("model")):
            yield Metadata(model=model)
        yield from self._usage(message)

    def _whole(self, message: dict[str, Any]) -> Iterator[StreamEvent]:
        if model := as_text(message.get("model")):
            yield Metadata(model=model)
        if not self._any_content:
            for index, block in enumerate(map(as_mapping, as_list(message.get("content")))):
                yield from self._block_started(index, block)
                yield from self._block_stopped(index)
        yield from self._ending(message, message.get("stop_reason"))

    def _block_started(self, index: int | None, block: dict[str, Any]) -> Iterator[StreamEvent]:
        kind = as_text(block.get("type")) or "text"
        self._blocks[index] = Block()
        if kind == "tool_use":
            given = as_mapping(block.get("input"))
            self._blocks[index] = Block(self._calls, json.dumps(given) if given else "")
            self._calls += 1
            yield from self._piece(self._blocks[index], block.get("id"), block.get("name"), "")
        elif kind in {"text", "thinking"}:
            yield from _text(block)
        elif kind not in SILENT_BLOCKS:
            note_unknown("content block", kind)

    def _block_delta(self, index: int | None, delta: dict[str, Any]) -> Iterator[StreamEvent]:
        kind = as_text(delta.get("type")) or ""
        block = self._blocks.get(index, Block())
        if kind == "input_json_delta":
            # Tools that the gateway runs itself stream their input too; only a tool_use block is our call.
            if block.call is not None and (piece := delta.get("partial_json")):
                block.whole_input = ""
                yield from self._piece(block, None, None, piece)
        elif kind in {"text_delta", "thinking_delta"}:
            yield from _text(delta)
        elif kind not in SILENT_DELTAS:
            note_unknown("content delta", kind)

    def _block_stopped(self, index: int | None) -> Iterator[StreamEvent]:
        block = self._blocks.pop(index, None)
        if block is not None and block.whole_input:
            yield from self._piece(block, None, None, block.whole_input)

    def _piece(self, block: Block, call_id: object, name: object, arguments: object) -> Iterator[StreamEvent]:
        function = {"name": name, "arguments": arguments}
        piece = {"index": block.call, "id": call_id, "function": function}
        yield from self._tool_calls.decode({"tool_calls": [piece]})

    def _ending(self, body: dict[str, Any], reason: object) -> Iterator[StreamEvent]:
        yield from self._usage(body)
        if ended := as_text(reason):
            yield Finish(reason_named(ended))

    def _usage(self, body: dict[str, Any]) -> Iterator[Usage]:
        """The counts so far. Those of the end are cumulative, and repeat only some of the start's."""
        for name, value in as_mapping(body.get("usage")).items():
            if (count := as_count(value)) is not None:
                # A proxy that doesn't know a count sends 0 in place of the one that it sent before.
                self._counts[name] = count or self._counts.get(name, 0)
        if not self._counts:
            return
        # Anthropic counts what it reads from a cache, or writes to it, apart; others within the input.
        parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        known = [self._counts[part] for part in parts if part in self._counts]
        usage = Usage(
            input_tokens=sum(known) if known else None,
            output_tokens=self._counts.get("output_tokens"),
            cached_tokens=self._counts.get("cache_read_input_tokens"),
        )
        if usage != Usage():
            yield usage


def _text(part: dict[str, Any]) -> Iterator[StreamEvent]:
    # Not as_text: a half character must reach the joiner as it is.
    thinking, text = part.get("thinking"), part.get("text")
    if isinstance(thinking, str) and thinking:
        yield ReasoningDelta(thinking)
    if isinstance(text, str) and text:
        yield TextDelta(text)
