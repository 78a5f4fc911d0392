"""The line at the top of a page: where one is, which model answers, what can be done."""

from __future__ import annotations

from collections.abc import Sequence

import reflex as rx

from chat_ui.state import routes
from chat_ui.state.models import Choice, Group, ModelState
from chat_ui.ui.components.menus import icon
from chat_ui.ui.components.scripts import Menu, SidebarToggle
from chat_ui.ui.components.steering_scripts import ModelChoice
from chat_ui.ui.words import say

__all__ = ["header"]


def header(title: rx.Component, *, model: bool, actions: Sequence[rx.Component] = ()) -> rx.Component:
    """The header of a page.

    Args:
        title: the heading that names the page.
        model: whether a model answers there, and which one is to be chosen.
        actions: what can be done about it.
    """
    return rx.el.header(
        rx.el.div(SidebarToggle.create(), _new_chat(), class_name="header-start"),
        *([_model_menu(), _demo_badge()] if model else []),
        title,
        rx.el.div(*actions, class_name="header-actions"),
        class_name="header",
    )


def _demo_badge() -> rx.Component:
    return rx.cond(
        ModelState.demo,
        rx.el.span(say("header.demo"), class_name="badge", title=say("header.demo.why")),
    )


def _new_chat() -> rx.Component:
    return rx.el.button(
        icon("square-pen"),
        type="button",
        class_name="icon-button",
        aria_label=say("new_chat"),
        title=say("new_chat"),
        on_click=rx.redirect(routes.NEW_CHAT),
        custom_attrs={"aria-keyshortcuts": "N"},
    )


def _model_menu() -> rx.Component:
    return Menu.create(
        rx.foreach(ModelState.groups, _group),
        label=say("header.model"),
        face=rx.el.span(
            rx.el.span(
                rx.cond(ModelState.model, ModelState.model, say("header.model.none")),
                class_name=rx.cond(ModelState.gateway, "model-name", "model-name unknown"),
            ),
            icon("chevron-down"),
            class_name="model-face",
        ),
        button_class="text-button",
        panel_class="models",
        search=rx.cond(ModelState.searchable, say("header.model.find"), ""),
        on_open=ModelState.load,
    )


def _group(group: Group) -> rx.Component:
    return rx.el.div(
        rx.el.p(group.label, class_name="menu-heading", aria_hidden="true"),
        rx.foreach(group.choices, lambda choice: _choice(group, choice)),
        rx.cond(group.note, rx.el.p(group.note, class_name="menu-note", role="status")),
        role="group",
        aria_label=group.label,
        key=group.gateway,
    )


def _choice(group: Group, choice: Choice) -> rx.Component:
    is_chosen = (group.gateway == ModelState.gateway) & (choice.id == ModelState.model)
    return ModelChoice.create(
        rx.el.span(
            choice.id,
            rx.cond(choice.about, rx.el.span(choice.about, class_name="meta")),
            class_name="menu-lines",
        ),
        rx.cond(is_chosen, icon("check")),
        gateway=group.gateway,
        model=choice.id,
        is_chosen=is_chosen,
        on_choose=ModelState.choose,
        key=choice.id,
    )
