"""One's own account, where the site has any."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.el.element import Element

from chat_ui.state import routes
from chat_ui.state.account import AccountState, Place
from chat_ui.ui.components.menus import icon
from chat_ui.ui.words import say

__all__ = ["account_links", "account_section"]


class PlainForm(Element):
    """A form that the browser sends by itself; Reflex's own keeps every form from being sent."""

    tag = "form"


def account_links() -> rx.Component:
    """Who is signed in, and where they go from here; nothing on a local site."""
    return rx.cond(
        AccountState.name,
        rx.el.div(
            rx.cond(AccountState.is_admin, _link("shield", say("admin"), routes.ADMIN)),
            _link("settings", say("settings"), routes.SETTINGS),
            PlainForm.create(
                rx.el.input(type="hidden", name="form_token", value=AccountState.form_token, read_only=True),
                rx.el.button(
                    icon("log-out"),
                    rx.el.span(
                        say("account.sign_out"), " ", rx.el.span(AccountState.name, class_name="meta")
                    ),
                    type="submit",
                    class_name="row-button",
                ),
                custom_attrs={"method": "post", "action": "/logout"},
            ),
            class_name="account-links",
        ),
    )


def _link(mark: str, label: str, where: str) -> rx.Component:
    return rx.el.a(icon(mark), label, href=where, class_name="row-button")


def account_section() -> rx.Component:
    """Where one is signed in, and what one can do about one's account."""
    return rx.cond(
        AccountState.name,
        rx.el.section(
            rx.el.h2(say("account")),
            rx.el.p(say("account.signed_in"), " ", rx.el.strong(AccountState.name)),
            rx.cond(AccountState.notice, rx.el.p(AccountState.notice, class_name="notice", role="alert")),
            rx.el.h3(say("account.places")),
            rx.el.ul(rx.foreach(AccountState.places, _place), class_name="lines"),
            rx.el.div(
                _door("/password", say("account.password")),
                _door("/export", say("account.export"), download=True),
                _door("/leave", say("account.delete"), class_name="button danger"),
                class_name="line-actions",
            ),
            class_name="panel",
            aria_label=say("account"),
        ),
    )


def _door(where: str, label: str, *, class_name: str = "button", download: bool = False) -> rx.Component:
    # The server answers there; the page knows no such address, and would say so.
    return rx.el.a(label, href=where, reload_document=True, download=download, class_name=class_name)


def _place(place: Place) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.span(place.browser),
            rx.el.span(place.about, class_name="meta"),
            class_name="line-words",
        ),
        rx.cond(
            place.is_here,
            rx.el.span(say("account.here"), class_name="meta"),
            rx.el.button(
                say("account.sign_out"),
                type="button",
                class_name="button",
                aria_label=say("account.sign_out_of", place=place.browser),
                on_click=AccountState.sign_out_place(place.key),
            ),
        ),
        key=place.key,
    )
