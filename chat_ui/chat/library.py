"""A person's conversations: list, rename, choose who answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TYPE_CHECKING

from chat_ui.chat.beginning import find_conversation
from chat_ui.chat.changes import ConversationChanged
from chat_ui.chat.errors import NoSuchConversation, NoSuchModel
from chat_ui.chat.feed import Lagged, Topic
from chat_ui.store import conversations, users
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import is_id

if TYPE_CHECKING:
    from chat_ui.chat.service import Chat

__all__ = ["LONGEST_TITLE", "choose_model", "chosen_model", "follow_library", "rename"]

LONGEST_TITLE = 200


async def follow_library(chat: Chat, owner: str, limit: int) -> AsyncGenerator[tuple[Conversation, ...]]:
    """Yield a person's newest conversations now, and again whenever something about them changes.

    Args:
        chat: the running chat.
        owner: whose.
        limit: how many at most.
    """
    async with chat.feed.follow(Topic("person", owner)) as changes:
        while True:
            async with chat.db.read() as tx:
                listed = await conversations.recent(tx, owner, limit=limit)
            yield tuple(listed)
            # However much has changed meanwhile, one reading shows it.
            with suppress(Lagged):
                await changes.next()
            changes.drop()


async def rename(chat: Chat, owner: str, conversation_id: str, title: str) -> None:
    """Give a conversation another title; a blank one leaves it as it is.

    Raises:
        NoSuchConversation: it isn't this person's, or is gone.
    """
    title = " ".join(title.split())[:LONGEST_TITLE]
    if not title:
        return
    if not is_id(conversation_id):
        raise NoSuchConversation
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        renamed = await conversations.rename(tx, owner, conversation_id, title)
    if renamed is None:
        raise NoSuchConversation
    change = ConversationChanged(renamed)
    await chat.feed.publish(Topic("conversation", renamed.id), change)
    await chat.feed.publish(Topic("person", owner), change)


async def chosen_model(chat: Chat, owner: str, conversation_id: str) -> tuple[str, str]:
    """Who answers in a conversation: a gateway's name and a model; a blank one is the gateway's own choice.

    Raises:
        NoSuchConversation: it isn't this person's, or is gone.
    """
    async with chat.db.read() as tx:
        found = await find_conversation(tx, owner, conversation_id)
    return found.gateway, found.model or ""


async def choose_model(chat: Chat, owner: str, conversation_id: str, gateway: str, model: str) -> None:
    """Let a model answer in a conversation from now on.

    Raises:
        NoSuchConversation: it isn't this person's, or is gone.
        NoSuchModel: its gateway isn't connected.
    """
    if gateway not in chat.gateways:
        raise NoSuchModel(model)
    if not is_id(conversation_id):
        raise NoSuchConversation
    async with chat.db.write() as tx:
        changed = await conversations.choose_model(
            tx, owner, conversation_id, gateway=gateway, model=model or None
        )
    if changed is None:
        raise NoSuchConversation
    change = ConversationChanged(changed)
    await chat.feed.publish(Topic("conversation", changed.id), change)
    await chat.feed.publish(Topic("person", owner), change)
