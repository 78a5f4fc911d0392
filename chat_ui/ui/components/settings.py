"""Settings of the answers, in a panel of the chat and on a page of their own."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from chat_ui.chat.preferences import EFFORTS
from chat_ui.state import routes
from chat_ui.state.preferences import ChatSettingsState, DefaultsState, GaugeState, Setting
from chat_ui.ui.components.menus import icon
from chat_ui.ui.components.steering_scripts import Gauge, Popover, SettingField

__all__ = ["answers_section", "chat_settings", "gauge", "titles_section"]

LABELS = {
    "system": ("System prompt", "Told to the model before the first message."),
    "temperature": ("Temperature", "0 is the most predictable, 2 the least."),
    "max_tokens": ("Longest answer", "In tokens."),
    "top_p": ("Top-p", "The share of likely words to choose from, up to 1."),
    "effort": ("Reasoning effort", "For models that think before they answer."),
    "stop": ("Stop sequences", "An answer ends where one of these comes up; one on each line."),
}


def setting_fields(settings: Any, handler: Any) -> rx.Component:
    """The fields of a list of settings.

    Args:
        settings: what they show.
        handler: takes the name and the text of one that was changed.
    """
    return rx.fragment(rx.foreach(settings, lambda setting: _field(setting, handler)))


def _field(setting: Setting, handler: Any) -> rx.Component:
    known = [(name, *words) for name, words in LABELS.items()]
    return SettingField.create(
        name=setting.name,
        label=rx.match(setting.name, *((name, label) for name, label, _ in known), ""),
        hint=rx.match(setting.name, *((name, hint) for name, _, hint in known), ""),
        value=setting.value,
        fallback=setting.default,
        unset=rx.cond(setting.name == "system", "None", "As the model has it"),
        error=setting.error,
        choices=rx.cond(setting.name == "effort", list(EFFORTS), rx.Var.create([])),
        on_keep=handler,
        key=setting.name,
    )


def chat_settings() -> rx.Component:
    """The settings of the open chat, behind a button that says how many differ from the defaults."""
    return Popover.create(
        rx.el.h2("Settings for this chat"),
        rx.cond(
            ChatSettingsState.notice, rx.el.p(ChatSettingsState.notice, class_name="notice", role="alert")
        ),
        setting_fields(ChatSettingsState.settings, ChatSettingsState.change),
        rx.cond(ChatSettingsState.title_note, rx.el.p(ChatSettingsState.title_note, class_name="meta")),
        rx.el.div(
            ReactRouterLink.create("Your defaults", to=routes.SETTINGS, class_name="link-button meta"),
            rx.el.button(
                "Reset all",
                type="button",
                class_name="link-button meta",
                on_click=ChatSettingsState.reset_all,
            ),
            class_name="settings-foot",
        ),
        label="Settings for this chat",
        face=rx.fragment(
            icon("sliders-horizontal"),
            rx.cond(
                ChatSettingsState.changed > 0,
                rx.el.span(
                    ChatSettingsState.changed,
                    rx.el.span(" changed", class_name="visually-hidden"),
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
        rx.el.h2("Answers"),
        rx.el.p("For every chat that doesn't say otherwise.", class_name="meta"),
        rx.cond(DefaultsState.notice, rx.el.p(DefaultsState.notice, class_name="notice", role="alert")),
        setting_fields(DefaultsState.settings, DefaultsState.change),
        class_name="settings-section",
        aria_label="Answers",
    )


def titles_section() -> rx.Component:
    """Who writes the titles."""
    return rx.el.section(
        rx.el.h2("Titles"),
        rx.el.label(
            rx.el.input(
                type="checkbox",
                checked=DefaultsState.titles_by_model,
                on_change=DefaultsState.toggle_titles,
            ),
            "Let the model write the titles",
            class_name="check",
        ),
        rx.el.p(
            "A chat is called by its first words. Switched on, its model is asked once, after the first "
            "answer, for a better title: one more request, and the chat's settings show what it took. "
            "Gateways that are paid per message aren't asked.",
            class_name="meta",
        ),
        class_name="settings-section",
        aria_label="Titles",
    )
