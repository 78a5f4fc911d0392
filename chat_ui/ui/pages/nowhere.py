"""An address that leads nowhere."""

from __future__ import annotations

import reflex as rx

from chat_ui.ui.components.frame import frame
from chat_ui.ui.components.missing import missing
from chat_ui.ui.words import say

__all__ = ["nowhere"]


def nowhere() -> rx.Component:
    """A word that it does, and a way on."""
    return frame(
        missing(say("nowhere")),
        title=rx.el.h1(say("nowhere.title"), class_name="visually-hidden"),
    )
