"""Connecting a gateway from the page."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from chat_ui.gateway import GatewayError
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
    async def connect(self, form: dict[str, Any]) -> AsyncGenerator[EventSpec, None]:
        """Try the gateway that was entered: list its models, stream one word, and keep it if both work."""
        async with self:
            if self.busy:
                return
            self.busy, self.error, self.report = True, "", ""
        error = report = ""
        try:
            found = await current_chat().gateways.connect(
                str(form.get("base_url", "")), str(form.get("key", ""))
            )
            report = f"Connected: {len(found.models):,} models, and {found.model} answered."
        except (GatewayError, StoreError) as problem:
            error = str(problem)
        finally:
            async with self:
                self.busy, self.error, self.report, self.open = False, error, report, bool(error)
        if not error:
            yield ModelState.load

    @rx.event
    async def disconnect(self) -> EventSpec:
        """Forget the gateway that was entered, and go back to the demo model."""
        await current_chat().gateways.disconnect()
        self.report = ""
        return ModelState.load
