"""A new chat."""

from __future__ import annotations

import reflex as rx

from chat_ui.ui.components.composer import composer
from chat_ui.ui.components.connect import connect_card
from chat_ui.ui.components.frame import frame
from chat_ui.ui.components.scripts import Example, Reading
from chat_ui.ui.components.settings import chat_settings
from chat_ui.ui.words import say

__all__ = ["new_chat"]

# Each shows something of the demo model too.
EXAMPLES = (
    "new_chat.example.markdown",
    "new_chat.example.code",
    "new_chat.example.table",
    "new_chat.example.math",
)


def new_chat() -> rx.Component:
    """A greeting, the composer in the middle, and a few ways to begin."""
    return frame(
        rx.el.div(
            rx.el.div(
                rx.el.p(say("new_chat.greeting"), class_name="greeting"),
                composer(),
                rx.el.div(
                    *(Example.create(text=say(example)) for example in EXAMPLES),
                    class_name="examples",
                ),
                connect_card(),
                class_name="welcome-column",
            ),
            class_name="welcome",
        ),
        title=rx.el.h1(say("new_chat"), class_name="visually-hidden"),
        model=True,
        actions=[Reading.create(), chat_settings()],
    )
