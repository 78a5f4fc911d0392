"""The page's own scripts for steering, wrapped as Reflex components."""

from __future__ import annotations

from typing import Any

import reflex as rx

from chat_ui.chat.again import Again
from chat_ui.chat.branches import Rewording
from chat_ui.chat.turns import Draft
from chat_ui.ui.components.linking import script

__all__ = [
    "Actions",
    "Editable",
    "Gauge",
    "ModelChoice",
    "Popover",
    "SettingField",
    "SettingsOutbox",
    "UndoBar",
    "Versions",
]


def _three_texts(
    first: rx.Var[str], second: rx.Var[str], third: rx.Var[str]
) -> tuple[rx.Var[str], rx.Var[str], rx.Var[str]]:
    return first, second, third


class Actions(rx.Component):
    """What can be done about a message, as a row of buttons."""

    library = script("message_actions.jsx")
    tag = "Actions"

    message_id: rx.Var[str]
    role: rx.Var[str]
    status: rx.Var[str]
    action: rx.Var[str]
    says_something: rx.Var[bool]
    groups: rx.Var[list[Any]]
    on_again: rx.EventHandler[rx.event.passthrough_event_spec(Again)]
    on_continue: rx.EventHandler[rx.event.passthrough_event_spec(Again)]
    on_fork: rx.EventHandler[rx.event.passthrough_event_spec(Again)]
    on_delete: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_delete_turn: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Versions(rx.Component):
    """Which of several versions of a message is shown, and the way to the others."""

    library = script("message_actions.jsx")
    tag = "Versions"

    message_id: rx.Var[str]
    place: rx.Var[int]
    places: rx.Var[int]
    before: rx.Var[str]
    after: rx.Var[str]
    on_show: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Editable(rx.Component):
    """A message that can be reworded where it stands; its children are what it says."""

    library = script("editable.jsx")
    tag = "Editable"

    message_id: rx.Var[str]
    role: rx.Var[str]
    max_chars: rx.Var[int]
    on_send: rx.EventHandler[rx.event.passthrough_event_spec(Draft)]
    on_reword: rx.EventHandler[rx.event.passthrough_event_spec(Rewording)]


class UndoBar(rx.Component):
    """The bar that says what was deleted, and brings it back."""

    library = script("undo.jsx")
    tag = "UndoBar"

    offer: rx.Var[str]
    words: rx.Var[str]
    on_undo: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_let_go: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Popover(rx.Component):
    """A button that opens a small panel; its children are what is in it."""

    library = script("popover.jsx")
    tag = "Popover"

    label: rx.Var[str]
    face: rx.Var[rx.Component]
    button_class: rx.Var[str]
    panel_class: rx.Var[str]
    on_open: rx.EventHandler[rx.event.no_args_event_spec]


class SettingField(rx.Component):
    """One setting: what was chosen, what counts otherwise, and the way back to that."""

    library = script("setting_field.jsx")
    tag = "SettingField"

    scope: rx.Var[str]
    name: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    value: rx.Var[str]
    fallback: rx.Var[str]
    unset: rx.Var[str]
    error: rx.Var[str]
    choices: rx.Var[list[str]]
    longest: rx.Var[int]
    on_keep: rx.EventHandler[_three_texts]


class SettingsOutbox(rx.Component):
    """Sends settings again that the server may not have heard of; shows nothing."""

    library = script("settings_outbox.js")
    tag = "SettingsOutbox"

    scope: rx.Var[str]
    on_keep: rx.EventHandler[_three_texts]


class Gauge(rx.Component):
    """How much of the model's window a chat takes, and by which rule what doesn't fit is left out."""

    library = script("gauge.jsx")
    tag = "Gauge"

    tokens: rx.Var[int]
    window: rx.Var[int]
    left_out: rx.Var[int]


class ModelChoice(rx.Component):
    """An item of the menu of models; its children are what it says."""

    library = script("model_choice.jsx")
    tag = "ModelChoice"

    gateway: rx.Var[str]
    model: rx.Var[str]
    is_chosen: rx.Var[bool]
    on_choose: rx.EventHandler[_three_texts]
