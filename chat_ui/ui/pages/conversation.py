"""One conversation."""

from __future__ import annotations

import reflex as rx

from chat_ui.state.steering import SteeringState
from chat_ui.state.thread import ThreadState
from chat_ui.ui.components.composer import composer
from chat_ui.ui.components.frame import frame
from chat_ui.ui.components.message import message
from chat_ui.ui.components.missing import missing
from chat_ui.ui.components.scripts import Announcer, Messages, Reading, Thread
from chat_ui.ui.components.settings import chat_settings, gauge
from chat_ui.ui.words import say

__all__ = ["conversation"]


def conversation() -> rx.Component:
    """The thread with the composer beneath it, or a word that there is no such conversation."""
    return frame(
        rx.cond(ThreadState.missing, missing(ThreadState.missing), _thread()),
        title=rx.el.h1(
            rx.cond(
                ThreadState.title, ThreadState.title, rx.el.span(say("thread"), class_name="visually-hidden")
            ),
            dir="auto",
        ),
        model=True,
        actions=[Reading.create(), gauge(), chat_settings()],
    )


def _thread() -> rx.Component:
    return rx.fragment(
        Thread.create(
            # One list: in two, a message that moved from one to the other would be drawn anew.
            Messages.create(rx.foreach(ThreadState.above + ThreadState.heads, message)),
            conversation=ThreadState.conversation_id,
            title=ThreadState.title,
            first=ThreadState.first,
            more=ThreadState.more_above,
            on_top=ThreadState.show_earlier,
            busy=ThreadState.running != "",
        ),
        Announcer.create(conversation=ThreadState.conversation_id, heads=ThreadState.heads),
        rx.el.div(_notice(), composer(), class_name="composer-dock"),
    )


def _notice() -> rx.Component:
    said = rx.cond(ThreadState.notice, ThreadState.notice, SteeringState.notice)
    return rx.cond(said, rx.el.p(said, class_name="notice", role="alert"))
