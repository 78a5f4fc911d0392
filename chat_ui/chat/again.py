"""Another answer to the same message: from the beginning, or on from where one was cut.

The old answer stays, as a branch of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chat_ui.chat.beginning import (
    Asked,
    add_answer,
    answer_to,
    begin,
    check_send,
    choose,
    find_conversation,
    request_for,
)
from chat_ui.chat.changes import TurnStarted
from chat_ui.chat.context import continued, retold
from chat_ui.chat.errors import NoSuchMessage, NothingToContinue, StillAnswering
from chat_ui.store import lineage, messages, payees, runs
from chat_ui.store.ids import is_id
from chat_ui.store.runs import JournalEntry, Texts

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chat_ui.chat.runs import Turn
    from chat_ui.chat.service import Chat
    from chat_ui.gateway import ChatRequest
    from chat_ui.store.conversations import Conversation
    from chat_ui.store.messages import Message

__all__ = ["Again", "agree_to_payee", "answer_again", "continue_answer"]


@dataclass(frozen=True, slots=True)
class Again:
    """What a person wants answered again.

    Args:
        id: made by whoever asks. The same id sent twice is one answer.
        message_id: the answer that there is, or a question that has none.
        gateway: the name of the gateway to ask.
        model: which of its models; blank for its first one.
    """

    id: str
    message_id: str
    gateway: str = ""
    model: str = ""


async def answer_again(chat: Chat, owner: str, wanted: Again) -> Conversation:
    """Ask for another answer to the message that this one answers, or for one to a question without.

    Raises:
        ChatError: that can't be; nothing was stored.
        StoreError: it could not be stored.
    """
    check_send(wanted.id, wanted.model)
    store = partial(_store_again, chat, owner, wanted)
    return await begin(chat, owner, wanted.id, store, gateway=wanted.gateway)


async def continue_answer(chat: Chat, owner: str, wanted: Again) -> Conversation:
    """Ask for the rest of an answer that was cut; the new one begins with what the old one says.

    Raises:
        ChatError: that can't be; nothing was stored.
        StoreError: it could not be stored.
    """
    check_send(wanted.id, wanted.model)
    store = partial(_store_rest, chat, owner, wanted)
    return await begin(chat, owner, wanted.id, store, gateway=wanted.gateway)


async def agree_to_payee(chat: Chat, owner: str, wanted: Again) -> Conversation | None:
    """Agree to the payee that an answer failed over, and ask for the answer again.

    Returns:
        The conversation; None where no payee is waiting for that.

    Raises:
        ChatError: that can't be; nothing was stored.
        StoreError: it could not be stored.
    """
    check_send(wanted.id, wanted.model)
    async with chat.db.write() as tx:
        old, _ = await _old_answer(tx, owner, wanted.message_id)
        host = urlsplit(chat.gateways.profile(old.gateway or "").base_url).hostname or ""
        if not await payees.accept(tx, owner, host=host, seen=old.error or ""):
            return None
    return await answer_again(chat, owner, wanted)


async def _store_again(
    chat: Chat, owner: str, wanted: Again, tx: AsyncConnection
) -> tuple[TurnStarted, Turn]:
    path = await _question(tx, owner, wanted.message_id)
    gateway = choose(chat, wanted.gateway, wanted.model)
    answer = replace(answer_to(path[-1], gateway, wanted.model), client_id=wanted.id)
    request = await _request(chat, tx, owner, path, wanted)
    moved, turn = await add_answer(chat, tx, owner, answer, request)
    return TurnStarted(moved, (answer,)), turn


async def _store_rest(chat: Chat, owner: str, wanted: Again, tx: AsyncConnection) -> tuple[TurnStarted, Turn]:
    old, path = await _old_answer(tx, owner, wanted.message_id)
    if not old.text.strip():
        raise NothingToContinue
    gateway = choose(chat, wanted.gateway, wanted.model)
    # Calls of tools stay behind: half a call is none, and a whole one ended its answer.
    begun = Texts(old.text, old.reasoning)
    answer = replace(
        answer_to(path[-1], gateway, wanted.model),
        client_id=wanted.id,
        text=begun.text,
        reasoning=begun.reasoning,
    )
    request = await _request(chat, tx, owner, path, wanted)
    moved, turn = await add_answer(chat, tx, owner, answer, request)
    await runs.append(tx, owner, turn.run_id, _journal_of(begun))
    in_words = retold(request, begun.text)
    if not chat.gateways.profile(gateway).takes_prefill(wanted.model):
        return TurnStarted(moved, (answer,)), replace(turn, request=in_words, begun=begun)
    prefilled = continued(request, begun.text)
    return TurnStarted(moved, (answer,)), replace(turn, request=prefilled, retold=in_words, begun=begun)


async def _request(
    chat: Chat, tx: AsyncConnection, owner: str, path: list[Message], wanted: Again
) -> ChatRequest:
    conversation = await find_conversation(tx, owner, path[-1].conversation_id)
    gateway = choose(chat, wanted.gateway, wanted.model)
    asked = Asked(gateway, wanted.model, conversation.preferences)
    return await request_for(chat, tx, owner, path, asked)


def _journal_of(begun: Texts) -> list[JournalEntry]:
    """What the journal begins with, so that it alone holds the whole answer; a run counts on from 1."""
    reasoning, text = JournalEntry(-1, "reasoning", begun.reasoning), JournalEntry(0, "text", begun.text)
    return [entry for entry in (reasoning, text) if entry.text]


async def _old_answer(tx: AsyncConnection, owner: str, message_id: str) -> tuple[Message, list[Message]]:
    """An answer, and the branch that leads to what it answers."""
    old = await messages.get(tx, owner, message_id) if is_id(message_id) else None
    if old is None or old.role != "assistant" or old.parent_id is None:
        raise NoSuchMessage
    if old.status == "streaming":
        raise StillAnswering
    return old, await _path(tx, owner, old.conversation_id, old.parent_id)


async def _question(tx: AsyncConnection, owner: str, message_id: str) -> list[Message]:
    """The branch that leads to a question: the one that was named, or the one that was answered."""
    named = await messages.get(tx, owner, message_id) if is_id(message_id) else None
    if named is not None and named.role == "user":
        return await _path(tx, owner, named.conversation_id, named.id)
    return (await _old_answer(tx, owner, message_id))[1]


async def _path(tx: AsyncConnection, owner: str, conversation_id: str, leaf_id: str) -> list[Message]:
    path = await lineage.path(tx, owner, conversation_id, leaf_id)
    if not path:
        raise NoSuchMessage
    return path
