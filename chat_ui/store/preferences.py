"""What a person wants of the answers: in all conversations, or in one of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

__all__ = ["AS_IT_IS", "Preferences", "PreferencesAsJson"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is asked of the model beside the messages; None leaves it as it is one step further out.

    A conversation stands before the person's defaults, and those stand before the gateway's own.

    Args:
        system: what the model is told before the first message.
        temperature: 0 for the likeliest words, up to 2.
        max_tokens: the longest answer, in tokens.
        top_p: the share of likely words to choose from, above 0, up to 1.
        effort: how long a model that reasons may think: ``low``, ``medium`` or ``high``.
        stop: texts at which an answer ends.
    """

    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    effort: str | None = None
    stop: tuple[str, ...] | None = None


AS_IT_IS = Preferences()
_NAMES = [field.name for field in fields(Preferences)]


class PreferencesAsJson(TypeDecorator[Preferences]):
    """Preferences, kept as a JSON object of those that are not None; blank where none is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Preferences | None, dialect: Dialect) -> str | None:
        """Turn preferences into what the database keeps."""
        if value is None:
            return None
        said = {name: wanted for name, wanted in asdict(value).items() if wanted is not None}
        # Escaped, so that no character is one that a database can't hold.
        return json.dumps(said) if said else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> Preferences | None:
        """Turn what the database keeps into preferences; names of a later version are passed over."""
        if value is None:
            return None
        said: dict[str, Any] = json.loads(value) if value else {}
        known = {name: wanted for name, wanted in said.items() if name in _NAMES}
        if "stop" in known:
            known["stop"] = tuple(known["stop"])
        return Preferences(**known)
