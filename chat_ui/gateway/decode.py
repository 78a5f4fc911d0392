"""Server-sent events to stream events, by the shape of what arrives rather than by the gateway's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chat_ui.gateway.anthropic_events import AnthropicEvents
from chat_ui.gateway.errors import NotAnAPI, StreamError
from chat_ui.gateway.events import (
    Finish,
    FinishReason,
    Metadata,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
    renewed,
)
from chat_ui.gateway.json_values import as_count, as_mapping, as_text, parse_json
from chat_ui.gateway.metadata import is_envelope, is_trailer, served_in_envelope, told_in_trailer
from chat_ui.gateway.openai_chunks import OpenAIChunks
from chat_ui.gateway.sse import ServerSentEvent
from chat_ui.gateway.surrogates import SurrogateJoiner
from chat_ui.gateway.think_tags import ThinkTags
from chat_ui.gateway.unknown import note_unknown
from chat_ui.gateway.words import looks_like_html, quoted, said_in_json
from chat_ui.words import say

__all__ = ["DONE", "StreamDecoder"]

DONE = "[DONE]"


class StreamDecoder:
    """Decodes one stream, whatever shapes it mixes.

    What comes out holds exactly one ``Finish``, no doubled metadata, and only text that can be stored.

    Args:
        secret: the key in use; the gateway's words about an error are cleaned of it.
    """

    def __init__(self, *, secret: str | None = None) -> None:
        self._secret = secret
        self._openai = OpenAIChunks(secret=secret)
        self._anthropic = AnthropicEvents()
        self._tags = ThinkTags()
        self._text = SurrogateJoiner()
        self._reasoning = SurrogateJoiner()
        self._started = False
        self._finished = False
        self._done = False
        self._usage = Usage()
        self._served = Metadata()

    def feed(self, event: ServerSentEvent) -> list[StreamEvent]:
        """Take the next event and return what it means; often nothing.

        Raises:
            StreamError: the gateway reports an error.
            NotAnAPI: the data isn't what any gateway sends.
        """
        data = event.data.strip()
        found: list[StreamEvent] = []
        if data.startswith(DONE):
            found += self._finish("stop")
            self._done = True
            # A gateway may glue its trailer to the marker when it forgets the blank line between.
            data = data.removeprefix(DONE).strip()
        if data:
            payload = self._parsed(data, event.event)
            if payload is not None:
                self._raise_reported(payload, event.event)
                for decoded in self._decoded(payload, event.event):
                    found += self._passed_on(decoded)
        return found

    def close(self) -> list[StreamEvent]:
        """Say that the stream has ended; a stream without any sign of an end was interrupted."""
        return [*self._finish("interrupted"), *self._held_back()]

    def _parsed(self, data: str, name: str) -> Any:
        try:
            return parse_json(data)
        except ValueError:
            pass
        if name == "error":
            raise StreamError(detail=quoted(data, self._secret))
        if self._finished or name != "message":
            note_unknown("event without JSON", name)
            return None
        if self._started:
            raise StreamError(say("gateway.unreadable"))
        raise NotAnAPI(detail=None if looks_like_html(data) else quoted(data, self._secret))

    def _raise_reported(self, payload: Any, name: str) -> None:
        """Raise what the gateway reports, unless the answer was already said to be complete."""
        body = as_mapping(payload)
        reported = body.get("error") or name == "error" or body.get("object") == "error"
        if self._done or not reported:
            return
        error = as_mapping(body.get("error")) or body
        raise StreamError(detail=quoted(said_in_json(payload), self._secret), status=_status_in(error))

    def _decoded(self, payload: Any, name: str) -> list[StreamEvent]:
        body = as_mapping(payload)
        if "choices" not in body:
            if is_trailer(body, name, after_end=self._done):
                return told_in_trailer(body)
            if is_envelope(body):
                self._raise_reported(body["response"], "message")
                return [served_in_envelope(body), *self._decoded(body["response"], "message")]
            if self._anthropic.recognizes(body, name):
                self._started = True
                self._done |= self._anthropic.ends(body, name)
                return self._anthropic.decode(body, name)
        if self._openai.recognizes(body):
            self._started = True
            return self._openai.decode(body)
        note_unknown("event", name, body)
        return []

    def _passed_on(self, event: StreamEvent) -> Sequence[StreamEvent]:
        match event:
            case TextDelta():
                return self._tags.text(text) if (text := self._text.join(event.text)) else []
            case ReasoningDelta():
                return self._tags.reasoning(text) if (text := self._reasoning.join(event.text)) else []
            case Usage():
                before, self._usage = self._usage, renewed(self._usage, event)
                return [self._usage] if self._usage != before else []
            case Metadata():
                before, self._served = self._served, renewed(self._served, event)
                return [event] if self._served != before else []
            case Finish():
                return self._finish(event.reason)
            case _:
                return [event]

    def _finish(self, reason: FinishReason) -> list[StreamEvent]:
        if self._finished:
            return []
        self._finished = True
        return [*self._held_back(), Finish(reason)]

    def _held_back(self) -> list[StreamEvent]:
        reasoning, text = self._reasoning.close(), self._text.close()
        return [
            *(self._tags.reasoning(reasoning) if reasoning else []),
            *(self._tags.text(text) if text else []),
            *self._tags.close(),
        ]


def _status_in(error: dict[str, Any]) -> int | None:
    for field in ("status_code", "status", "code"):
        value = error.get(field)
        digits = as_text(value)
        status = int(digits) if digits and len(digits) == 3 and digits.isdecimal() else as_count(value)
        if status is not None and 400 <= status <= 599:
            return status
    return None
