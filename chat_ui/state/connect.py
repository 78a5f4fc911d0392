"""Connecting a gateway from the page."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx
from reflex.event import EventCallback

from chat_ui.chat.errors import ChatError
from chat_ui.gateway import GatewayError
from chat_ui.state.arguments import field_of
from chat_ui.state.current import current_chat
from chat_ui.state.models import ModelState
from chat_ui.store.errors import StoreError

__all__ = ["ConnectState"]


class ConnectState(rx.State):
    """The card that asks for a gateway. The key passes through to the server and is never sent back."""

    open: bool = False
    busy: bool = False
    error: str = ""
    report: str = ""

    @rx.event
    def show(self) -> None:
        """Open the form."""
        self.open, self.error = True, ""

    @rx.event
    def hide(self) -> None:
        """Close the form."""
        self.open, self.error = False, ""

    @rx.event(background=True)
    async def connect(self, form: dict[str, Any]) -> AsyncGenerator[EventCallback[()], None]:
        """Try the gateway that was entered: list its models, stream one word, and keep it if both work."""
        async with self:
            if self.busy:
                return
            self.busy, self.error, self.report = True, "", ""
        error = report = ""
        try:
            found = await current_chat().gateways.connect(field_of(form, "base_url"), field_of(form, "key"))
            report = f"Connected: {len(found.models):,} models, and {found.model} answered."
        except (ChatError, GatewayError, StoreError) as problem:
            error = str(problem)
        finally:
            async with self:
                self.busy, self.error, self.report, self.open = False, error, report, bool(error)
        if not error:
            yield ModelState.load

    @rx.event
    async def disconnect(self) -> EventCallback[()]:
        """Forget the gateway that was entered, and go back to the demo model."""
        try:
            await current_chat().gateways.disconnect()
        except (ChatError, StoreError) as problem:
            self.error = str(problem)
        else:
            self.report = ""
        return ModelState.load
