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
from chat_ui.chat.errors import FollowsDeleted, NoSuchConversation
from chat_ui.chat.feed import Topic
from chat_ui.chat.thread import Tree
from chat_ui.store import conversations, lineage, messages, runs, users
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import is_id
from chat_ui.store.messages import Message

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chat_ui.chat.service import Chat

__all__ = [
    "KEPT_FOR",
    "DeletedMessage",
    "delete_conversation",
    "delete_message",
    "delete_turn",
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
        message_id: the message that went.
        leaf_id: the end of the branch that was shown.
        count: how many messages went, in every branch.
        stayed: what followed it and stayed, each with the message that it followed before; all else went.
        text: what the message said.
    """

    message_id: str
    leaf_id: str
    count: int
    stayed: tuple[tuple[str, str], ...] = ()
    text: str = ""


async def delete_message(chat: Chat, owner: str, message_id: str) -> DeletedMessage:
    """Delete a message and all that follows it; what is still being said there is stopped first.

    Raises:
        NoSuchMessage: it isn't this person's, or is gone already.
        NoSuchConversation: its conversation is gone.
        StoreError: it could not be stored.
    """
    return await _delete(chat, owner, message_id, with_what_follows=True)


async def delete_turn(chat: Chat, owner: str, message_id: str) -> DeletedMessage:
    """Delete a question with its answers, every version of them, and leave the questions after these.

    They follow then what the deleted one followed, so that an answer always has its question.

    Args:
        chat: the running chat.
        owner: who deletes it.
        message_id: the question, or one of its answers.

    Raises:
        NoSuchMessage: it isn't this person's, or is gone already.
        NoSuchConversation: its conversation is gone.
        StoreError: it could not be stored.
    """
    return await _delete(chat, owner, message_id, with_what_follows=False)


async def _delete(chat: Chat, owner: str, message_id: str, *, with_what_follows: bool) -> DeletedMessage:
    find, part = (find_message, _all_of) if with_what_follows else (_question_of, _turn_of)
    async with chat.db.read() as tx:
        message = await find(tx, owner, message_id)
        going, _ = part(await read_tree(tx, owner, message), message.id)
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
        going, stayed = part(tree, message.id)
        leaf = instead = conversation.leaf_id
        if leaf in going:
            instead = tree.latest_leaf(next(iter(stayed))) if stayed else tree.without(message.id)
        await messages.delete(tx, owner, message.id)
        for id, before in stayed.items():
            await messages.move(tx, owner, id, before, message.parent_id)
        shown = await conversations.show_leaf(tx, owner, conversation.id, instead) or conversation
    length = len(tree.path(instead)) if instead else 0
    await chat.feed.publish(Topic("conversation", shown.id), BranchShown(shown, length))
    return DeletedMessage(message.id, leaf or message.id, len(going), tuple(stayed.items()), message.text)


async def _question_of(tx: AsyncConnection, owner: str, message_id: str) -> Message:
    message = await find_message(tx, owner, message_id)
    while message.role != "user" and message.parent_id is not None:
        message = await find_message(tx, owner, message.parent_id)
    return message


def _all_of(tree: Tree, id: str) -> tuple[set[str], dict[str, str]]:
    return tree.beneath(id), {}


def _turn_of(tree: Tree, id: str) -> tuple[set[str], dict[str, str]]:
    """A question with all that is said before the next ones, and these with what they follow."""
    stayed = tree.next_questions(id)
    return tree.beneath(id).difference(*map(tree.beneath, stayed)), stayed


async def restore_message(chat: Chat, owner: str, deleted: DeletedMessage) -> None:
    """Bring a deleted message back with all that followed it, and show it.

    Raises:
        NoSuchMessage: it isn't this person's, or has been purged.
        FollowsDeleted: what it followed has been deleted since.
        NoSuchConversation: its conversation is gone.
        StoreError: it could not be stored.
    """
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        message = await find_message(tx, owner, deleted.message_id)
        if not await messages.restore(tx, owner, message.id):
            return
        nodes = await lineage.nodes(tx, owner, message.conversation_id)
        tree = Tree(nodes)
        if message.id not in tree:
            raise FollowsDeleted
        # Further up where what it followed was deleted as well, and came back without it.
        above = {None, *tree.path(message.id)}
        follows = {node.id: node.parent_id for node in nodes}
        for id, before in deleted.stayed:
            if (now := follows.get(id)) in above:
                await messages.move(tx, owner, id, now, before)
        tree = Tree(await lineage.nodes(tx, owner, message.conversation_id))
        conversation = await conversations.get(tx, owner, message.conversation_id)
        if conversation is None:
            raise NoSuchConversation
        leaf = _leaf_with(tree, message.id, conversation.leaf_id, deleted.leaf_id)
        shown = await conversations.show_leaf(tx, owner, conversation.id, leaf) or conversation
    await chat.feed.publish(Topic("conversation", shown.id), BranchShown(shown, len(tree.path(leaf))))


def _leaf_with(tree: Tree, id: str, *wanted: str | None) -> str:
    """The first wanted end of a branch that goes through a message; the latest one there, if none does."""
    for leaf in wanted:
        if leaf is not None and leaf in tree and id in tree.path(leaf):
            return leaf
    return tree.latest_leaf(id)


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
