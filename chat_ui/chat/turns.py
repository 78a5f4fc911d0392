"""A person's turn: their message is stored, an answer to it begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from chat_ui.chat.changes import ConversationChanged, TurnStarted
from chat_ui.chat.context import build_request
from chat_ui.chat.errors import (
    BlankMessage,
    MessageTooLong,
    NoPrice,
    NoSuchConversation,
    NoSuchMessage,
    NoSuchModel,
    UnreadableDraft,
)
from chat_ui.chat.feed import Topic
from chat_ui.chat.runs import Turn
from chat_ui.gateway import ChatRequest, Price
from chat_ui.store import conversations, messages, runs
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import is_id
from chat_ui.store.messages import Message

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from chat_ui.chat.service import Chat

__all__ = [
    "Draft",
    "add_answer",
    "answer_to",
    "begin",
    "check_send",
    "choose",
    "find_conversation",
    "price_of",
    "send",
    "title_of",
]

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
    return await begin(chat, owner, draft.id, partial(_store, chat, owner, draft))


async def begin(
    chat: Chat, owner: str, id: str, store: Callable[[AsyncSession], Awaitable[tuple[TurnStarted, Turn]]]
) -> Conversation:
    """Store a turn and start its run, whatever becomes of who asked for it.

    Args:
        chat: the running chat.
        owner: who asks for it.
        id: of the send; where it was stored before, nothing is begun.
        store: writes the turn's messages and its run.

    Returns:
        The conversation it belongs to.

    Raises:
        ChatError: it can't be begun; nothing was stored.
        StoreError: it could not be stored.
    """
    return await chat.runs.admit(_begin(chat, owner, id, store))


async def _begin(
    chat: Chat, owner: str, id: str, store: Callable[[AsyncSession], Awaitable[tuple[TurnStarted, Turn]]]
) -> Conversation:
    async with chat.db.write() as tx:
        known = await messages.by_client_id(tx, owner, id)
        if known is not None:
            return await find_conversation(tx, owner, known.conversation_id)
        started, turn = await store(tx)
    chat.runs.start(turn)
    await chat.feed.publish(Topic("conversation", started.conversation.id), started)
    await chat.feed.publish(Topic("person", owner), ConversationChanged(started.conversation))
    return started.conversation


def check_send(id: str, model: str) -> None:
    """Refuse what no page would send.

    Raises:
        UnreadableDraft: the id can't be one.
        NoSuchModel: no model has such a name.
    """
    if not 0 < len(id) <= LONGEST_SEND_ID:
        raise UnreadableDraft
    if len(model) > LONGEST_MODEL or not model.isprintable():
        raise NoSuchModel(model[:LONGEST_MODEL])


def _check(chat: Chat, draft: Draft) -> None:
    check_send(draft.id, draft.model)
    if not draft.text.strip():
        raise BlankMessage
    most = chat.settings.max_message_chars
    if len(draft.text) > most:
        raise MessageTooLong(len(draft.text), most)


async def find_conversation(tx: AsyncSession, owner: str, conversation_id: str) -> Conversation:
    """A conversation of this person.

    Raises:
        NoSuchConversation: it isn't theirs, or is gone.
    """
    found = await conversations.get(tx, owner, conversation_id) if is_id(conversation_id) else None
    if found is None:
        raise NoSuchConversation
    return found


async def price_of(chat: Chat, owner: str, draft: Draft) -> Price:
    """What the answer to a message would cost at most, at a gateway that is paid per request.

    The gateway is told the message to find out; nothing is stored or paid.

    Raises:
        ChatError: the draft can't be taken.
        GatewayError: it couldn't be asked, or names a price that wouldn't be paid.
        StoreError: the conversation could not be read.
    """
    _check(chat, draft)
    gateway, path = choose(chat, draft.gateway, draft.model), list[Message]()
    if not chat.gateways.profile(gateway).x402:
        raise NoPrice
    if draft.conversation_id:
        async with chat.db.read() as tx:
            conversation = await find_conversation(tx, owner, draft.conversation_id)
            _, path = await _path_to(tx, owner, conversation, draft)
    question = Message(conversation_id=draft.conversation_id, role="user", text=draft.text)
    model = draft.model or await chat.gateways.first_model(gateway)
    async with chat.gateways.using(gateway) as asked:
        return await asked.estimate(build_request([*path, question], model))


async def _path_to(
    tx: AsyncSession, owner: str, conversation: Conversation, draft: Draft
) -> tuple[str | None, list[Message]]:
    """What a draft follows: the message's id, and the branch that ends with it."""
    parent = draft.parent_id or conversation.leaf_id
    path = await messages.path(tx, owner, conversation.id, parent) if parent else []
    if parent and not path:
        raise NoSuchMessage
    return parent, path


async def _store(chat: Chat, owner: str, draft: Draft, tx: AsyncSession) -> tuple[TurnStarted, Turn]:
    gateway, model = choose(chat, draft.gateway, draft.model), draft.model or None
    if draft.conversation_id:
        conversation = await find_conversation(tx, owner, draft.conversation_id)
        if (conversation.gateway, conversation.model) != (gateway, model):
            await conversations.choose_model(tx, owner, conversation.id, gateway=gateway, model=model)
    else:
        conversation = await conversations.create(
            tx, owner, title=title_of(draft.text), gateway=gateway, model=model
        )
    parent, path = await _path_to(tx, owner, conversation, draft)
    question = Message(
        conversation_id=conversation.id, parent_id=parent, role="user", text=draft.text, client_id=draft.id
    )
    await messages.add(tx, owner, question)
    # As it is stored: characters that no database or page can hold are replaced there.
    question = await messages.get(tx, owner, question.id) or question
    answer = answer_to(question, gateway, draft.model)
    request = build_request([*path, question], draft.model)
    moved, turn = await add_answer(chat, tx, owner, answer, request)
    return TurnStarted(moved, (question, answer)), turn


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


async def add_answer(
    chat: Chat, tx: AsyncSession, owner: str, answer: Message, request: ChatRequest
) -> tuple[Conversation, Turn]:
    """Store an answer that is about to be asked for, with the run that will write it, as the branch's end.

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
    moved = await conversations.set_leaf(tx, owner, answer.conversation_id, answer.id)
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


def title_of(text: str) -> str:
    """A title from the first words of a message."""
    words = " ".join(text.split())
    if len(words) <= LONGEST_TITLE:
        return words
    return words[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"
