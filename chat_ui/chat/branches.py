"""Branches of a conversation: show another one, reword an answer, fork into a conversation of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chat_ui.chat.beginning import check_id, check_text, find_conversation
from chat_ui.chat.changes import BranchShown, ConversationChanged
from chat_ui.chat.errors import NoSuchMessage, StillAnswering
from chat_ui.chat.feed import Topic
from chat_ui.chat.library import LONGEST_TITLE
from chat_ui.chat.thread import Tree
from chat_ui.store import conversations, lineage, messages, users
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import is_id, new_id
from chat_ui.store.messages import Message
from chat_ui.words import say

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chat_ui.chat.service import Chat

__all__ = ["Rewording", "find_message", "fork", "read_tree", "reword_answer", "show_branch"]


@dataclass(frozen=True, slots=True)
class Rewording:
    """Words of a person's own that are to stand in place of an answer's.

    Args:
        id: made by whoever sends it. The same id sent twice is one rewording.
        message_id: the answer.
        text: what it is to say.
    """

    id: str
    message_id: str
    text: str


async def show_branch(chat: Chat, owner: str, message_id: str) -> None:
    """Show the branch that goes through a message, to its latest end, on every page that is open.

    Raises:
        NoSuchMessage: it isn't this person's, or is gone.
        StoreError: it could not be stored.
    """
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        message = await find_message(tx, owner, message_id)
        tree = await read_tree(tx, owner, message)
        conversation = await find_conversation(tx, owner, message.conversation_id)
        leaf = tree.latest_leaf(message.id)
        if leaf == conversation.leaf_id:
            return
        shown = await conversations.show_leaf(tx, owner, conversation.id, leaf) or conversation
    length = len(tree.path(leaf)) - len(tree.path(message.id)) + 1
    await chat.feed.publish(Topic("conversation", shown.id), BranchShown(shown, length))


async def reword_answer(chat: Chat, owner: str, wanted: Rewording) -> Conversation:
    """Put a person's words beside an answer, as another one, and show that; no model is asked.

    Returns:
        The conversation as it is now.

    Raises:
        ChatError: that can't be; nothing was stored.
        StoreError: it could not be stored.
    """
    check_id(wanted.id)
    check_text(chat, wanted.text)
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        known = await messages.by_client_id(tx, owner, wanted.id)
        if known is not None:
            return await find_conversation(tx, owner, known.conversation_id)
        old = await find_message(tx, owner, wanted.message_id)
        if old.role != "assistant":
            raise NoSuchMessage
        if old.status == "streaming":
            raise StillAnswering
        await read_tree(tx, owner, old)
        new = Message(
            conversation_id=old.conversation_id,
            parent_id=old.parent_id,
            role="assistant",
            text=wanted.text,
            gateway=old.gateway,
            model=old.model,
            served_model=old.served_model,
            client_id=wanted.id,
            edited_at=datetime.now(UTC),
        )
        await messages.add(tx, owner, new)
        conversation = await find_conversation(tx, owner, old.conversation_id)
        shown = await conversations.set_leaf(tx, owner, old.conversation_id, new.id) or conversation
    await chat.feed.publish(Topic("conversation", shown.id), BranchShown(shown, 1))
    await chat.feed.publish(Topic("person", owner), ConversationChanged(shown))
    return shown


async def fork(chat: Chat, owner: str, id: str, message_id: str) -> Conversation:
    """Copy the branch that ends with a message into a new conversation.

    What the answers cost stays with those that were paid for.

    Args:
        chat: the running chat.
        owner: who asks for it.
        id: made by whoever asks. The same id sent twice is one fork.
        message_id: the last message to copy.

    Returns:
        The new conversation.

    Raises:
        ChatError: that can't be; nothing was stored.
        StoreError: it could not be stored.
    """
    check_id(id)
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        known = await messages.by_client_id(tx, owner, id)
        if known is not None:
            return await find_conversation(tx, owner, known.conversation_id)
        last = await find_message(tx, owner, message_id)
        path = await lineage.path(tx, owner, last.conversation_id, last.id)
        if not path:
            raise NoSuchMessage
        if any(message.status == "streaming" for message in path):
            raise StillAnswering
        source = await find_conversation(tx, owner, last.conversation_id)
        made = await conversations.create(
            tx,
            owner,
            title=_fork_of(source.title),
            gateway=source.gateway,
            model=source.model,
            preferences=source.preferences,
        )
        branch = _copied(path, id)
        await messages.copy(tx, owner, made.id, branch)
        forked = await conversations.set_leaf(tx, owner, made.id, branch[-1].id) or made
    await chat.feed.publish(Topic("person", owner), ConversationChanged(forked))
    return forked


def _fork_of(title: str) -> str:
    room = LONGEST_TITLE - len(say("fork.title", title=""))
    return say("fork.title", title=title[:room])


def _copied(path: list[Message], client_id: str) -> list[Message]:
    branch: list[Message] = []
    for message in path:
        copy = replace(
            message,
            id=new_id(),
            parent_id=branch[-1].id if branch else None,
            client_id=None if branch else client_id,
            cost=None,
            currency=None,
            receipt=None,
        )
        branch.append(copy)
    return branch


async def find_message(tx: AsyncConnection, owner: str, message_id: str) -> Message:
    """A message of this person, whether or not it has been deleted.

    Raises:
        NoSuchMessage: it isn't theirs, or never was.
    """
    found = await messages.get(tx, owner, message_id) if is_id(message_id) else None
    if found is None:
        raise NoSuchMessage
    return found


async def read_tree(tx: AsyncConnection, owner: str, message: Message) -> Tree:
    """The tree that a message stands in.

    Raises:
        NoSuchMessage: it has been deleted.
    """
    tree = Tree(await lineage.nodes(tx, owner, message.conversation_id))
    if message.id not in tree:
        raise NoSuchMessage
    return tree
