"""What event handlers are called with.

Every handler can be called by anybody who reaches the site, with anything that JSON can say.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

from chat_ui.chat.again import Again
from chat_ui.chat.branches import Rewording
from chat_ui.chat.turns import Draft
from chat_ui.gateway.json_values import storable

__all__ = ["again_of", "draft_of", "field_of", "rewording_of", "text_of"]

T = TypeVar("T", Draft, Again, Rewording)


def text_of(value: object) -> str:
    """The value, made storable, if it is a text; else a blank one, which names nothing and says nothing."""
    return storable(value) if isinstance(value, str) else ""


def field_of(form: object, name: str) -> str:
    """A field of a form; blank where there is none."""
    return text_of(cast("dict[str, Any]", form).get(name)) if isinstance(form, dict) else ""


def draft_of(value: object) -> Draft:
    """The draft that a page sent; what it lacks, or has of another type, is blank."""
    return _made_of(value, Draft)


def again_of(value: object) -> Again:
    """What a page wants answered again; what it lacks, or has of another type, is blank."""
    return _made_of(value, Again)


def rewording_of(value: object) -> Rewording:
    """What a page wants an answer to say; what it lacks, or has of another type, is blank."""
    return _made_of(value, Rewording)


def _made_of(value: object, kind: type[T]) -> T:
    if isinstance(value, kind):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return kind(**{field.name: field_of(value, field.name) for field in dataclasses.fields(kind)})
