"""The list of conversations."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from chat_ui.state import routes
from chat_ui.state.account import AccountState
from chat_ui.state.connect import ConnectState
from chat_ui.state.models import ModelState
from chat_ui.state.sidebar import Row, SidebarState
from chat_ui.state.thread import ThreadState
from chat_ui.state.undo import UndoState
from chat_ui.ui.components.account import account_links
from chat_ui.ui.components.menus import icon, item
from chat_ui.ui.components.scripts import Menu, RenameItem, ShortcutsButton, SidebarToggle, Title
from chat_ui.ui.words import say

__all__ = ["sidebar"]


def sidebar(*, chat: bool) -> rx.Component:
    """Brand, new chat, conversations by day, and which gateway answers.

    Args:
        chat: whether a chat is open beside it, which is then marked.
    """
    return rx.el.nav(
        rx.el.div(
            rx.el.span(
                rx.el.img(src="/icon.svg", alt="", class_name="logo"), say("site"), class_name="brand"
            ),
            SidebarToggle.create(),
            class_name="sidebar-head",
        ),
        rx.el.button(
            icon("square-pen"),
            say("new_chat"),
            type="button",
            class_name="row-button",
            on_click=rx.redirect(routes.NEW_CHAT),
            custom_attrs={"aria-keyshortcuts": "N"},
        ),
        rx.el.div(
            rx.cond(SidebarState.notice, rx.el.p(SidebarState.notice, class_name="notice", role="alert")),
            rx.el.ul(rx.foreach(SidebarState.rows, lambda row: _row(row, chat=chat))),
            rx.cond(
                SidebarState.more,
                rx.el.button(
                    say("sidebar.older"),
                    type="button",
                    class_name="row-button meta",
                    on_click=SidebarState.show_more,
                ),
            ),
            class_name="sidebar-list",
        ),
        _gateway(),
        class_name="sidebar",
        aria_label=say("sidebar"),
    )


def _row(row: Row, *, chat: bool) -> rx.Component:
    return rx.el.li(
        rx.cond(row.day, rx.el.h2(row.day)),
        Title.create(
            _title(row, chat=chat),
            conversation_id=row.id,
            title=row.title,
            on_keep=SidebarState.rename.temporal,
        ),
        key=row.id,
    )


def _title(row: Row, *, chat: bool) -> rx.Component:
    open_here = (ThreadState.conversation_id == row.id) & chat
    return rx.el.div(
        ReactRouterLink.create(
            row.title,
            to=f"{routes.CONVERSATION_PREFIX}{row.id}",
            class_name="row-link",
            dir="auto",
            custom_attrs={"aria-current": rx.cond(open_here, "page", "false")},
        ),
        Menu.create(
            RenameItem.create(conversation_id=row.id),
            item(say("sidebar.delete"), on_click=UndoState.delete_conversation(row.id), class_name="danger"),
            label=say("sidebar.actions", title=row.title),
            face=icon("ellipsis"),
            button_class="icon-button",
            panel_class="at-right",
        ),
        class_name=rx.cond(open_here, "row here", "row"),
    )


def _gateway() -> rx.Component:
    return rx.el.div(
        rx.cond(
            ModelState.demo & ~AccountState.restricted,
            rx.el.button(
                icon("plug"),
                say("connect"),
                type="button",
                class_name="row-button",
                on_click=[ConnectState.show, rx.redirect(routes.NEW_CHAT)],
            ),
            rx.el.p(icon("plug"), ModelState.label, class_name="gateway meta"),
        ),
        rx.cond(
            ModelState.removable & ~AccountState.restricted,
            rx.el.button(
                say("sidebar.disconnect"),
                type="button",
                class_name="link-button meta",
                on_click=ConnectState.disconnect,
            ),
        ),
        rx.cond(AccountState.name, account_links(), _settings()),
        ShortcutsButton.create(),
        class_name=rx.cond(AccountState.name, "sidebar-foot with-links", "sidebar-foot"),
    )


def _settings() -> rx.Component:
    return ReactRouterLink.create(
        icon("settings"),
        to=routes.SETTINGS,
        class_name="icon-button",
        custom_attrs={"aria-label": say("settings"), "title": say("settings")},
    )
