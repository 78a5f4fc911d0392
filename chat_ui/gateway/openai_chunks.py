"""The shape of OpenAI's chat completions, with all that gateways make of it.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chat_ui.gateway.errors import StreamError
from chat_ui.gateway.events import (
    Finish,
    Metadata,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
)
from chat_ui.gateway.json_values import as_amount, as_list, as_mapping, as_text, first_count
from chat_ui.gateway.reasons import reason_named
from chat_ui.gateway.tool_calls import ToolCalls
from chat_ui.gateway.unknown import note_unknown_fields
from chat_ui.gateway.words import quoted, said_in_json

__all__ = ["OpenAIChunks"]

# What is read here, and what says nothing about the answer: counters, padding, the servers' own affairs.
CHUNK = frozenset(
    {"id", "object", "created", "model", "provider", "choices", "usage", "x_groq", "error"}
    | {"service_tier", "system_fingerprint", "obfuscation", "p", "prompt_filter_results"}
    | {"timings", "prompt_logprobs", "prompt_token_ids", "kv_transfer_params"}
)
CHOICE = frozenset(
    {"index", "delta", "message", "finish_reason", "error"}
    | {"logprobs", "native_finish_reason", "content_filter_results", "content_filter_offsets"}
    | {"stop_reason", "token_ids", "matched_stop"}
)
DELTA = frozenset(
    {"role", "content", "refusal", "reasoning_content", "reasoning", "reasoning_details"}
    | {"tool_calls", "function_call", "annotations", "audio"}
)


class OpenAIChunks:
    """Decodes chunks, and the one complete message that some gateways send in place of a stream.

    Args:
        secret: the key in use; the gateway's words about an error are cleaned of it.
    """

    def __init__(self, *, secret: str | None = None) -> None:
        self._secret = secret
        self._served_by: Metadata | None = None
        self._tool_calls = ToolCalls()
        self._any_content = False

    def recognizes(self, body: dict[str, Any]) -> bool:
        """Whether this is a chunk, a complete message, or the usage that ends a stream."""
        return "choices" in body or "x_groq" in body or ("usage" in body and "type" not in body)

    def decode(self, body: dict[str, Any]) -> list[StreamEvent]:
        """The events in one chunk.

        Raises:
            StreamError: the chunk says that the answer ended in an error.
        """
        choice = _choice(body)
        note_unknown_fields("chunk", body, CHUNK)
        note_unknown_fields("choice", choice, CHOICE)
        ended = as_text(choice.get("finish_reason"))
        if ended == "error":
            raise StreamError(detail=quoted(said_in_json(choice.get("error")), self._secret))
        # Most chunks are one piece of text, so what they don't have should cost next to nothing.
        events: list[StreamEvent] = []
        if self._served_by is None:
            events += self._served(body)
        events += self._content(choice)
        if body.get("usage") or "x_groq" in body:
            events += [*_usage(body), *_cost(body)]
        if ended:
            events.append(Finish(reason_named(ended)))
        return events

    def _served(self, body: dict[str, Any]) -> Iterator[Metadata]:
        """Who answers, once: every chunk repeats it."""
        if model := as_text(body.get("model")):
            self._served_by = Metadata(model=model, provider=as_text(body.get("provider")))
            yield self._served_by

    def _content(self, choice: dict[str, Any]) -> list[StreamEvent]:
        delta = as_mapping(choice.get("delta"))
        if not delta and not self._any_content:
            # Some end a stream with the whole message once more; only the first telling counts.
            delta = as_mapping(choice.get("message"))
        note_unknown_fields("delta", delta, DELTA)
        events: list[StreamEvent] = []
        if reasoning := _reasoning(delta):
            events.append(ReasoningDelta(reasoning))
        # A model that refuses says so in place of an answer: https://platform.openai.com/docs/guides/structured-outputs
        events += _parts(delta.get("content") or delta.get("refusal"))
        if delta.get("tool_calls") or delta.get("function_call"):
            events += self._tool_calls.decode(delta)
        self._any_content = self._any_content or bool(events)
        return events


def _choice(body: dict[str, Any]) -> dict[str, Any]:
    """The answer that the page shows. Placeholders and Azure's filter results have none at all."""
    for choice in map(as_mapping, as_list(body.get("choices"))):
        if choice.get("index") in (0, None):
            return choice
    return {}


def _reasoning(delta: dict[str, Any]) -> str:
    """The reasoning under the first name that has any: gateways repeat the same text under several."""
    for name in ("reasoning_content", "reasoning"):
        if isinstance(text := delta.get(name), str) and text:
            return text
    details = map(as_mapping, as_list(delta.get("reasoning_details")))
    return "".join([_string(detail, "text") or _string(detail, "summary") for detail in details])


def _parts(content: object) -> list[StreamEvent]:
    """Text and reasoning in ``content``, which is a string, or a list of parts where models think."""
    if not content:
        return []
    if isinstance(content, str):
        return [TextDelta(content)]
    events: list[StreamEvent] = []
    parts: list[Any] = as_list(content) or [content]
    for part in parts:
        if isinstance(part, str):
            text, thought = part, ""
        else:
            text, thought = _string(as_mapping(part), "text"), _thought(as_mapping(part))
        if thought:
            events.append(ReasoningDelta(thought))
        if text:
            events.append(TextDelta(text))
    return events


def _thought(part: dict[str, Any]) -> str:
    thinking = part.get("thinking")
    if isinstance(thinking, str):
        return thinking
    return "".join(_string(as_mapping(piece), "text") for piece in as_list(thinking))


def _string(mapping: dict[str, Any], name: str) -> str:
    # Not as_text: a half character must reach the joiner as it is.
    value = mapping.get(name)
    return value if isinstance(value, str) else ""


def _usage(body: dict[str, Any]) -> Iterator[Usage]:
    counts = as_mapping(body.get("usage")) or as_mapping(as_mapping(body.get("x_groq")).get("usage"))
    prompt = as_mapping(counts.get("prompt_tokens_details"))
    completion = as_mapping(counts.get("completion_tokens_details"))
    usage = Usage(
        input_tokens=first_count(counts.get("prompt_tokens"), counts.get("input_tokens")),
        output_tokens=first_count(counts.get("completion_tokens"), counts.get("output_tokens")),
        cached_tokens=first_count(prompt.get("cached_tokens"), counts.get("prompt_cache_hit_tokens")),
        reasoning_tokens=first_count(completion.get("reasoning_tokens"), counts.get("reasoning_tokens")),
    )
    if usage != Usage():
        yield usage


def _cost(body: dict[str, Any]) -> Iterator[Metadata]:
    """OpenRouter's price of the answer, in US dollars: https://openrouter.ai/docs/use-cases/usage-accounting."""
    cost = as_amount(as_mapping(body.get("usage")).get("cost"))
    if cost is not None:
        yield Metadata(cost=float(cost), currency="usd")
