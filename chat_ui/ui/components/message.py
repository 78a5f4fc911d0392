"""One message of the thread."""

from __future__ import annotations

from typing import Any

import reflex as rx

from chat_ui.settings import get_settings
from chat_ui.state.heads import MessageHead
from chat_ui.state.models import Group, ModelState
from chat_ui.state.preferences import GaugeState
from chat_ui.state.steering import SteeringState
from chat_ui.state.thread import ThreadState
from chat_ui.state.undo import UndoState
from chat_ui.ui.components.menus import icon
from chat_ui.ui.components.scripts import Answer, AskAgain, Counter, Details, Drawn, Words
from chat_ui.ui.components.steering_scripts import Actions, Editable, Versions
from chat_ui.ui.words import say

__all__ = ["message"]

Head = rx.vars.ObjectVar[MessageHead]
Groups = rx.Var[list[Group]]


def message(head: MessageHead) -> rx.Component:
    """A message: a person's in a bubble at the right, an answer in the full column."""
    return _article(
        head=head, is_first_sent=GaugeState.first_id == head.id, groups=ModelState.groups, key=head.id
    )


# Neither it nor what it holds looks into a state: all that changes in that would draw every message anew.
@rx.memo
def _article(rest: rx.RestProp, head: Head, is_first_sent: rx.Var[bool], groups: Groups) -> rx.Component:
    return rx.el.article(
        Drawn.create(_content(head=head, is_first_sent=is_first_sent, groups=groups)),
        rest,
        tab_index=-1,
        class_name="message",
        custom_attrs={
            "data-message-id": head.id,
            "data-role": head.role,
            "data-status": head.status,
        },
    )


# By itself, so that nothing of it is made before it is drawn.
@rx.memo
def _content(head: Head, is_first_sent: rx.Var[bool], groups: Groups) -> rx.Component:
    return rx.fragment(
        rx.cond(is_first_sent, _limit()),
        rx.cond(head.role == "user", _question(head, groups), _answer(head, groups)),
    )


def _limit() -> rx.Component:
    """Where the model's window begins, in a conversation that has outgrown it."""
    return rx.el.p(say("message.limit"), class_name="limit meta", role="note")


def _question(head: Head, groups: Groups) -> rx.Component:
    return rx.fragment(
        rx.el.h2(say("message.yours"), class_name="visually-hidden"),
        _editable(head, Words.create(message_id=head.id, chars=head.chars, on_gap=ThreadState.resend_text)),
        # At the edge, where they stay while nothing else of the row is shown.
        rx.el.div(_actions(head, groups), _versions(head), class_name="actions"),
    )


def _answer(head: Head, groups: Groups) -> rx.Component:
    return rx.fragment(
        rx.el.h2(say("message.answer"), class_name="visually-hidden"),
        _editable(
            head,
            Answer.create(
                message_id=head.id,
                status=head.status,
                cut=head.action == "continue",
                chars=head.chars,
                on_gap=ThreadState.resend_text,
            ),
        ),
        rx.match(
            head.status,
            ("failed", _ending("circle-alert", head.error, class_name="ending failed")),
            ("interrupted", _ending("circle-alert", head.error, class_name="ending interrupted")),
            ("stopped", rx.el.p(say("message.stopped"), class_name="meta", role="note")),
            rx.cond(head.error, _ending("info", head.error, class_name="ending")),
        ),
        _help(head),
        rx.el.div(
            _versions(head),
            _actions(head, groups),
            rx.cond(
                head.status == "streaming",
                Counter.create(message_id=head.id),
                Details.create(
                    message_id=head.id,
                    note=head.note,
                    figures=head.figures,
                    on_open=ThreadState.tell_details,
                ),
            ),
            class_name="actions",
        ),
    )


def _editable(head: Head, text: rx.Component) -> rx.Component:
    return Editable.create(
        text,
        message_id=head.id,
        role=head.role,
        max_chars=get_settings().max_message_chars,
        on_send=ThreadState.send.temporal,
        on_reword=SteeringState.reword.temporal,
    )


def _versions(head: Head) -> rx.Component:
    return Versions.create(
        message_id=head.id,
        place=head.place,
        places=head.places,
        before=head.before,
        after=head.after,
        on_show=SteeringState.show_branch,
    )


def _actions(head: Head, groups: Groups) -> rx.Component:
    return Actions.create(
        message_id=head.id,
        role=head.role,
        status=head.status,
        action=head.action,
        says_something=head.chars != 0,
        groups=groups,
        on_again=SteeringState.answer_again,
        on_continue=SteeringState.continue_answer,
        on_fork=SteeringState.fork,
        on_delete=UndoState.delete_message,
        on_delete_turn=UndoState.delete_turn,
    )


def _help(head: Head) -> rx.Component | rx.Var[Any]:
    """What helps on where an answer ended badly."""
    return rx.match(
        head.action,
        ("continue", _ask(say("continue"), head, SteeringState.continue_answer)),
        ("again", _ask(say("regenerate"), head, SteeringState.answer_again, shortcut="R")),
        ("agree", _ask(say("agree"), head, SteeringState.agree_to_payee)),
        rx.fragment(),
    )


def _ask(label: str, head: Head, handler: Any, **props: Any) -> rx.Component:
    return AskAgain.create(
        label=label,
        message_id=head.id,
        on_ask=handler,
        key=head.id,
        **props,
    )


def _ending(symbol: str, text: rx.Var[str] | str, class_name: str) -> rx.Component:
    return rx.el.div(icon(symbol), rx.el.p(text), class_name=class_name, role="note")
