"""The words that a person reads: what the site has to say, from ``words.json`` beside this module.

What the page says by itself stands in ``ui/components/words.json``, where its scripts find it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

__all__ = ["say", "words_in"]


def words_in(file: Path) -> Callable[..., str]:
    """What says the words of a file, each of which has a key."""
    words: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))

    def say(key: str, **values: object) -> str:
        """The words for a thing, with values in the places that name them; a value may be a Reflex var.

        Raises:
            KeyError: there are no such words, or a place in them was given no value.
        """
        return words[key].format(**values)

    return say


say = words_in(Path(__file__).with_suffix(".json"))
