"""Titles that a model writes, for those who switched that on: one request for each new conversation."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from chat_ui.chat.admission import admit_title
from chat_ui.chat.changes import ConversationChanged, ConversationDeleted, MessageEnded, TurnStarted
from chat_ui.chat.context import tokens_in
from chat_ui.chat.errors import ChatError
from chat_ui.chat.feed import Lagged, Topic
from chat_ui.gateway import ChatMessage, ChatRequest, GatewayError, Metadata, TextDelta, Usage
from chat_ui.store import conversations, defaults, messages, usage, users
from chat_ui.store.errors import StoreError
from chat_ui.store.messages import Message
from chat_ui.store.usage import TITLE_OF

if TYPE_CHECKING:
    from chat_ui.chat.service import Chat

__all__ = ["Titles"]

LONGEST_TITLE = 80
# Enough of both to know what they are about.
READ_CHARS = 2000
PATIENCE_S = 60.0
# How long an answer is waited for before it is read again: a person who is deleted is deleted without a word.
LOOK_AGAIN_S = 60.0
PLEA = (
    "Give this exchange a title of two to six words, in its own language. Answer with the title alone, "
    "without quotes.\n\nQuestion:\n{question}\n\nAnswer:\n{answer}"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Title:
    text: str
    said: str
    used: Usage
    cost: Decimal | None
    currency: str | None
    read: int

    @property
    def tokens(self) -> int:
        counted = (self.used.input_tokens or 0) + (self.used.output_tokens or 0)
        return counted or self.read + tokens_in(len(self.said.encode(errors="replace")))


class Titles:
    """The titles that are being waited for in this process."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def expect(self, chat: Chat, owner: str, started: TurnStarted) -> None:
        """Have a model title a new conversation once its first answer is there, if its person wants that."""
        task = asyncio.create_task(_write(chat, owner, started))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Give up what is still waited for: the first words are a title too."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _write(chat: Chat, owner: str, started: TurnStarted) -> None:
    question, answer = started.added
    try:
        if chat.gateways.profile(answer.gateway or "").x402:
            return
        async with chat.db.read() as tx:
            if not (await defaults.get(tx, owner)).titles_by_model:
                return
        ended = await _end_of(chat, owner, answer)
        if ended.status == "complete" and ended.text.strip():
            await _title(chat, owner, started, question, ended)
    except (ChatError, GatewayError, StoreError, TimeoutError) as error:
        log.info("A conversation keeps its first words for a title: %s", error)


async def _end_of(chat: Chat, owner: str, answer: Message) -> Message:
    """Wait for the end of an answer, or until its conversation is deleted, and nothing tells of it."""
    async with chat.feed.follow(Topic("conversation", answer.conversation_id)) as changes:
        while True:
            # Asked after following has begun, so that no end is missed.
            async with chat.db.read() as tx:
                found = await messages.get(tx, owner, answer.id)
            if found is None or found.status != "streaming":
                return found or answer
            with suppress(Lagged, TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    while True:
                        change = await changes.next()
                        if isinstance(change, MessageEnded) and change.message.id == answer.id:
                            return change.message
                        if isinstance(change, ConversationDeleted):
                            return answer


async def _title(chat: Chat, owner: str, started: TurnStarted, question: Message, answer: Message) -> None:
    """Have the title written within what the person may use, and count what it took, however that went."""
    plea = PLEA.format(question=question.text[:READ_CHARS], answer=answer.text[:READ_CHARS])
    gateway, id = answer.gateway or "", TITLE_OF + started.conversation.id
    model = answer.model or await chat.gateways.first_model(gateway)
    asked = ChatRequest(model, (ChatMessage("user", plea),))
    asked = await admit_title(chat, owner, id, gateway, asked)
    try:
        title = await _ask(chat, gateway, asked)
    except BaseException:
        await _count(chat, owner, id, None)
        raise
    await _count(chat, owner, id, title)
    await _keep(chat, owner, started, title)


async def _ask(chat: Chat, gateway: str, request: ChatRequest) -> _Title:
    used, metadata, pieces = Usage(), Metadata(), list[str]()
    async with (
        asyncio.timeout(PATIENCE_S),
        chat.gateways.using(gateway) as asked,
        aclosing(asked.stream(request)) as events,
    ):
        async for event in events:
            match event:
                case TextDelta(text):
                    pieces.append(text)
                case Usage():
                    used = event
                case Metadata():
                    metadata = event
                case _:
                    pass
    said = "".join(pieces)
    return _Title(
        " ".join(said.split()).strip("\"'«»“”*# .")[:LONGEST_TITLE],
        said,
        used,
        None if metadata.cost is None else Decimal(str(metadata.cost)),
        metadata.currency,
        tokens_in(sum(len(message.content.encode(errors="replace")) for message in request.messages)),
    )


async def _count(chat: Chat, owner: str, id: str, title: _Title | None) -> None:
    """Count what a title took in place of what was set aside for it."""
    if chat.accounts is None:
        return
    async with chat.db.write() as tx:
        await usage.settle(
            tx,
            owner,
            id,
            text=title.said if title else "",
            input_tokens=title.used.input_tokens if title else None,
            output_tokens=title.used.output_tokens if title else None,
            dollars=title.cost if title and title.currency in (None, "usd") else None,
        )


async def _keep(chat: Chat, owner: str, started: TurnStarted, title: _Title) -> None:
    """Store what was written and what it took; a title that the person chose meanwhile stays."""
    async with chat.db.write() as tx:
        await users.lock(tx, owner)
        now = await conversations.get(tx, owner, started.conversation.id)
        if now is None:
            return
        is_untouched = now.title == started.conversation.title
        titled = await conversations.title_by_model(
            tx,
            owner,
            now.id,
            title=title.text if title.text and is_untouched else now.title,
            cost=title.cost,
            currency=title.currency,
            tokens=title.tokens,
        )
    if titled is not None:
        await chat.feed.publish(Topic("conversation", titled.id), ConversationChanged(titled))
        await chat.feed.publish(Topic("person", owner), ConversationChanged(titled))
