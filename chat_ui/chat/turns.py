"""A person's turn: their message is stored, an answer to it begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from chat_ui.chat.beginning import (
    Asked,
    add_answer,
    answer_to,
    begin,
    check_send,
    check_text,
    choose,
    find_conversation,
    request_for,
)
from chat_ui.chat.changes import TurnStarted
from chat_ui.chat.errors import NoPrice, NoSuchMessage
from chat_ui.chat.runs import Turn
from chat_ui.gateway import Price
from chat_ui.store import conversations, lineage, messages
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import is_id
from chat_ui.store.messages import Message
from chat_ui.store.preferences import AS_IT_IS, Preferences

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chat_ui.chat.service import Chat

__all__ = ["Draft", "price_of", "send", "title_of"]

LONGEST_TITLE = 60
FENCE = re.compile(r"^[ \t]*(?:`{3,}[^`\n]*|~{3,}.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that a person wants to send.

    Args:
        id: made by whoever sends it. The same id sent twice is one message.
        text: what they wrote.
        conversation_id: where it belongs; blank for a new conversation.
        parent_id: the last message they saw. Where the conversation has gone on since, the draft starts
            a branch there; blank takes the conversation as it is.
        replaces: the earlier message that this is a new wording of. The draft then stands beside it, and
            ``parent_id`` says nothing.
        gateway: the name of the gateway to ask.
        model: which of its models; blank for its first one.
    """

    id: str
    text: str
    conversation_id: str = ""
    parent_id: str = ""
    replaces: str = ""
    gateway: str = ""
    model: str = ""


async def send(chat: Chat, owner: str, draft: Draft, preferences: Preferences = AS_IT_IS) -> Conversation:
    """Store a message and begin the answer to it.

    Args:
        chat: the running chat.
        owner: who sends it.
        draft: what they send.
        preferences: what is asked of the model in the conversation, where it is a new one.

    Returns:
        The conversation it belongs to, which is new if the draft named none.

    Raises:
        ChatError: the draft can't be taken; nothing was stored.
        StoreError: it could not be stored.
    """
    _check(chat, draft)
    then = None if draft.conversation_id else partial(chat.titles.expect, chat, owner)
    store = partial(_store, chat, owner, draft, preferences)
    return await begin(chat, owner, draft.id, store, gateway=draft.gateway, then=then)


def _check(chat: Chat, draft: Draft) -> None:
    check_send(draft.id, draft.model)
    check_text(chat, draft.text)


async def price_of(chat: Chat, owner: str, draft: Draft, preferences: Preferences = AS_IT_IS) -> Price:
    """What the answer to a message would cost at most, at a gateway that is paid per request.

    The gateway is told the message to find out; nothing is stored or paid.

    Args:
        chat: the running chat.
        owner: who asks.
        draft: what they would send.
        preferences: what is asked of the model in the conversation, where it is a new one.

    Raises:
        ChatError: the draft can't be taken.
        GatewayError: it couldn't be asked, or names a price that wouldn't be paid.
        StoreError: the conversation could not be read.
    """
    _check(chat, draft)
    gateway, path = choose(chat, draft.gateway, draft.model), list[Message]()
    if not chat.gateways.profile(gateway).x402:
        raise NoPrice
    model = draft.model or await chat.gateways.first_model(gateway)
    question = Message(conversation_id=draft.conversation_id, role="user", text=draft.text)
    async with chat.db.read() as tx:
        if draft.conversation_id:
            conversation = await find_conversation(tx, owner, draft.conversation_id)
            preferences = conversation.preferences
            _, path = await _path_to(tx, owner, conversation, draft)
        asked = Asked(gateway, model, preferences)
        request = await request_for(chat, tx, owner, [*path, question], asked)
    async with chat.gateways.using(gateway) as paid:
        return await paid.estimate(request)


async def _path_to(
    tx: AsyncConnection, owner: str, conversation: Conversation, draft: Draft
) -> tuple[str | None, list[Message]]:
    """What a draft follows: the message's id, and the branch that ends with it."""
    parent = draft.parent_id or conversation.leaf_id
    if draft.replaces:
        replaced = await messages.get(tx, owner, draft.replaces) if is_id(draft.replaces) else None
        if replaced is None or (replaced.conversation_id, replaced.role) != (conversation.id, "user"):
            raise NoSuchMessage
        parent = replaced.parent_id
    path = await lineage.path(tx, owner, conversation.id, parent) if parent else []
    if parent and not path:
        raise NoSuchMessage
    return parent, path


async def _store(
    chat: Chat, owner: str, draft: Draft, preferences: Preferences, tx: AsyncConnection
) -> tuple[TurnStarted, Turn]:
    gateway, model = choose(chat, draft.gateway, draft.model), draft.model or None
    if draft.conversation_id:
        conversation = await find_conversation(tx, owner, draft.conversation_id)
    else:
        conversation = await conversations.create(
            tx, owner, title=title_of(draft.text), gateway=gateway, model=model, preferences=preferences
        )
    parent, path = await _path_to(tx, owner, conversation, draft)
    question = Message(
        conversation_id=conversation.id, parent_id=parent, role="user", text=draft.text, client_id=draft.id
    )
    question = await messages.add(tx, owner, question)
    answer = answer_to(question, gateway, draft.model)
    asked = Asked(gateway, draft.model, conversation.preferences)
    request = await request_for(chat, tx, owner, [*path, question], asked)
    moved, turn = await add_answer(chat, tx, owner, answer, request, gateway=gateway, model=model)
    return TurnStarted(moved, (question, answer)), turn


def title_of(text: str) -> str:
    """A title from the first words of a message; one so long that it would take most of it away is cut.

    What begins and ends a block of code is none of its words.
    """
    words = " ".join(FENCE.sub("", text).split()) or " ".join(text.split())
    if len(words) <= LONGEST_TITLE:
        return words
    end = words.rfind(" ", LONGEST_TITLE // 2, LONGEST_TITLE)
    return words[: LONGEST_TITLE - 1 if end < 0 else end] + "…"
