"""What kind of body an answer has: its first bytes are believed before its content type."""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import Enum, auto
from typing import cast

import httpx

__all__ = ["BodyKind", "read_body", "sniffed"]

BOM = b"\xef\xbb\xbf"
EVENT_BEGINNINGS = (b":", b"data:", b"event:", b"id:", b"retry:")


class BodyKind(Enum):
    """What a body turned out to be."""

    EVENTS = auto()
    JSON = auto()
    HTML = auto()
    OTHER = auto()
    EMPTY = auto()


async def sniffed(response: httpx.Response) -> tuple[BodyKind, AsyncIterator[bytes]]:
    """The kind of a body, and the body still to be read, without white space that some send before it."""
    declared = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    chunks = _as_it_comes(response)
    head = b""
    async for chunk in chunks:
        head = (head + chunk).removeprefix(BOM).lstrip()
        kind = _kind(head, declared)
        if kind is not None:
            return kind, _from_head(head, chunks)
    return BodyKind.OTHER if head else BodyKind.EMPTY, _from_head(head, chunks)


def _as_it_comes(response: httpx.Response) -> AsyncIterator[bytes]:
    """A body without the layers of httpx that decode it, where it isn't encoded, and count it."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return response.aiter_bytes()
    return aiter(cast("httpx.AsyncByteStream", response.stream))


async def read_body(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """At most ``limit`` bytes of a body; a longer one is cut."""
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= limit:
            break
    return b"".join(parts)[:limit]


def _kind(head: bytes, declared: str) -> BodyKind | None:
    """The kind, or nothing as long as more bytes are needed to tell."""
    if not head:
        return None
    if head.startswith((b"{", b"[")):
        return BodyKind.JSON
    if head.startswith(b"<"):
        return BodyKind.HTML
    if declared == "text/event-stream" or head.startswith(EVENT_BEGINNINGS):
        return BodyKind.EVENTS
    if any(beginning.startswith(head) for beginning in EVENT_BEGINNINGS):
        return None
    return BodyKind.JSON if declared == "application/json" else BodyKind.OTHER


async def _from_head(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if head:
        yield head
    async for chunk in chunks:
        yield chunk
