"""What a person sets for themselves; each section is a component of its own."""

from __future__ import annotations

import reflex as rx

from chat_ui.ui.components.account import account_section
from chat_ui.ui.components.frame import frame
from chat_ui.ui.components.settings import answers_section, titles_section

__all__ = ["settings"]


def settings() -> rx.Component:
    """The sections, one below the other."""
    return frame(
        rx.el.div(
            rx.el.div(answers_section(), titles_section(), account_section(), class_name="sheet-column"),
            class_name="sheet",
        ),
        title=rx.el.h1("Settings"),
    )
