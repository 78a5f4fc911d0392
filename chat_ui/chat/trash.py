"""Deleting, and taking it back.

What is deleted is out of sight at once and stays in the database for a month, in case it is wanted back.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chat_ui.chat.branches import find_message, read_tree
from chat_ui.chat.changes import BranchShown, ConversationChanged, ConversationDeleted
from chat_ui.chat.errors import NoSuchConversation, NoSuchMessage
from chat_ui.chat.feed import Topic
from chat_ui.chat.thread import Tree
from chat_ui.store import conversations, lineage, messages, runs, users
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import is_id

if TYPE_CHECKING:
    from chat_ui.chat.service import Chat

__all__ = [
    "KEPT_FOR",
    "DeletedMessage",
    "delete_conversation",
    "delete_message",
    "keep_purging",
    "purge",
    "restore_conversation",
    "restore_message",
]

KEPT_FOR = timedelta(days=30)
PURGE_EVERY = timedelta(hours=12)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeletedMessage:
    """What was deleted, as it takes to bring it back.

    Args:
        message_id: the message that went, with all that followed it.
        leaf_id: the end of the branch that was shown.
        count: how many messages went, in every branch.
    """

    message_id: str
    leaf_id: str
    count: int


async def delete_message(chat: Chat, owner: str, message_id: str) -> DeletedMessage:
    """Delete a message and all that follows it; what is still being said there is stopped first.

    Raises:
        NoSuchMessage: it isn't this person's, or is gone already.
        NoSuchConversation: its conversation is gone.
        StoreError: it could not be stored.
    """
    async with chat.db.read() as tx:
        message = await find_message(tx, owner, message_id)
        going = (await read_tree(tx, owner, message)).beneath(message.id)
        active = await runs.active(tx, owner, message.conversation_id)
    for run in active:
        if run.message_id in going:
            await chat.runs.stop(owner, run.message_id)
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        tree = await read_tree(tx, owner, message)
        conversation = await conversations.get(tx, owner, message.conversation_id)
        if conversation is None:
            raise NoSuchConversation
        going = tree.beneath(message.id)
        leaf = instead = conversation.leaf_id
        if leaf in going:
            instead = tree.without(message.id)
        await messages.delete(tx, owner, message.id)
        shown = await conversations.show_leaf(tx, owner, conversation.id, instead) or conversation
    length = len(tree.path(instead)) if instead else 0
    await chat.feed.publish(Topic("conversation", shown.id), BranchShown(shown, length))
    return DeletedMessage(message.id, leaf or message.id, len(going))


async def restore_message(chat: Chat, owner: str, deleted: DeletedMessage) -> None:
    """Bring a deleted message back with all that followed it, and show the branch that was shown.

    Raises:
        NoSuchMessage: it isn't this person's, or has been purged.
        NoSuchConversation: its conversation is gone.
        StoreError: it could not be stored.
    """
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        message = await find_message(tx, owner, deleted.message_id)
        if not await messages.restore(tx, owner, message.id):
            return
        tree = Tree(await lineage.nodes(tx, owner, message.conversation_id))
        if message.id not in tree:
            # What it follows has been deleted since: that has to come back first.
            raise NoSuchMessage
        leaf = deleted.leaf_id if deleted.leaf_id in tree else tree.latest_leaf(message.id)
        shown = await conversations.show_leaf(tx, owner, message.conversation_id, leaf)
        if shown is None:
            raise NoSuchConversation
    await chat.feed.publish(Topic("conversation", shown.id), BranchShown(shown, len(tree.path(leaf))))


async def delete_conversation(chat: Chat, owner: str, conversation_id: str) -> Conversation:
    """Delete a conversation, and stop what is still being said in it.

    Raises:
        NoSuchConversation: it isn't this person's, or is gone already.
        StoreError: it could not be stored.
    """
    if not is_id(conversation_id):
        raise NoSuchConversation
    async with chat.db.write() as tx:
        deleted = await conversations.delete(tx, owner, conversation_id)
    if deleted is None:
        raise NoSuchConversation
    change = ConversationDeleted(deleted)
    await chat.feed.publish(Topic("conversation", deleted.id), change)
    await chat.feed.publish(Topic("person", owner), change)
    try:
        await chat.runs.stop_all(owner, deleted.id)
    except StoreError as error:
        log.warning("An answer of a deleted conversation may go on to its end: %s", error)
    return deleted


async def restore_conversation(chat: Chat, owner: str, conversation_id: str) -> None:
    """Bring a deleted conversation back.

    Raises:
        NoSuchConversation: it isn't this person's, isn't deleted, or has been purged.
        StoreError: it could not be stored.
    """
    if not is_id(conversation_id):
        raise NoSuchConversation
    async with chat.db.write() as tx:
        restored = await conversations.restore(tx, owner, conversation_id)
    if restored is None:
        raise NoSuchConversation
    await chat.feed.publish(Topic("conversation", restored.id), BranchShown(restored))
    await chat.feed.publish(Topic("person", owner), ConversationChanged(restored))


async def purge(chat: Chat, *, now: datetime) -> None:
    """Delete for good what was deleted a month ago; what that is depends on nothing but the rows.

    Raises:
        StoreError: it could not be done now.
    """
    async with chat.db.write(durable=False) as tx:
        before = now - KEPT_FOR
        gone = await conversations.purge(tx, before=before) + await messages.purge(tx, before=before)
    if gone:
        log.info("Purged %d conversations and messages that were deleted before %s", gone, before.date())


async def keep_purging(chat: Chat) -> None:
    """Purge now and twice a day, for as long as the process lives."""
    while True:
        try:
            await purge(chat, now=datetime.now(UTC))
        except StoreError as error:
            log.warning("Nothing was purged, it is tried again: %s", error)
        await asyncio.sleep(PURGE_EVERY.total_seconds())
