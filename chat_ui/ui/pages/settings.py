"""What a person sets for themselves; each section is a component of its own."""

from __future__ import annotations

import reflex as rx

from chat_ui.state.preferences import DefaultsState
from chat_ui.ui.components.account import account_section
from chat_ui.ui.components.frame import frame
from chat_ui.ui.components.scripts import Announcements
from chat_ui.ui.components.settings import answers_section, titles_section
from chat_ui.ui.words import say

__all__ = ["settings"]


def settings() -> rx.Component:
    """The sections, one below the other."""
    return frame(
        rx.el.div(
            # All of it at once, so that nothing moves.
            rx.cond(
                DefaultsState.is_known,
                rx.el.div(
                    answers_section(),
                    titles_section(),
                    account_section(),
                    _reading(),
                    class_name="sheet-column",
                ),
            ),
            class_name="sheet",
        ),
        title=rx.el.h1(say("settings"), class_name="page-title"),
    )


def _reading() -> rx.Component:
    return rx.el.section(
        rx.el.h2(say("aloud")), Announcements.create(), class_name="panel", aria_label=say("aloud")
    )
