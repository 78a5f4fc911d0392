"""The model menu."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from contextlib import aclosing, suppress

import reflex as rx

from chat_ui.chat import library
from chat_ui.chat.errors import ChatError
from chat_ui.chat.opened import ModelList
from chat_ui.chat.preferences import defaults_of
from chat_ui.gateway import Model
from chat_ui.gateway.model_facts import Prices
from chat_ui.gateway.money import in_dollars
from chat_ui.state import routes
from chat_ui.state.arguments import text_of
from chat_ui.state.current import current_chat, owner_of
from chat_ui.store.errors import StoreError
from chat_ui.words import say

__all__ = ["Choice", "Group", "ModelState"]

MENU_LIMIT = 1000
SEARCH_FROM = 13
NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclasses.dataclass(frozen=True)
class Choice:
    """A model that can be chosen.

    Args:
        id: as its gateway names it.
        about: what the gateway says of it, in a few words.
    """

    id: str
    about: str = ""


@dataclasses.dataclass(frozen=True)
class Group:
    """The models of one gateway.

    Args:
        gateway: its name.
        label: its name for people.
        choices: its models, the preferred one first.
        note: why there are none, or only old ones; blank where they are all there are.
        is_waiting: whether the gateway hasn't been asked before.
    """

    gateway: str
    label: str
    choices: list[Choice]
    note: str = ""
    is_waiting: bool = False


class ModelState(rx.State):
    """Which models there are, and which one answers next."""

    groups: list[Group] = []  # noqa: RUF012 - Reflex gives each state its own
    searchable: bool = False
    gateway: str = ""
    model: str = ""
    label: str = ""
    demo: bool = False
    removable: bool = False
    paid: bool = False
    heard: str = ""
    last: str = rx.LocalStorage("", name="chat-ui:model")
    _wanted: tuple[str, str] = ("", "")

    @rx.event(background=True)
    async def load(self) -> None:
        """Ask every gateway which models it has; a slow one holds neither the page nor the others up."""
        gateways, heard = current_chat().gateways, self.heard
        wanted = await self._remembered()
        async with self:
            # Who has chosen another meanwhile has the last word.
            if self.heard == heard:
                self._wanted = wanted
            self.take_known()
        async with aclosing(gateways.list_models()) as answers:
            async for _ in answers:
                async with self:
                    self.take_known()

    def take_known(self) -> None:
        """Show what is known of the gateways by now, without asking them."""
        self._show(current_chat().gateways.known_models())

    @rx.event
    async def choose(self, gateway: str, model: str, id: str) -> None:
        """Let a model answer from now on: in this conversation, and in the next new one.

        Args:
            gateway: its name.
            model: as the gateway names it. One that can't be chosen changes nothing.
            id: of this choice, by which the page knows that it was heard.
        """
        gateway, model, self.heard = map(text_of, (gateway, model, id))
        # It may have been taken away in another tab.
        self.take_known()
        offered = next((group.choices for group in self.groups if group.gateway == gateway), [])
        if not any(choice.id == model for choice in offered):
            return
        self.last, self._wanted = f"{gateway}/{model}", (gateway, model)
        self._settle()
        if conversation := self._conversation():
            # Not worth a word: the next message says it again.
            with suppress(ChatError, StoreError):
                await library.choose_model(current_chat(), owner_of(), conversation, gateway, model)

    async def _remembered(self) -> tuple[str, str]:
        """The gateway and model of the open conversation, else the person's own for a new one, or the last
        that were chosen; blank if none."""
        if conversation := self._conversation():
            with suppress(ChatError, StoreError):
                return await library.chosen_model(current_chat(), owner_of(), conversation)
        with suppress(StoreError):
            known = await defaults_of(current_chat(), owner_of())
            if known.gateway:
                return known.gateway, known.model or ""
        gateway, _, model = self.last.partition("/")
        return gateway, model

    def _conversation(self) -> str:
        path = self.router.url.path
        is_one = path.startswith(routes.CONVERSATION_PREFIX)
        return path.removeprefix(routes.CONVERSATION_PREFIX).strip("/") if is_one else ""

    def _show(self, lists: Iterable[ModelList]) -> None:
        groups = [_group(listed) for listed in lists]
        if groups != self.groups:
            self.groups = groups
            self.searchable = sum(len(group.choices) for group in groups) >= SEARCH_FROM
        self._settle()

    def _settle(self) -> None:
        """Take the gateway and the model that are wanted, or what comes nearest to them now."""
        gateway, model = self._wanted
        usable = [group for group in self.groups if group.choices or group.is_waiting]
        nearest = (usable or self.groups)[0]
        group = next((group for group in self.groups if group.gateway == gateway), nearest)
        ids = [choice.id for choice in group.choices]
        may_be = model in ids or (group.gateway == gateway and group.note)
        self.gateway, self.label = group.gateway, group.label
        gateways = current_chat().gateways
        first = gateways.first_known(group.gateway)
        usual = first if first in ids else next(iter(ids), "")
        self.model = model if may_be and model else usual
        self.demo, self.removable = gateways.is_demo, group.gateway == gateways.removable
        self.paid = gateways.profile(group.gateway).x402


def _group(listed: ModelList) -> Group:
    choices = [Choice(model.id, _about(model)) for model in listed.models[:MENU_LIMIT]]
    note = listed.problem if listed.asked else say("models.asking")
    return Group(listed.gateway, listed.label, choices, note, not listed.asked)


def _about(model: Model) -> str:
    """What a gateway says of a model, in one line."""
    size, can = model.context_window, model.capabilities
    facts = [model.label or "", say("models.context", size=_rounded(size)) if size else ""]
    able = {"models.vision": can.vision, "models.tools": can.tools, "models.reasoning": can.reasoning}
    facts.append(", ".join(say(words) for words, is_told in able.items() if is_told))
    facts.append(_price(model.prices) if model.prices else "")
    # A fact is not broken in two where the line is.
    return " · ".join(fact.replace(" ", NO_BREAK) for fact in facts if fact)


def _rounded(tokens: int) -> str:
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if tokens >= size:
            return f"{round(tokens / size, 1 if tokens < 10 * size else 0):g}{unit}"
    return str(tokens)


def _price(prices: Prices) -> str:
    """What a million tokens cost, read and written, as in ``$3 / $15 per 1M``."""
    if prices.input is None or prices.output is None:
        return ""
    if not prices.input and not prices.output:
        return say("models.free")
    amounts = (prices.input, prices.output)
    if prices.currency == "usd":
        read, written = map(in_dollars, amounts)
        return say("models.price.dollars", read=read, written=written)
    read, written = (f"{amount.normalize():f}" for amount in amounts)
    return say("models.price", read=read, written=written, currency=prices.currency.upper())
