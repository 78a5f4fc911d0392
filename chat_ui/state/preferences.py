"""Settings of the answers: of the open chat, and a person's defaults."""

from __future__ import annotations

import dataclasses

import reflex as rx

from chat_ui.chat import preferences as chat_preferences
from chat_ui.chat.details import amount
from chat_ui.chat.errors import ChatError
from chat_ui.chat.gauge import Gauge
from chat_ui.chat.preferences import read_preference, spelled
from chat_ui.chat.trouble import in_words
from chat_ui.state import wire
from chat_ui.state.arguments import text_of
from chat_ui.state.current import current_chat, owner_of
from chat_ui.store.conversations import Conversation
from chat_ui.store.defaults import Defaults
from chat_ui.store.errors import StoreError
from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.words import say

__all__ = ["DEFAULTS", "ChatSettingsState", "DefaultsState", "GaugeState", "Setting"]

# The place of a person's defaults, beside the conversations.
DEFAULTS = "defaults"
NAMES = tuple(field.name for field in dataclasses.fields(Preferences))


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting as it is shown.

    Args:
        name: of the preference.
        value: what was chosen here; blank where nothing was.
        default: what counts then; blank where that is left to the model.
        error: why what was typed can't be.
    """

    name: str
    value: str = ""
    default: str = ""
    error: str = ""


def _settings(wanted: Preferences, default: Preferences = AS_IT_IS) -> list[Setting]:
    return [Setting(name, spelled(wanted, name), spelled(default, name)) for name in NAMES]


def _with_error(settings: list[Setting], name: str, error: str) -> list[Setting]:
    return [
        dataclasses.replace(setting, error=error) if setting.name == name else setting for setting in settings
    ]


class ChatSettingsState(rx.State):
    """What is asked of the model in the open chat; in a new one, from its first message on."""

    settings: list[Setting] = []  # noqa: RUF012 - Reflex gives each state its own
    changed: int = 0
    title_note: str = ""
    notice: str = ""
    _conversation: str = ""
    _preferences: Preferences = AS_IT_IS
    _default: Preferences = AS_IT_IS

    @property
    def for_a_new_chat(self) -> Preferences:
        """What was chosen before the first message."""
        return AS_IT_IS if self._conversation else self._preferences

    @rx.event
    async def open_new(self) -> None:
        """Show the settings of a chat that is yet to begin: those chosen for it stay, as its draft does."""
        wanted = self.for_a_new_chat
        self._conversation, self.title_note, self.notice = "", "", ""
        await self._read_defaults()
        self._show(wanted)

    @rx.event
    async def look(self) -> None:
        """Know the defaults as they are now."""
        await self._read_defaults()
        self._show(self._preferences)

    async def take(self, conversation: Conversation) -> None:
        """Show the settings of a conversation."""
        if conversation.id != self._conversation:
            await self._read_defaults()
        elif conversation.preferences == self._preferences and self.title_note == _title_note(conversation):
            return
        self._conversation, self.title_note = conversation.id, _title_note(conversation)
        self._show(conversation.preferences)

    async def _read_defaults(self) -> None:
        try:
            self._default = (await chat_preferences.defaults_of(current_chat(), owner_of())).preferences
        except StoreError as error:
            self.notice = in_words(error)

    def _show(self, wanted: Preferences) -> None:
        self._preferences = wanted
        self.settings = _settings(wanted, self._default)
        self.changed = sum(setting.value not in ("", setting.default) for setting in self.settings)

    @rx.event
    async def change(self, conversation_id: str, name: str, value: str) -> None:
        """Ask something else of the model from now on; blank goes back to the default.

        The page sends it until it is told that it counts, and may by then show another conversation.
        """
        place, name, value = map(text_of, (conversation_id, name, value))
        self.notice = ""
        try:
            known = read_preference(name, value)
            if place:
                await chat_preferences.prefer(current_chat(), owner_of(), place, name, value)
        except StoreError as error:
            self._complain(place, name, in_words(error))
            return
        except ChatError as error:
            self._complain(place, name, str(error))
        else:
            if place == self._conversation:
                self._show(dataclasses.replace(self._preferences, **{name: known}))
        await wire.push(wire.kept(place, name, value))

    def _complain(self, place: str, name: str, error: str) -> None:
        if place == self._conversation:
            self.settings = _with_error(self.settings, name, error)

    @rx.event
    async def reset_all(self) -> None:
        """Go back to the defaults."""
        self.notice = ""
        try:
            if self._conversation:
                await chat_preferences.reset(current_chat(), owner_of(), self._conversation)
        except (ChatError, StoreError) as error:
            self.notice = in_words(error)
            return
        self._show(AS_IT_IS)


def _title_note(conversation: Conversation) -> str:
    if conversation.title_tokens is None:
        return ""
    if conversation.title_cost is None:
        return say("title.cost.tokens", tokens=conversation.title_tokens)
    cost = amount(conversation.title_cost, conversation.title_currency)
    return say("title.cost", tokens=conversation.title_tokens, cost=cost)


class DefaultsState(rx.State):
    """What a person wants where a chat says nothing else."""

    settings: list[Setting] = []  # noqa: RUF012
    model: str = ""
    titles_by_model: bool = False
    notice: str = ""

    @rx.var
    def is_known(self) -> bool:
        """Whether they are here, or why they aren't."""
        return bool(self.settings or self.notice)

    @rx.var
    def model_name(self) -> str:
        """The model of a new chat, without its gateway."""
        return self.model.partition("/")[2]

    @rx.event
    async def load(self) -> None:
        """Show them."""
        self.notice = ""
        try:
            known = await chat_preferences.defaults_of(current_chat(), owner_of())
        except StoreError as error:
            self.notice = in_words(error)
            return
        self.settings, self.titles_by_model = _settings(known.preferences), known.titles_by_model
        self.model = _address(known)

    @rx.event
    async def change(self, name: str, value: str) -> None:
        """Want something else; blank leaves it to the model."""
        name, value = text_of(name), text_of(value)
        try:
            known = await chat_preferences.set_default(current_chat(), owner_of(), name, value)
        except StoreError as error:
            self.settings = _with_error(self.settings, name, in_words(error))
            return
        except ChatError as error:
            self.settings = _with_error(self.settings, name, str(error))
        else:
            self.settings = _settings(known.preferences)
        await wire.push(wire.kept(DEFAULTS, name, value))

    @rx.event
    async def choose_model(self, address: str) -> None:
        """Let a model, as ``gateway/model``, answer in new chats; blank for the one chosen last."""
        gateway, _, model = text_of(address).partition("/")
        self.notice = ""
        try:
            known = await chat_preferences.set_default_model(current_chat(), owner_of(), gateway, model)
        except (ChatError, StoreError) as error:
            self.notice = in_words(error)
            return
        self.model = _address(known)

    @rx.event
    async def toggle_titles(self) -> None:
        """Have a model asked for titles, or no longer."""
        wanted, self.notice = not self.titles_by_model, ""
        try:
            await chat_preferences.set_titles_by_model(current_chat(), owner_of(), wanted=wanted)
        except StoreError as error:
            self.notice = in_words(error)
            return
        self.titles_by_model = wanted


def _address(known: Defaults) -> str:
    return f"{known.gateway}/{known.model or ''}" if known.gateway else ""


class GaugeState(rx.State):
    """How much of the model's window the open chat takes."""

    tokens: int = 0
    window: int = 0
    left_out: int = 0
    first_id: str = ""

    @rx.event
    def open_new(self) -> None:
        """Show that nothing has been said."""
        self.reset()

    def take(self, gauge: Gauge) -> None:
        """Show what was measured."""
        shown = (self.tokens, self.window, self.left_out, self.first_id)
        measured = (gauge.tokens, gauge.window or 0, gauge.left_out, gauge.first_id)
        if shown != measured:
            self.tokens, self.window, self.left_out, self.first_id = measured
