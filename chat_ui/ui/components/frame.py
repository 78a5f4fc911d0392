"""What every page stands in."""

from __future__ import annotations

from collections.abc import Sequence

import reflex as rx
from reflex_components_core.core.banner import connect_errors

from chat_ui.state.undo import UndoState
from chat_ui.ui.components.header import header
from chat_ui.ui.components.scripts import Connection, Scrim, SkipLink
from chat_ui.ui.components.sidebar import sidebar
from chat_ui.ui.components.steering_scripts import UndoBar
from chat_ui.ui.words import say

__all__ = ["frame"]


def frame(
    *children: rx.Component,
    title: rx.Component,
    model: bool = False,
    actions: Sequence[rx.Component] = (),
) -> rx.Component:
    """The sidebar, the header, and beneath it what a page is about.

    Args:
        *children: what it is about.
        title: its heading.
        model: whether a model answers there.
        actions: what can be done about it, at the right of the header.
    """
    return rx.el.div(
        SkipLink.create(),
        sidebar(chat=model),
        Scrim.create(),
        rx.el.main(
            Connection.create(errors=connect_errors, loaded=rx.State.is_hydrated),
            header(title, model=model, actions=actions),
            *children,
            tab_index=-1,
        ),
        _undo(),
        class_name="app",
    )


def _undo() -> rx.Component:
    """Beside the page: while the sidebar lies over that, nothing in it can be used, and much deleted."""
    return rx.cond(
        UndoState.offer | UndoState.notice,
        rx.el.section(
            rx.cond(UndoState.notice, rx.el.p(UndoState.notice, class_name="undo notice", role="alert")),
            UndoBar.create(
                offer=UndoState.offer,
                words=UndoState.words,
                on_undo=UndoState.undo,
                on_let_go=UndoState.let_go,
            ),
            class_name="way-back",
            aria_label=say("undo"),
        ),
    )
