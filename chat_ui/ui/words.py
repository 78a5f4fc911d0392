"""The page's words, all of them from ``components/words.json``, where the page's scripts find theirs too."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["say"]

_FILE = Path(__file__).with_name("components") / "words.json"
_WORDS: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))


def say(key: str, **values: object) -> str:
    """The words for a thing, with values in the places that name them; a value may be a Reflex var.

    Raises:
        KeyError: there are no such words, or a place in them was given no value.
    """
    return _WORDS[key].format(**values)
