"""Running a hosted site."""

from __future__ import annotations

import reflex as rx

from chat_ui.state.admin import AdminState, DeedRow, LiveRow, PersonRow, UseRow
from chat_ui.ui.components.frame import frame
from chat_ui.ui.components.menus import icon, item
from chat_ui.ui.components.scripts import CopyText, Menu
from chat_ui.ui.words import say

__all__ = ["admin"]

COLUMNS = (
    "admin.column.who",
    "admin.column.model",
    "admin.column.answers",
    "admin.column.tokens",
    "admin.column.cost",
)


def admin() -> rx.Component:
    """People, what is going on, what was used, and what was done."""
    return frame(
        rx.el.div(
            rx.el.div(
                rx.cond(AdminState.notice, rx.el.p(AdminState.notice, class_name="notice", role="alert")),
                rx.cond(
                    AdminState.hosted,
                    rx.fragment(_people(), _live(), _month(), _deeds()),
                    rx.el.p(say("admin.nothing"), class_name="meta"),
                ),
                class_name="sheet-column wide",
            ),
            class_name="sheet",
        ),
        title=rx.el.h1(say("admin"), class_name="page-title"),
    )


def _people() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(say("admin.people")),
            rx.el.button(
                say("admin.invite"), type="button", class_name="button", on_click=AdminState.invite("user")
            ),
            class_name="panel-head",
        ),
        rx.cond(AdminState.link, _new_link()),
        rx.el.ul(rx.foreach(AdminState.people, _person), class_name="lines"),
        class_name="panel",
        aria_label=say("admin.people"),
    )


def _new_link() -> rx.Component:
    return rx.el.div(
        rx.el.p(say("admin.link.what", name=AdminState.link_for)),
        rx.el.div(
            rx.el.input(value=AdminState.link, read_only=True, aria_label=say("admin.link")),
            CopyText.create(text=AdminState.link, label=say("admin.link.copy")),
            class_name="field-with-button",
        ),
        class_name="card good-news",
        role="status",
    )


def _person(row: PersonRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.span(
                row.name,
                rx.cond(row.is_admin, rx.el.span(say("admin"), class_name="badge")),
                rx.cond(~row.is_active, rx.el.span(say("admin.disabled"), class_name="badge quiet")),
            ),
            rx.el.span(
                say("admin.used", used=row.used),
                rx.cond(row.budget, say("admin.used.of", budget=row.budget), ""),
                class_name="meta",
            ),
            class_name="line-words",
        ),
        Menu.create(
            item(say("admin.password_link"), on_click=AdminState.make_password_link(row.id)),
            item(say("admin.budget"), on_click=AdminState.edit_budget(row.id)),
            rx.cond(
                row.is_admin,
                item(say("admin.make_user"), on_click=AdminState.make_user(row.id)),
                item(say("admin.make_admin"), on_click=AdminState.make_admin(row.id)),
            ),
            rx.cond(
                row.is_active,
                item(say("admin.disable"), on_click=AdminState.disable(row.id), class_name="danger"),
                rx.fragment(
                    item(say("admin.enable"), on_click=AdminState.enable(row.id)),
                    item(say("admin.delete"), on_click=AdminState.delete(row.id), class_name="danger"),
                ),
            ),
            label=say("sidebar.actions", title=row.name),
            face=icon("ellipsis"),
            button_class="icon-button",
            panel_class="at-right",
        ),
        rx.cond(AdminState.budget_of == row.id, _budget(row)),
        key=row.id,
    )


def _budget(row: PersonRow) -> rx.Component:
    return rx.el.form(
        _field(say("admin.tokens_day"), "tokens_per_day", row.tokens_per_day),
        _field(say("admin.tokens_month"), "tokens_per_month", row.tokens_per_month),
        _field(say("admin.dollars_day"), "dollars_per_day", row.dollars_per_day),
        _field(say("admin.dollars_month"), "dollars_per_month", row.dollars_per_month),
        rx.el.div(
            rx.el.span(say("admin.blank"), class_name="meta"),
            rx.el.button(
                say("cancel"), type="button", class_name="button quiet", on_click=AdminState.edit_budget("")
            ),
            rx.el.button(say("admin.keep"), type="submit", class_name="button primary"),
            class_name="line-actions",
        ),
        on_submit=AdminState.set_budget,
        class_name="budget",
    )


def _field(label: str, name: str, value: str) -> rx.Component:
    return rx.el.label(
        label, rx.el.input(name=name, default_value=value, input_mode="decimal", auto_complete="off")
    )


def _live() -> rx.Component:
    return rx.cond(
        AdminState.live,
        rx.el.section(
            rx.el.h2(say("admin.live")),
            rx.el.ul(rx.foreach(AdminState.live, _run), class_name="lines"),
            class_name="panel",
            aria_label=say("admin.live"),
        ),
    )


def _run(row: LiveRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.span(row.name),
            rx.el.span(say("admin.live.about", model=row.model, since=row.since), class_name="meta"),
            class_name="line-words",
        ),
        rx.el.button(
            say("composer.stop"),
            type="button",
            class_name="button",
            aria_label=say("admin.stop", name=row.name),
            on_click=AdminState.stop(row.message_id),
        ),
        key=row.message_id,
    )


def _month() -> rx.Component:
    return rx.cond(
        AdminState.month,
        rx.el.section(
            rx.el.h2(say("admin.month")),
            rx.el.div(
                rx.el.table(
                    rx.el.thead(rx.el.tr(*(rx.el.th(say(name), scope="col") for name in COLUMNS))),
                    rx.el.tbody(rx.foreach(AdminState.month, _use)),
                ),
                class_name="figures-table",
                tab_index=0,
            ),
            class_name="panel",
            aria_label=say("admin.month"),
        ),
    )


def _use(row: UseRow) -> rx.Component:
    cells = (row.name, row.model, row.answers, row.tokens, row.cost)
    return rx.el.tr(*(rx.el.td(cell) for cell in cells), key=f"{row.name} {row.model}")


def _deeds() -> rx.Component:
    return rx.el.section(
        rx.el.h2(say("admin.deeds")),
        rx.el.ul(rx.foreach(AdminState.deeds, _deed), class_name="lines tight"),
        class_name="panel",
        aria_label=say("admin.deeds"),
    )


def _deed(row: DeedRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.words),
        rx.el.span(row.address, rx.cond(row.address, " · ", ""), row.at, class_name="meta"),
    )
