"""What of the page runs before anything else of it is there."""

from __future__ import annotations

from pathlib import Path

import reflex as rx

__all__ = ["first_script"]


def first_script() -> rx.Component:
    """The script ``first.js``, for the head of every page."""
    return rx.el.script((Path(__file__).parent / "first.js").read_text(encoding="utf-8"))
