"""A person's turn: their message is stored, an answer to it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat_ui.chat.changes import ConversationChanged, TurnStarted
from chat_ui.chat.context import build_request
from chat_ui.chat.errors import (
    BlankMessage,
    MessageTooLong,
    NoSuchConversation,
    NoSuchMessage,
    NoSuchModel,
    UnreadableDraft,
)
from chat_ui.chat.feed import Topic
from chat_ui.chat.runs import Turn
from chat_ui.store import conversations, messages, runs
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import is_id
from chat_ui.store.messages import Message
from chat_ui.store.runs import Run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from chat_ui.chat.service import Chat

__all__ = ["Draft", "send", "title_of"]

LONGEST_TITLE = 60
LONGEST_SEND_ID = 64
LONGEST_MODEL = 256


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that a person wants to send.

    Args:
        id: made by whoever sends it. The same id sent twice is one message.
        text: what they wrote.
        conversation_id: where it belongs; blank for a new conversation.
        parent_id: the last message they saw. Where the conversation has gone on since, the draft starts
            a branch there; blank takes the conversation as it is.
        gateway: the name of the gateway to ask.
        model: which of its models; blank for its first one.
    """

    id: str
    text: str
    conversation_id: str = ""
    parent_id: str = ""
    gateway: str = ""
    model: str = ""


async def send(chat: Chat, owner: str, draft: Draft) -> Conversation:
    """Store a message and begin the answer to it.

    Args:
        chat: the running chat.
        owner: who sends it.
        draft: what they send.

    Returns:
        The conversation it belongs to, which is new if the draft named none.

    Raises:
        ChatError: the draft can't be taken; nothing was stored.
        StoreError: it could not be stored.
    """
    _check(chat, draft)
    return await chat.runs.admit(_begin(chat, owner, draft))


async def _begin(chat: Chat, owner: str, draft: Draft) -> Conversation:
    async with chat.db.write() as tx:
        known = await messages.by_client_id(tx, owner, draft.id)
        if known is not None:
            return await _conversation(tx, owner, known.conversation_id)
        started, path, run = await _store(chat, tx, owner, draft)
    conversation, answer = started.conversation, started.answer
    chat.runs.start(
        Turn(
            run_id=run.id,
            owner=owner,
            conversation_id=conversation.id,
            message_id=answer.id,
            gateway=answer.gateway or "",
            request=build_request(path, draft.model),
        )
    )
    await chat.feed.publish(Topic("conversation", conversation.id), started)
    await chat.feed.publish(Topic("person", owner), ConversationChanged(conversation))
    return conversation


def _check(chat: Chat, draft: Draft) -> None:
    if not 0 < len(draft.id) <= LONGEST_SEND_ID:
        raise UnreadableDraft
    if not draft.text.strip():
        raise BlankMessage
    most = chat.settings.max_message_chars
    if len(draft.text) > most:
        raise MessageTooLong(len(draft.text), most)
    if len(draft.model) > LONGEST_MODEL or not draft.model.isprintable():
        raise NoSuchModel(draft.model[:LONGEST_MODEL])


async def _conversation(tx: AsyncSession, owner: str, conversation_id: str) -> Conversation:
    found = await conversations.get(tx, owner, conversation_id) if is_id(conversation_id) else None
    if found is None:
        raise NoSuchConversation
    return found


async def _parent(tx: AsyncSession, owner: str, conversation: Conversation, wanted: str) -> str | None:
    if not wanted:
        return conversation.leaf_id
    parent = await messages.get(tx, owner, wanted)
    if parent is None or parent.conversation_id != conversation.id:
        raise NoSuchMessage
    return parent.id


async def _store(
    chat: Chat, tx: AsyncSession, owner: str, draft: Draft
) -> tuple[TurnStarted, list[Message], Run]:
    gateway, model = draft.gateway or chat.gateways.default, draft.model or None
    if gateway not in chat.gateways:
        raise NoSuchModel(draft.model or gateway[:LONGEST_MODEL])
    if draft.conversation_id:
        conversation = await _conversation(tx, owner, draft.conversation_id)
        if (conversation.gateway, conversation.model) != (gateway, model):
            await conversations.choose_model(tx, owner, conversation.id, gateway=gateway, model=model)
    else:
        conversation = await conversations.create(
            tx, owner, title=title_of(draft.text), gateway=gateway, model=model
        )
    parent = await _parent(tx, owner, conversation, draft.parent_id)
    question = Message(
        conversation_id=conversation.id, parent_id=parent, role="user", text=draft.text, client_id=draft.id
    )
    answer = Message(
        conversation_id=conversation.id,
        parent_id=question.id,
        role="assistant",
        status="streaming",
        gateway=gateway,
        model=model,
    )
    path = [] if parent is None else await messages.path(tx, owner, conversation.id, parent)
    await messages.add(tx, owner, question)
    await messages.add(tx, owner, answer)
    # As it is stored: characters that no database or page can hold are replaced there.
    question = await messages.get(tx, owner, question.id) or question
    run = await runs.start(
        tx,
        owner,
        conversation_id=conversation.id,
        message_id=answer.id,
        worker_id=chat.runs.worker_id,
    )
    moved = await conversations.set_leaf(tx, owner, conversation.id, answer.id)
    if moved is None:
        raise NoSuchConversation
    return TurnStarted(moved, question, answer), [*path, question], run


def title_of(text: str) -> str:
    """A title from the first words of a message."""
    words = " ".join(text.split())
    if len(words) <= LONGEST_TITLE:
        return words
    return words[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"
