"""Settings of the answers, in a panel of the chat and on a page of their own."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from chat_ui.chat.preferences import EFFORTS, LONGEST_SYSTEM
from chat_ui.state import routes
from chat_ui.state.models import Group, ModelState
from chat_ui.state.preferences import DEFAULTS, ChatSettingsState, DefaultsState, GaugeState, Setting
from chat_ui.ui.components.menus import icon
from chat_ui.ui.components.steering_scripts import Gauge, Popover, SettingField, SettingsOutbox
from chat_ui.ui.words import say

__all__ = ["answers_section", "chat_settings", "gauge", "titles_section"]

LABELS = {
    "system": ("setting.system", "setting.system.hint"),
    "temperature": ("setting.temperature", "setting.temperature.hint"),
    "max_tokens": ("setting.max_tokens", "setting.max_tokens.hint"),
    "top_p": ("setting.top_p", "setting.top_p.hint"),
    "effort": ("setting.effort", "setting.effort.hint"),
    "stop": ("setting.stop", "setting.stop.hint"),
}


def _field(setting: Setting, scope: str, handler: Any) -> rx.Component:
    """The field of a setting.

    Args:
        setting: what it shows.
        scope: ``chat`` or ``defaults``.
        handler: takes the place, the name and the text of one that was changed.
    """
    known = [(name, say(label), say(hint)) for name, (label, hint) in LABELS.items()]
    return SettingField.create(
        scope=scope,
        name=setting.name,
        label=rx.match(setting.name, *((name, label) for name, label, _ in known), ""),
        hint=rx.match(setting.name, *((name, hint) for name, _, hint in known), ""),
        value=setting.value,
        fallback=setting.default,
        unset=rx.cond(setting.name == "system", say("setting.none"), say("setting.unset")),
        error=setting.error,
        choices=rx.cond(setting.name == "effort", list(EFFORTS), rx.Var.create([])),
        # The others are shorter by far: what is wrong with them the site says itself.
        longest=LONGEST_SYSTEM,
        on_keep=handler,
        key=setting.name,
    )


def chat_settings() -> rx.Component:
    """The settings of the open chat, behind a button that says how many differ from the defaults."""
    return rx.fragment(
        SettingsOutbox.create(scope="chat", on_keep=ChatSettingsState.change.temporal),
        _chat_settings(),
    )


def _chat_settings() -> rx.Component:
    return Popover.create(
        rx.el.h2(say("chat_settings")),
        rx.cond(
            ChatSettingsState.notice, rx.el.p(ChatSettingsState.notice, class_name="notice", role="alert")
        ),
        rx.foreach(
            ChatSettingsState.settings,
            lambda setting: _field(setting, "chat", ChatSettingsState.change.temporal),
        ),
        rx.cond(ChatSettingsState.title_note, rx.el.p(ChatSettingsState.title_note, class_name="meta")),
        rx.el.div(
            ReactRouterLink.create(
                say("chat_settings.defaults"), to=routes.SETTINGS, class_name="link-button meta"
            ),
            rx.el.button(
                say("chat_settings.reset_all"),
                type="button",
                class_name="link-button meta",
                on_click=ChatSettingsState.reset_all,
            ),
            class_name="settings-foot",
        ),
        label=say("chat_settings"),
        face=rx.fragment(
            icon("sliders-horizontal"),
            rx.cond(
                ChatSettingsState.changed > 0,
                rx.el.span(
                    ChatSettingsState.changed,
                    rx.el.span(" ", say("chat_settings.changed"), class_name="visually-hidden"),
                    class_name="count",
                ),
            ),
        ),
        button_class="icon-button settings-button",
        panel_class="settings",
        on_open=ChatSettingsState.look,
    )


def gauge() -> rx.Component:
    """How much of the model's window the chat takes."""
    return Gauge.create(tokens=GaugeState.tokens, window=GaugeState.window, left_out=GaugeState.left_out)


def answers_section() -> rx.Component:
    """What a person wants where a chat says nothing else."""
    return rx.el.section(
        rx.el.h2(say("answers")),
        rx.el.p(say("answers.what"), class_name="meta"),
        rx.cond(DefaultsState.notice, rx.el.p(DefaultsState.notice, class_name="notice", role="alert")),
        _model_field(),
        SettingsOutbox.create(scope=DEFAULTS, on_keep=_change_default),
        rx.foreach(DefaultsState.settings, lambda setting: _field(setting, DEFAULTS, _change_default)),
        class_name="settings-section",
        aria_label=say("answers"),
    )


def _change_default(place: rx.Var[str], name: rx.Var[str], value: rx.Var[str]) -> Any:
    del place
    return DefaultsState.change(name, value).temporal


def _model_field() -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.el.label(say("setting.model"), html_for="default-model"), class_name="setting-head"),
        rx.el.span(
            rx.el.select(
                rx.el.option(say("setting.model.last"), value=""),
                # Shown as chosen even while its gateway lists nothing.
                rx.cond(
                    DefaultsState.model,
                    rx.el.option(DefaultsState.model_name, value=DefaultsState.model, hidden=True),
                ),
                rx.foreach(ModelState.groups, _models),
                id="default-model",
                value=DefaultsState.model,
                on_change=DefaultsState.choose_model,
            ),
            icon("chevron-down"),
            class_name="select",
        ),
        rx.el.p(say("setting.model.hint"), class_name="meta"),
        class_name="setting",
    )


def _models(group: Group) -> rx.Component:
    return rx.el.optgroup(
        rx.foreach(
            group.choices, lambda choice: rx.el.option(choice.id, value=f"{group.gateway}/{choice.id}")
        ),
        label=group.label,
        key=group.gateway,
    )


def titles_section() -> rx.Component:
    """Who writes the titles."""
    return rx.el.section(
        rx.el.h2(say("titles")),
        rx.el.label(
            rx.el.input(
                type="checkbox",
                checked=DefaultsState.titles_by_model,
                on_change=DefaultsState.toggle_titles,
            ),
            say("titles.by_model"),
            class_name="check",
        ),
        rx.el.p(say("titles.what"), class_name="meta"),
        class_name="settings-section",
        aria_label=say("titles"),
    )
