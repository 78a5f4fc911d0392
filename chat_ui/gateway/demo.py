"""The demo model: what answers when no gateway is set up.

It is a transport, so that all above it runs as with a real gateway: bytes, events, clocks, cancellation.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

from chat_ui.gateway import demo_texts
from chat_ui.gateway.json_values import as_count, as_list, as_mapping, as_text, parse_json
from chat_ui.gateway.profile import GatewayProfile
from chat_ui.words import say

__all__ = ["DemoTransport", "demo_profile"]

MODEL = "demo"
TOKENS_PER_SECOND = 50.0

TOKEN = re.compile(r"\s*\S+")
ASKED_LENGTH = re.compile(r"\b(\d[\d,]*)\s*(?:tokens|words)\b", re.IGNORECASE)
DEFAULT_LENGTH = 800
LONGEST = 20_000

SUBJECTS = (
    (re.compile(r"\b(diagrams?|mermaid)\b", re.I), demo_texts.DIAGRAM),
    (re.compile(r"\bfootnotes?\b", re.I), demo_texts.FOOTNOTES),
    (re.compile(r"\btools?\b", re.I), demo_texts.TOOLS),
    (re.compile(r"\btables?\b", re.I), demo_texts.TABLE),
    (re.compile(r"\bcode\b", re.I), demo_texts.CODE),
    (re.compile(r"\bmath(s|ematics)?\b", re.I), demo_texts.MATH),
    (re.compile(r"\bmarkdown\b", re.I), demo_texts.MARKDOWN),
)
LONG = re.compile(r"\blong\b", re.I)
THINK = re.compile(r"\bthink(ing)?\b", re.I)


def demo_profile() -> GatewayProfile:
    """The gateway behind which the demo model stands; it needs ``DemoTransport`` as its transport."""
    return GatewayProfile(
        "demo", "http://demo.invalid/v1", label=say("gateway.demo"), model=MODEL, prefill="plain"
    )


class DemoTransport(httpx.AsyncBaseTransport):
    """Answers like a gateway with one model, ``demo``, which knows a few texts and nothing else.

    Words in the last message choose the text: "table", "code", "math", "markdown", "diagram", "footnotes",
    "tools", which calls one, "long", or a length such as "2000 tokens", of which each then carries its
    number, from ``w1``. With "think", reasoning comes first.
    Where the last message is its own, it goes on with it.

    Args:
        tokens_per_second: the pace of the answer; ``None`` or 0 for as fast as it is read.
    """

    def __init__(self, *, tokens_per_second: float | None = TOKENS_PER_SECOND) -> None:
        self._seconds_per_token = 1 / tokens_per_second if tokens_per_second else 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer ``GET …/models`` and ``POST …/chat/completions``."""
        match request.method, request.url.path.rpartition("/v1")[2]:
            case "GET", "/models":
                listed = {"id": MODEL, "object": "model", "owned_by": "chat-ui"}
                return httpx.Response(200, json={"object": "list", "data": [listed]})
            case "POST", "/chat/completions":
                return self._answer(await request.aread())
            case _:
                return _refusal(404, "There is no such path.")

    def _answer(self, content: bytes) -> httpx.Response:
        try:
            body = as_mapping(parse_json(content))
        except ValueError:
            return _refusal(400, "The request isn't JSON.")
        messages = [as_mapping(message) for message in as_list(body.get("messages"))]
        if not messages:
            return _refusal(400, "There are no messages.")
        return httpx.Response(
            200,
            headers={"Content-Type": "text/event-stream"},
            stream=DemoStream(messages, as_count(body.get("max_tokens")), self._seconds_per_token),
        )


class DemoStream(httpx.AsyncByteStream):
    """One answer as server-sent events."""

    def __init__(self, messages: list[dict[str, Any]], max_tokens: int | None, pace: float) -> None:
        asked = next((_content(m) for m in reversed(messages) if m.get("role") == "user"), "")
        reasoning = TOKEN.findall(demo_texts.REASONING) if THINK.search(asked) else []
        tokens: list[tuple[str, Any]] = [("reasoning_content", token) for token in reasoning]
        tokens += [("content", token) for token in answer_tokens(asked)]
        calls = text_about(asked) == demo_texts.TOOLS
        if calls:
            tokens += [("tool_calls", [delta]) for delta in call_of_a_tool()]
        if messages[-1].get("role") == "assistant":
            tokens = rest_of(tokens, _content(messages[-1]))
        self._tokens = tokens[:max_tokens]
        self._reason = ("tool_calls" if calls else "stop") if len(self._tokens) == len(tokens) else "length"
        self._thought = sum(field == "reasoning_content" for field, _ in self._tokens)
        self._read = sum(len(TOKEN.findall(_content(m))) for m in messages)
        self._pace = pace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        yield _chunk({"role": "assistant", "content": ""})
        for number, (field, token) in enumerate(self._tokens, 1):
            # Each token has its time, counted from the start, so that small delays don't add up.
            wait = start + number * self._pace - loop.time() if self._pace else 0.0
            if wait > 0:
                await asyncio.sleep(wait)
            yield _chunk({field: token})
        yield _chunk({}, self._reason)
        yield _event({**_frame(), "choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def _usage(self) -> dict[str, Any]:
        written = len(self._tokens)
        return {
            "prompt_tokens": self._read,
            "completion_tokens": written,
            "total_tokens": self._read + written,
            "completion_tokens_details": {"reasoning_tokens": self._thought},
        }


def answer_tokens(asked: str) -> list[str]:
    """The answer to a message, in pieces of about one token."""
    length = ASKED_LENGTH.search(asked)
    if length is not None:
        digits = length[1].replace(",", "")[:6]
        return demo_texts.numbered(min(max(int(digits), 1), LONGEST))
    text = text_about(asked)
    if text is not None:
        return TOKEN.findall(text)
    if LONG.search(asked):
        return demo_texts.numbered(DEFAULT_LENGTH)
    return TOKEN.findall(demo_texts.WELCOME)


def text_about(asked: str) -> str | None:
    """The prepared text about the first subject that a message names; none where it asks for a length."""
    if ASKED_LENGTH.search(asked):
        return None
    return next((text for pattern, text in SUBJECTS if pattern.search(asked)), None)


def call_of_a_tool() -> Iterator[dict[str, Any]]:
    """The pieces in which a call of a tool comes."""
    named = {"name": "weather", "arguments": ""}
    yield {"index": 0, "id": "call_demo", "type": "function", "function": named}
    for token in TOKEN.findall(demo_texts.TOOL_ARGUMENTS):
        yield {"index": 0, "function": {"arguments": token}}


def rest_of(tokens: list[tuple[str, Any]], said: str) -> list[tuple[str, Any]]:
    """What is left of an answer that is to be continued: all of it where it began otherwise."""
    content = [token for token in tokens if token[0] == "content"]
    whole = "".join(text for _, text in content)
    if not whole.startswith(said):
        return content
    return [("content", token) for token in TOKEN.findall(whole[len(said) :])]


def _content(message: dict[str, Any]) -> str:
    return as_text(message.get("content")) or ""


def _frame() -> dict[str, Any]:
    return {"id": "chatcmpl-demo", "object": "chat.completion.chunk", "created": 0, "model": MODEL}


def _chunk(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    return _event({**_frame(), "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def _event(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload, ensure_ascii=False).encode() + b"\n\n"


def _refusal(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": message, "type": "invalid_request_error"}})
