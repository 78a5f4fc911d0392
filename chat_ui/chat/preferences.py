"""What is asked of the model beside the messages: in one conversation, or by default."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chat_ui.chat.beginning import find_conversation
from chat_ui.chat.changes import ConversationChanged
from chat_ui.chat.errors import NoSuchConversation, NoSuchModel, UnfitPreference
from chat_ui.chat.feed import Topic
from chat_ui.store import conversations, defaults, users
from chat_ui.store.defaults import Defaults
from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.words import say

if TYPE_CHECKING:
    from chat_ui.chat.service import Chat

__all__ = [
    "EFFORTS",
    "LONGEST_SYSTEM",
    "check",
    "defaults_of",
    "prefer",
    "read_preference",
    "reset",
    "set_default",
    "set_default_model",
    "set_titles_by_model",
    "spelled",
]

EFFORTS = ("low", "medium", "high")
LONGEST_SYSTEM = 100_000
MOST_TOKENS = 10_000_000
# OpenAI takes no more: https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop
MOST_STOPS = 4
LONGEST_STOP = 200


def read_preference(name: str, text: str) -> Any:
    """A preference as a person wrote it; None where they left it blank.

    Raises:
        UnfitPreference: it can't be one; the text says what can.
    """
    reader = _READERS.get(name)
    if reader is None:
        raise UnfitPreference(say("preference.unknown"))
    return reader(text) if text.strip() else None


def check(wanted: Preferences) -> None:
    """See that somebody could have written these.

    Raises:
        UnfitPreference: one of them can't be; the text says what can.
    """
    for name in _READERS:
        read_preference(name, spelled(wanted, name))


def spelled(wanted: Preferences, name: str) -> str:
    """A preference as a person would write it; blank where there is none."""
    if name == "stop":
        return "\n".join(text.replace("\n", "\\n") for text in wanted.stop or ())
    value = getattr(wanted, name)
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _system(text: str) -> str:
    if len(text) > LONGEST_SYSTEM:
        raise UnfitPreference(say("preference.system", chars=len(text), most=LONGEST_SYSTEM))
    return text.strip()


def _temperature(text: str) -> float:
    number = _number(text)
    if number is None or not 0 <= number <= 2:
        raise UnfitPreference(say("preference.temperature"))
    return number


def _top_p(text: str) -> float:
    number = _number(text)
    if number is None or not 0 < number <= 1:
        raise UnfitPreference(say("preference.top_p"))
    return number


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _max_tokens(text: str) -> int:
    digits = text.strip().replace(",", "").replace(" ", "")
    if digits.isascii() and digits.isdecimal():
        # Python reads no number of thousands of digits; one of thirteen is too large already.
        number = int(digits.lstrip("0")[:13] or 0)
        if 1 <= number <= MOST_TOKENS:
            return number
    raise UnfitPreference(say("preference.max_tokens"))


def _effort(text: str) -> str:
    if text.strip() not in EFFORTS:
        raise UnfitPreference(say("preference.effort", efforts=", ".join(EFFORTS)))
    return text.strip()


def _stop(text: str) -> tuple[str, ...]:
    stops = tuple(line.replace("\\n", "\n") for line in text.split("\n") if line)
    if len(stops) > MOST_STOPS or any(len(stop) > LONGEST_STOP for stop in stops):
        raise UnfitPreference(say("preference.stop", most=MOST_STOPS, longest=LONGEST_STOP))
    return stops


_READERS: dict[str, Callable[[str], Any]] = {
    "system": _system,
    "temperature": _temperature,
    "max_tokens": _max_tokens,
    "top_p": _top_p,
    "effort": _effort,
    "stop": _stop,
}


async def defaults_of(chat: Chat, owner: str) -> Defaults:
    """What a person wants where a conversation says nothing else.

    Raises:
        StoreError: it could not be read.
    """
    async with chat.db.read() as tx:
        return await defaults.get(tx, owner)


async def prefer(chat: Chat, owner: str, conversation_id: str, name: str, text: str) -> None:
    """Ask something else of the model in a conversation from now on; blank goes back to the default.

    Raises:
        UnfitPreference: it can't be asked; nothing was stored.
        NoSuchConversation: it isn't this person's, or is gone.
        StoreError: it could not be stored.
    """
    value = read_preference(name, text)
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        conversation = await find_conversation(tx, owner, conversation_id)
        wanted = replace(conversation.preferences, **{name: value})
        if wanted == conversation.preferences:
            return
        changed = await conversations.prefer(tx, owner, conversation_id, wanted)
    if changed is None:
        raise NoSuchConversation
    await chat.feed.publish(Topic("conversation", changed.id), ConversationChanged(changed))


async def reset(chat: Chat, owner: str, conversation_id: str) -> None:
    """Go back to the person's defaults in a conversation.

    Raises:
        NoSuchConversation: it isn't this person's, or is gone.
        StoreError: it could not be stored.
    """
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        await find_conversation(tx, owner, conversation_id)
        changed = await conversations.prefer(tx, owner, conversation_id, AS_IT_IS)
    if changed is None:
        raise NoSuchConversation
    await chat.feed.publish(Topic("conversation", changed.id), ConversationChanged(changed))


async def set_default(chat: Chat, owner: str, name: str, text: str) -> Defaults:
    """Change what a person wants by default; blank leaves it to the gateway.

    Raises:
        UnfitPreference: it can't be wanted; nothing was stored.
        StoreError: it could not be stored.
    """
    value = read_preference(name, text)
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        known = await defaults.get(tx, owner)
        wanted = replace(known, preferences=replace(known.preferences, **{name: value}))
        await defaults.put(tx, owner, wanted)
    return wanted


async def set_default_model(chat: Chat, owner: str, gateway: str, model: str) -> Defaults:
    """Let a model answer in each new conversation; a blank gateway for whichever was chosen last.

    Raises:
        NoSuchModel: its gateway isn't connected; nothing was stored.
        StoreError: it could not be stored.
    """
    if gateway and gateway not in chat.gateways:
        raise NoSuchModel(model)
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        known = await defaults.get(tx, owner)
        changed = replace(known, gateway=gateway or None, model=(gateway and model) or None)
        await defaults.put(tx, owner, changed)
    return changed


async def set_titles_by_model(chat: Chat, owner: str, *, wanted: bool) -> Defaults:
    """Have a model asked for the title of each new conversation, or not.

    Raises:
        StoreError: it could not be stored.
    """
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        changed = replace(await defaults.get(tx, owner), titles_by_model=wanted)
        await defaults.put(tx, owner, changed)
    return changed
