"""The model menu."""

from __future__ import annotations

import dataclasses

import reflex as rx

from chat_ui.state.current import current_chat

__all__ = ["Choice", "ModelState"]

MENU_LIMIT = 500


@dataclasses.dataclass(frozen=True)
class Choice:
    """A model that can be chosen.

    Args:
        id: as its gateway names it.
        about: what the gateway says of it, in a few words.
    """

    id: str
    about: str = ""


class ModelState(rx.State):
    """Which models there are, and which one answers next."""

    gateway: str = ""
    label: str = ""
    demo: bool = False
    removable: bool = False
    choices: list[Choice] = []  # noqa: RUF012 - Reflex gives each state its own
    chosen: str = ""
    problem: str = ""

    @rx.var
    def shown(self) -> str:
        """The model that a message sent now would go to."""
        if any(choice.id == self.chosen for choice in self.choices):
            return self.chosen
        return self.choices[0].id if self.choices else ""

    @rx.event(background=True)
    async def load(self) -> None:
        """Ask the gateway which models it has; a slow one holds nothing else up."""
        gateways = current_chat().gateways
        listed = await gateways.list_models()
        async with self:
            self.gateway, self.label = listed.gateway, listed.label
            self.demo, self.removable = gateways.is_demo, gateways.is_removable
            self.problem = listed.problem
            self.choices = [
                Choice(model.id, _about(model.context_window)) for model in listed.models[:MENU_LIMIT]
            ]

    @rx.event
    def choose(self, model: str) -> None:
        """Let a model answer from now on."""
        if any(choice.id == model for choice in self.choices):
            self.chosen = model


def _about(context_window: int | None) -> str:
    if context_window is None:
        return ""
    return f"{context_window // 1000:,}k context" if context_window >= 1000 else f"{context_window} context"
