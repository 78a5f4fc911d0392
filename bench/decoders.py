"""How fast bytes become events: our decoders beside those of httpx-sse and the OpenAI SDK.

All take the same bytes in the same pieces, on one core, one after the other in every round; speed is bytes
per second of processor time. ``httpx-sse`` is measured without ``httpx``: its two decoders, put together as
its ``EventSource`` does it.
"""

from __future__ import annotations

import argparse
import codecs
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from httpx_sse._decoders import SSEDecoder as HttpxSSEDecoder
from httpx_sse._decoders import SSELineDecoder
from openai._streaming import SSEDecoder as OpenAISSEDecoder

from bench import measure, report
from bench.answer import pieces
from bench.wire import recorded
from chat_ui.gateway import SSEDecoder, StreamDecoder

__all__ = ["PAGE", "add_arguments", "run"]

PAGE = "docs/benchmarks/gateway.md"
SEGMENT, RECORD = 1448, 16 * 1024

Decoder: TypeAlias = Callable[[list[bytes]], int]


def to_events(chunks: list[bytes]) -> int:
    """Decode to server-sent events, as the peers do; like every decoder here, return how many there were."""
    decoder = SSEDecoder()
    return sum(len(decoder.feed(chunk)) for chunk in chunks) + len(decoder.close())


def to_stream_events(chunks: list[bytes]) -> int:
    """Decode all the way to what the app reads, JSON included."""
    decoder, meaning = SSEDecoder(), StreamDecoder()
    count = 0
    for chunk in chunks:
        for event in decoder.feed(chunk):
            meaning.feed(event)
            count += 1
    return count


def httpx_sse(chunks: list[bytes]) -> int:
    """Decode as ``httpx_sse.EventSource.iter_sse``, which reads ``httpx.Response.iter_text``."""
    text = codecs.getincrementaldecoder("utf-8")("replace")
    lines, decoder = SSELineDecoder(), HttpxSSEDecoder()
    count = 0
    for chunk in chunks:
        for line in lines.decode(text.decode(chunk)):
            count += decoder.decode(line.rstrip("\n")) is not None
    return count


def openai(chunks: list[bytes]) -> int:
    """Decode as ``openai.Stream`` does before it reads the JSON."""
    return sum(1 for _ in OpenAISSEDecoder().iter_bytes(iter(chunks)))


OURS, WHOLE = "Chat UI, to server-sent events", "Chat UI, to stream events"
DECODERS: dict[str, Decoder] = {
    OURS: to_events,
    "httpx-sse": httpx_sse,
    "openai": openai,
    WHOLE: to_stream_events,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tokens", type=int, default=16_000, help="the length of the answer")
    parser.add_argument("--seed", type=int, default=1)


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""
    measure.pin_to_one_core()
    events = recorded(pieces(arguments.tokens, arguments.seed))
    stream = b"".join(events)
    cuts = {
        "one event each": events,
        f"{SEGMENT:,} bytes (TCP segment)": _cut(stream, SEGMENT),
        f"{RECORD:,} bytes (TLS record)": _cut(stream, RECORD),
    }
    measured = [_speeds(chunks, arguments.rounds) for chunks in cuts.values()]
    speeds = [[name, *(measure.Spread.of(figures[name]) for figures in measured)] for name in DECODERS]
    compared = [
        [f"{OURS} / {peer}", *(measure.ratios(figures[OURS], figures[peer]) for figures in measured)]
        for peer in ("httpx-sse", "openai")
    ]
    answer = f"{len(stream) / 1e6:.1f} MB, an answer of {arguments.tokens:,} tokens"
    return "\n\n".join(
        [
            report.circumstances("httpx-sse", "openai"),
            f"{answer}; {arguments.rounds} rounds; the median, with the least and the most.",
            report.table(["MB/s, in pieces of", *cuts], speeds),
            report.table(["times as fast", *cuts], compared),
        ]
    )


def _cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def _speeds(chunks: list[bytes], rounds: int) -> dict[str, list[float]]:
    """MB/s of every decoder, round by round."""
    subjects = {name: partial(_speed, decode, chunks) for name, decode in DECODERS.items()}
    return measure.interleaved(subjects, rounds)


def _speed(decode: Decoder, chunks: list[bytes]) -> float:
    stream = b"".join(chunks)
    seconds, events = measure.cpu_seconds(partial(decode, chunks))
    if events != stream.count(b"\n\n"):
        raise ValueError(f"{decode.__name__} lost events.")
    return len(stream) / seconds / 1e6
