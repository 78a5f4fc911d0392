"""Where a person writes."""

from __future__ import annotations

import reflex as rx

from chat_ui.settings import get_settings
from chat_ui.state.models import ModelState
from chat_ui.state.thread import ThreadState
from chat_ui.ui.components.scripts import Composer

__all__ = ["composer"]


def composer() -> rx.Component:
    """The message field with its one button: Send, or Stop while an answer streams."""
    return Composer.create(
        shown=ThreadState.conversation_id,
        leaf=ThreadState.leaf,
        gateway=ModelState.gateway,
        model=ModelState.model,
        heard=ModelState.heard,
        running=ThreadState.running,
        ended=ThreadState.ended,
        max_chars=get_settings().max_message_chars,
        paid=ModelState.paid,
        price=ThreadState.price,
        on_price=ThreadState.ask_price,
        on_send=ThreadState.send.temporal,
        on_stop=ThreadState.stop,
    )
