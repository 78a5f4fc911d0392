"""The page's words, from ``components/words.json``, where the page's scripts find theirs too."""

from __future__ import annotations

from pathlib import Path

from chat_ui.words import words_in

__all__ = ["say"]

say = words_in(Path(__file__).with_name("components") / "words.json")
