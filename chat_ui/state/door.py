"""The one place that every event passes before its handler: who sends it, and whether they may.

Every handler is a public procedure: whoever reaches the websocket can call it by name. A new one needs
nothing to be safe from strangers, and one mark to be for admins only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import reflex as rx
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event
from reflex_base.event.context import EventContext
from reflex_base.registry import RegistrationContext

from chat_ui.accounts.caller import ADDRESS_HEADER, SESSION_HEADER, Caller, let_in
from chat_ui.chat.service import Chat
from chat_ui.monitoring.logs import REQUEST_ID, request_id_of
from chat_ui.state.current import current_chat, is_running

if TYPE_CHECKING:
    from reflex.app import App

__all__ = ["EventDoor", "for_admins"]

_for_admins: set[type[BaseState]] = set()

State = TypeVar("State", bound=type[rx.State])


def for_admins(state: State) -> State:
    """Let only those who run the site call the handlers of a state."""
    _for_admins.add(state)
    return state


class EventDoor(Middleware):
    """Finds out who calls before each event, and lets nothing happen where nobody may."""

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Say who calls, or keep the event from its handler."""
        del app, state
        # Before anything can fail: what was said of the event before must not count for this one.
        let_in(None)
        REQUEST_ID.set(request_id_of(""))
        # The site has ended, and its connections are about to: the page sends again what has to be kept.
        if not is_running():
            return StateUpdate()
        who = await _caller(current_chat())
        if who is None or not _may(who, event):
            return StateUpdate()
        let_in(who)
        return None


async def _caller(chat: Chat) -> Caller | None:
    if chat.accounts is None:
        return None if chat.person is None else Caller(chat.person)
    headers = EventContext.get().router_data.get("headers", {})
    session_id = headers.get(SESSION_HEADER.decode(), "")
    visitor = await chat.accounts.sessions.visitor(session_id)
    if visitor is None:
        # Closes the websocket, so that the page asks whether it is signed in.
        chat.accounts.sessions.forget([session_id])
        return None
    return Caller(visitor.person, session_id, headers.get(ADDRESS_HEADER.decode(), ""))


def _may(who: Caller, event: Event) -> bool:
    registered = RegistrationContext.get().event_handlers.get(event.name)
    return registered is not None and (who.person.is_admin or registered.states[0] not in _for_admins)
