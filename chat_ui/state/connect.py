"""Connecting a gateway from the page."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx
from reflex.config import get_config
from reflex.event import EventCallback

from chat_ui.chat.errors import ChatError
from chat_ui.chat.trouble import in_words
from chat_ui.gateway import GatewayError, NoModels, NotFound
from chat_ui.gateway.local import Found, find_local
from chat_ui.state.arguments import field_of, text_of
from chat_ui.state.current import current_chat
from chat_ui.state.door import for_admins
from chat_ui.state.models import ModelState
from chat_ui.state.sidebar import SidebarState
from chat_ui.store.errors import StoreError
from chat_ui.words import say

__all__ = ["ConnectState", "LocalServer"]


@dataclasses.dataclass(frozen=True)
class LocalServer:
    """A server of models that was found on this machine.

    Args:
        base_url: where.
        about: what it is and has, in a few words.
        wants_key: whether it can be connected only with a key.
    """

    base_url: str
    about: str
    wants_key: bool = False


@for_admins
class ConnectState(rx.State):
    """The card that asks for a gateway. The key passes through to the server and is never sent back."""

    open: bool = False
    busy: bool = False
    error: str = ""
    report: str = ""
    asks_for_model: bool = False
    looking: bool = False
    looked: bool = False
    found: list[LocalServer] = []  # noqa: RUF012 - Reflex gives each state its own

    @rx.event
    def show(self) -> None:
        """Open the form."""
        self.open, self.error = True, ""

    @rx.event
    def hide(self) -> None:
        """Close the form."""
        self.open, self.error = False, ""

    @rx.event(background=True)
    async def look(self) -> None:
        """Look for servers of models on this machine; nobody else's question, and never by itself."""
        async with self:
            if self.looking or current_chat().gateways.is_fixed or current_chat().accounts is not None:
                return
            self.looking, self.looked, self.found = True, False, []
        servers: list[LocalServer] = []
        try:
            config = get_config()
            found = await find_local(skip={int(config.backend_port or 0), int(config.frontend_port or 0)})
            servers = [LocalServer(one.base_url, _about(one), one.wants_key) for one in found]
        finally:
            async with self:
                self.looking, self.looked, self.found = False, True, servers

    @rx.event
    def connect_found(self, base_url: str) -> EventCallback[()] | None:
        """Connect a server that was found."""
        if any(server.base_url == text_of(base_url) for server in self.found):
            return ConnectState.connect({"base_url": base_url, "key": ""})
        return None

    @rx.event(background=True)
    async def connect(self, form: dict[str, Any]) -> AsyncGenerator[EventCallback[()], None]:
        """Try the gateway that was entered: list its models, stream one word, and keep it if both work."""
        async with self:
            if self.busy:
                return
            self.busy, self.error, self.report = True, "", ""
        error, report, has_no_list = "", "", False
        entered = [field_of(form, name) for name in ("base_url", "key", "model")]
        try:
            found = await current_chat().gateways.connect(*entered)
            words = "connected.listed" if found.models else "connected"
            report = say(words, models=_counted(len(found.models)), model=found.model)
        except (ChatError, GatewayError, StoreError) as problem:
            error, has_no_list = in_words(problem), isinstance(problem, NoModels | NotFound)
        finally:
            async with self:
                self.busy, self.error, self.report, self.open = False, error, report, bool(error)
                self.asks_for_model = bool(error) and (has_no_list or self.asks_for_model)
                # In the same breath as the report, or what is sent next would still go to the model before.
                (await self.get_state(ModelState)).take_known()
        if not error:
            yield ModelState.load

    @rx.event
    async def disconnect(self) -> EventCallback[()]:
        """Forget the gateway that was entered, and go back to the demo model."""
        try:
            await current_chat().gateways.disconnect()
        except (ChatError, StoreError) as problem:
            # Beside the button: the card's own place is there only while nothing is connected.
            (await self.get_state(SidebarState)).notice = in_words(problem)
        else:
            self.report = ""
        return ModelState.load


def _about(found: Found) -> str:
    has = say("connected.wants_key") if found.wants_key else _counted(len(found.models))
    return f"{found.label} · {has}"


def _counted(models: int) -> str:
    return say("connected.model" if models == 1 else "connected.models", count=models)
