"""A streamed answer as bytes, in the shape that OpenAI sends."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

__all__ = ["chunk", "completion", "ending", "first_chunk", "recorded"]

ID = "chatcmpl-CkJ8d2rN0Qw4vTqGmYb5oLz7aXs1E"
CREATED = 1_763_650_000
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
PADDED_TO = 16


def chunk(piece: str, model: str, chance: random.Random) -> bytes:
    """The event that carries one piece.

    OpenAI pads each to a similar length, so that nobody can guess the words from the sizes of packets.
    """
    padding = "".join(chance.choices(LETTERS, k=max(1, PADDED_TO - len(piece))))
    return _event(model, [_choice({"content": piece})], usage=None, obfuscation=padding)


def first_chunk(model: str) -> bytes:
    """The event before the first piece, which only says who speaks."""
    return _event(model, [_choice({"role": "assistant", "content": "", "refusal": None})], usage=None)


def ending(model: str, count: int) -> bytes:
    """The events after the last piece."""
    return b"".join(
        [
            _event(model, [_choice({}, "stop")], usage=None),
            _event(model, [], usage=_usage(count)),
            b"data: [DONE]\n\n",
        ]
    )


def completion(pieces: list[str], model: str) -> dict[str, Any]:
    """The whole answer for whoever doesn't want it streamed."""
    message = {"role": "assistant", "content": "".join(pieces), "refusal": None}
    choices = [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    return {**_head("chat.completion", model), "choices": choices, "usage": _usage(len(pieces))}


def recorded(pieces: Iterable[str], model: str = "gpt-5.1-2025-11-13") -> list[bytes]:
    """All events of an answer."""
    chance, written = random.Random(0), list(pieces)
    return [
        first_chunk(model),
        *(chunk(piece, model, chance) for piece in written),
        ending(model, len(written)),
    ]


def _event(model: str, choices: list[dict[str, Any]], **more: Any) -> bytes:
    payload = {**_head("chat.completion.chunk", model), "choices": choices, **more}
    return b"data: " + json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def _head(kind: str, model: str) -> dict[str, Any]:
    return {
        "id": ID,
        "object": kind,
        "created": CREATED,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_b1442291a8",
    }


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _usage(count: int) -> dict[str, Any]:
    return {
        "prompt_tokens": 24,
        "completion_tokens": count,
        "total_tokens": 24 + count,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
