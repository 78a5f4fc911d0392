"""The line above the thread: model, title."""

from __future__ import annotations

import reflex as rx

from chat_ui.state.models import Choice, ModelState
from chat_ui.ui.components.menus import icon, item
from chat_ui.ui.components.scripts import Menu, SidebarToggle

__all__ = ["header"]


def header(title: rx.Component) -> rx.Component:
    """The header of a page.

    Args:
        title: the heading that names the page.
    """
    return rx.el.header(
        SidebarToggle.create(),
        _model_menu(),
        rx.cond(
            ModelState.demo,
            rx.el.span("Demo", class_name="badge", title="The built-in demo model, not a real one"),
        ),
        title,
        class_name="header",
    )


def _model_menu() -> rx.Component:
    return Menu.create(
        rx.cond(ModelState.problem, rx.el.p(ModelState.problem, class_name="notice", role="alert")),
        rx.foreach(ModelState.choices, _choice),
        label="Model",
        face=rx.el.span(
            rx.cond(ModelState.shown, ModelState.shown, "No model"),
            icon("chevron-down"),
            class_name="model-face",
        ),
        button_class="text-button",
        on_open=ModelState.load,
    )


def _choice(choice: Choice) -> rx.Component:
    chosen = choice.id == ModelState.shown
    return item(
        rx.el.span(choice.id),
        rx.el.span(choice.about, class_name="meta"),
        role="menuitemradio",
        on_click=ModelState.choose(choice.id),
        custom_attrs={"aria-checked": rx.cond(chosen, "true", "false")},
        key=choice.id,
    )
