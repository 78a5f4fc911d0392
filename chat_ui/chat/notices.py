"""Notices as bytes, for the way from one process to another."""

from __future__ import annotations

import json
from typing import Any, cast, get_args

from pydantic import TypeAdapter, ValidationError

from chat_ui.chat.changes import Change, Notice, StopAsked

__all__ = ["UnreadableNotice", "decode", "encode"]

_KINDS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (*get_args(Change), StopAsked)
}


class UnreadableNotice(ValueError):  # noqa: N818 - it says what it is
    """What came isn't a notice, or is one of another version of the site."""


def encode(notice: Notice) -> bytes:
    """Write a notice as JSON, its kind before it."""
    kind = type(notice).__name__
    return f'["{kind}",'.encode() + _KINDS[kind].dump_json(notice) + b"]"


def decode(data: bytes) -> Notice:
    """Read what ``encode`` wrote.

    Raises:
        UnreadableNotice: it can't be read.
    """
    try:
        kind, content = json.loads(data)
        return cast("Notice", _KINDS[kind].validate_python(content))
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise UnreadableNotice from error
