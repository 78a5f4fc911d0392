"""What stands where nothing is."""

from __future__ import annotations

import reflex as rx

from chat_ui.state import routes
from chat_ui.ui.words import say

__all__ = ["missing"]


def missing(words: rx.Var[str] | str) -> rx.Component:
    """Words that say so, and a way on."""
    return rx.el.div(
        rx.el.p(words),
        rx.el.button(
            say("conversation.new"),
            type="button",
            class_name="button primary",
            on_click=rx.redirect(routes.NEW_CHAT),
        ),
        class_name="missing",
    )
