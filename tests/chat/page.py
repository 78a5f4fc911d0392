"""A page without a browser: it puts together what it is told, as ``texts.js`` and ``ThreadState`` do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from chat_ui.chat.changes import AnswerUnsaved, Change, MessageEnded, Piece, Snapshot, TurnStarted
from chat_ui.chat.follow import follow_conversation
from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft, send
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import new_id
from chat_ui.store.messages import Message

PATIENCE_S = 20.0


class Page:
    """What a person sees of one conversation."""

    def __init__(self, changes: AsyncGenerator[Snapshot | Change]) -> None:
        self._changes = changes
        self.seen: list[Snapshot | Change] = []
        self.messages: dict[str, Message] = {}
        self.texts: dict[tuple[str, str], str] = {}

    async def next(self) -> Snapshot | Change:
        """Take in the next change."""
        async with asyncio.timeout(PATIENCE_S):
            change = await anext(self._changes)
        self.seen.append(change)
        match change:
            case Piece(id, part, offset, text):
                have = self.texts.get((id, part), "")
                assert offset <= len(have), f"a hole before {change}"
                self.texts[id, part] = have + text[len(have) - offset :]
            case Snapshot(_, messages):
                self.messages = {message.id: message for message in messages}
                for message in messages:
                    self._put(message)
            case TurnStarted(_, added):
                for message in added:
                    self.messages[message.id] = message
                    self._put(message)
            case MessageEnded(_, message) | AnswerUnsaved(message):
                self.messages[message.id] = message
            case _:
                pass
        return change

    def _put(self, message: Message) -> None:
        self.texts[message.id, "text"] = message.text
        self.texts[message.id, "reasoning"] = message.reasoning
        self.texts[message.id, "tool_calls"] = message.tool_calls

    async def until(self, reached: Callable[[], bool]) -> None:
        """Take in changes until something shows."""
        while not reached():
            await self.next()

    async def until_shown(self, text: str, part: str = "text") -> None:
        """Wait until the last message shows exactly this."""
        await self.until(lambda: self.shown(part) == text)

    async def until_ended(self) -> Message:
        """Wait for the end of the last answer."""
        await self.until(lambda: self.last.status != "streaming")
        return self.last

    @property
    def last(self) -> Message:
        """The last message."""
        return list(self.messages.values())[-1]

    def shown(self, part: str = "text") -> str:
        """What the last message shows."""
        return self.texts.get((self.last.id, part), "")

    def count(self, kind: type[Any]) -> int:
        """How many changes of a kind have come."""
        return sum(isinstance(change, kind) for change in self.seen)


@asynccontextmanager
async def opened(chat: Chat, conversation_id: str, owner: str | None = None) -> AsyncGenerator[Page]:
    """A page that is open, and has shown the conversation as it stands."""
    following = follow_conversation(chat, owner or chat.person.id, conversation_id)
    async with aclosing(following) as changes:
        page = Page(changes)
        await page.next()
        yield page


async def say(chat: Chat, text: str, **fields: str) -> Conversation:
    """Send a message as the local person."""
    return await send(chat, chat.person.id, Draft(**({"id": new_id(), "text": text} | fields)))


async def ended(chat: Chat, conversation: Conversation) -> Message:
    """Wait for the end of the last answer of a conversation."""
    async with opened(chat, conversation.id) as page:
        return await page.until_ended()
