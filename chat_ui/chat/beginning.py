"""What every turn begins with: it is checked, stored together with its run, and told to its readers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

from chat_ui.chat.admission import admit, find_prices
from chat_ui.chat.changes import ConversationChanged, TurnStarted
from chat_ui.chat.context import build_request, merged
from chat_ui.chat.errors import (
    BlankMessage,
    MessageTooLong,
    NoSuchConversation,
    NoSuchModel,
    UnreadableDraft,
)
from chat_ui.chat.feed import Topic
from chat_ui.chat.runs import Turn
from chat_ui.gateway import ChatRequest
from chat_ui.store import conversations, defaults, lineage, messages, runs, users
from chat_ui.store.conversations import Answering, Conversation
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import is_id
from chat_ui.store.messages import Message
from chat_ui.store.preferences import Preferences

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chat_ui.chat.service import Chat

__all__ = [
    "Asked",
    "add_answer",
    "answer_to",
    "begin",
    "check_id",
    "check_send",
    "check_text",
    "choose",
    "find_conversation",
    "request_for",
]

LONGEST_SEND_ID = 64
LONGEST_MODEL = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked for an answer, and how.

    Args:
        gateway: the name of the gateway.
        model: which of its models; blank for its first one.
        preferences: those of the conversation.
    """

    gateway: str
    model: str
    preferences: Preferences


Store = Callable[["AsyncConnection"], Awaitable[tuple[TurnStarted, Turn]]]


async def begin(  # noqa: PLR0913
    chat: Chat,
    owner: str,
    id: str,
    store: Store,
    *,
    gateway: str,
    then: Callable[[TurnStarted], None] | None = None,
) -> Conversation:
    """Store a turn and start its run, whatever becomes of who asked for it.

    Args:
        chat: the running chat.
        owner: who asks for it.
        id: of the send; where it was stored before, nothing is begun.
        store: writes the turn's messages and its run.
        gateway: the name of the one that will be asked; blank for the default one.
        then: told of a turn that was begun, just before anybody else is.

    Returns:
        The conversation it belongs to.

    Raises:
        ChatError: it can't be begun; nothing was stored.
        StoreError: it could not be stored.
    """
    await find_prices(chat, gateway)
    return await chat.runs.admit(_begin(chat, owner, id, store, then))


async def _begin(
    chat: Chat, owner: str, id: str, store: Store, then: Callable[[TurnStarted], None] | None
) -> Conversation:
    committing: Turn | None = None
    try:
        async with chat.db.write() as tx:
            await users.lock(tx, owner)
            known = await messages.by_client_id(tx, owner, id)
            if known is not None:
                return await find_conversation(tx, owner, known.conversation_id)
            started, turn = await store(tx)
            turn = await admit(chat, tx, turn)
            first = started.added[0]
            beside = await lineage.siblings(tx, owner, first.conversation_id, [first.parent_id])
            committing = turn
    except StoreError:
        if committing is not None:
            chat.runs.disown(committing)
        raise
    started = replace(started, siblings=beside[first.parent_id])
    if then is not None:
        then(started)
    chat.runs.start(turn)
    await chat.feed.publish(Topic("conversation", started.conversation.id), started)
    await chat.feed.publish(Topic("person", owner), ConversationChanged(started.conversation))
    return started.conversation


def check_id(id: str) -> None:
    """Refuse what can't be the id of a send.

    Raises:
        UnreadableDraft: it can't.
    """
    if not 0 < len(id) <= LONGEST_SEND_ID:
        raise UnreadableDraft


def check_text(chat: Chat, text: str) -> None:
    """Refuse what can't be a message.

    Raises:
        BlankMessage: it says nothing.
        MessageTooLong: it is longer than the site takes.
    """
    if not text.strip():
        raise BlankMessage
    most = chat.settings.max_message_chars
    if len(text) > most:
        raise MessageTooLong(len(text), most)


def check_send(id: str, model: str) -> None:
    """Refuse what no page would send.

    Raises:
        UnreadableDraft: the id can't be one.
        NoSuchModel: no model has such a name.
    """
    check_id(id)
    if len(model) > LONGEST_MODEL or not model.isprintable():
        raise NoSuchModel(model[:LONGEST_MODEL])


async def find_conversation(tx: AsyncConnection, owner: str, conversation_id: str) -> Conversation:
    """A conversation of this person.

    Raises:
        NoSuchConversation: it isn't theirs, or is gone.
    """
    found = await conversations.get(tx, owner, conversation_id) if is_id(conversation_id) else None
    if found is None:
        raise NoSuchConversation
    return found


def choose(chat: Chat, gateway: str, model: str) -> str:
    """The gateway to ask: the one that was named, or the default one.

    Raises:
        NoSuchModel: it isn't connected (any more).
    """
    gateway = gateway or chat.gateways.default
    if gateway not in chat.gateways:
        raise NoSuchModel(model or gateway[:LONGEST_MODEL])
    return gateway


def answer_to(question: Message, gateway: str, model: str) -> Message:
    """The message that an answer will be written into."""
    return Message(
        conversation_id=question.conversation_id,
        parent_id=question.id,
        role="assistant",
        status="streaming",
        gateway=gateway,
        model=model or None,
    )


async def request_for(
    chat: Chat, tx: AsyncConnection, owner: str, path: Sequence[Message], asked: Asked
) -> ChatRequest:
    """The request for an answer to the last message of a path, as the conversation and the person want it."""
    wanted = merged(asked.preferences, (await defaults.get(tx, owner)).preferences)
    window = chat.gateways.window(asked.gateway, asked.model)
    return build_request(path, asked.model, wanted, window=window)


async def add_answer(
    chat: Chat,
    tx: AsyncConnection,
    owner: str,
    answer: Message,
    request: ChatRequest,
    **answering: Unpack[Answering],
) -> tuple[Conversation, Turn]:
    """Store an answer that is about to be asked for, with the run that will write it, as the branch's end.

    Args:
        chat: the running chat.
        tx: the transaction.
        owner: who asks.
        answer: what the answer will be written into.
        request: what the gateway will be asked.
        **answering: who answers this conversation from now on, where that changes with it.

    Returns:
        The conversation as it is now, and what the run needs to know.

    Raises:
        NoSuchConversation: it has been deleted.
    """
    await messages.add(tx, owner, answer)
    run = await runs.start(
        tx,
        owner,
        conversation_id=answer.conversation_id,
        message_id=answer.id,
        worker_id=chat.runs.worker_id,
    )
    moved = await conversations.set_leaf(tx, owner, answer.conversation_id, answer.id, **answering)
    if moved is None:
        raise NoSuchConversation
    turn = Turn(
        run_id=run.id,
        owner=owner,
        conversation_id=answer.conversation_id,
        message_id=answer.id,
        gateway=answer.gateway or "",
        request=request,
    )
    return moved, turn
