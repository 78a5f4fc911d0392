"""The card that connects a gateway."""

from __future__ import annotations

from typing import Any

import reflex as rx

from chat_ui.state.account import AccountState
from chat_ui.state.connect import ConnectState, LocalServer
from chat_ui.state.models import ModelState
from chat_ui.ui.components.scripts import Refusal
from chat_ui.ui.words import say

__all__ = ["connect_card"]

# The fields, for what fills them in.
BASE_URL = "gateway-url"
KEY = "gateway-key"


def connect_card() -> rx.Component:
    """Says that this is a demo, and asks for a base URL and a key."""
    return rx.fragment(
        rx.cond(ConnectState.report, rx.el.p(ConnectState.report, class_name="card good", role="status")),
        rx.cond(
            ModelState.demo,
            rx.el.section(
                rx.el.div(
                    rx.el.p(
                        rx.el.strong(say("connect.demo")),
                        " ",
                        rx.cond(
                            AccountState.restricted,
                            say("connect.demo.not_yours"),
                            say("connect.demo.what"),
                        ),
                    ),
                    rx.cond(
                        ~ConnectState.open & ~AccountState.restricted,
                        rx.el.button(
                            say("connect"),
                            type="button",
                            class_name="button",
                            on_click=ConnectState.show,
                        ),
                    ),
                    class_name="card-line",
                ),
                rx.cond(ConnectState.open, _form()),
                class_name="card",
                aria_label=say("connect"),
            ),
        ),
    )


def _form() -> rx.Component:
    return rx.el.form(
        _field(
            say("connect.url"),
            "base_url",
            id=BASE_URL,
            placeholder="https://api.example.com/v1",
            auto_focus=True,
            required=True,
        ),
        _field(
            say("connect.key"),
            "key",
            id=KEY,
            placeholder=say("connect.key.hint"),
            type="password",
            auto_complete="off",
        ),
        rx.cond(
            ConnectState.asks_for_model,
            _field(say("connect.model"), "model", placeholder=say("connect.model.hint")),
        ),
        Refusal.create(words=ConnectState.error),
        _local(),
        rx.el.div(
            rx.el.button(say("cancel"), type="button", class_name="button quiet", on_click=ConnectState.hide),
            rx.el.button(
                rx.cond(ConnectState.busy, say("connect.testing"), say("connect.test")),
                type="submit",
                class_name="button primary",
                disabled=ConnectState.busy,
            ),
            class_name="card-actions",
        ),
        on_submit=ConnectState.connect,
    )


def _local() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            rx.cond(ConnectState.looking, say("connect.looking"), say("connect.look")),
            type="button",
            class_name="link-button meta",
            disabled=ConnectState.looking,
            on_click=ConnectState.look,
        ),
        rx.foreach(ConnectState.found, _found),
        rx.cond(
            ConnectState.looked,
            rx.cond(
                ConnectState.found,
                rx.fragment(),
                rx.el.p(say("connect.none"), class_name="meta", role="status"),
            ),
        ),
        class_name="found",
    )


def _found(server: LocalServer) -> rx.Component:
    return rx.el.div(
        rx.el.span(server.about),
        rx.cond(
            server.wants_key,
            rx.el.button(
                say("connect.enter_key"),
                type="button",
                class_name="button",
                aria_label=say("connect.enter_key_of", server=server.about),
                on_click=[rx.set_value(BASE_URL, server.base_url), rx.set_focus(KEY)],
            ),
            rx.el.button(
                say("connect.this"),
                type="button",
                class_name="button",
                aria_label=say("connect.to", server=server.about),
                disabled=ConnectState.busy,
                on_click=ConnectState.connect_found(server.base_url),
            ),
        ),
        class_name="card-line",
        key=server.base_url,
    )


def _field(label: str, name: str, **props: Any) -> rx.Component:
    return rx.el.label(label, rx.el.input(name=name, spell_check=False, **props))
