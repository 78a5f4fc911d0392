"""The open conversation."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator
from contextlib import aclosing

import reflex as rx
from reflex.event import EventSpec

from chat_ui.chat import follow, turns
from chat_ui.chat.changes import (
    AnswerUnsaved,
    ConversationChanged,
    ConversationDeleted,
    MessageEnded,
    Piece,
    RunWaiting,
    Snapshot,
    TurnStarted,
)
from chat_ui.chat.errors import ChatError, NoSuchConversation
from chat_ui.chat.outcome import remark
from chat_ui.state import routes, wire
from chat_ui.state.arguments import draft_of, text_of
from chat_ui.state.current import current_chat, owner_of
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from chat_ui.store.messages import Message

__all__ = ["MessageHead", "ThreadState"]

FollowedChange = TurnStarted | MessageEnded | AnswerUnsaved | ConversationChanged | ConversationDeleted


@dataclasses.dataclass(frozen=True)
class MessageHead:
    """What the page's state knows of a message: all but its text.

    Args:
        id: of the message.
        role: who says it.
        status: how far it is.
        error: what went wrong or is missing, in words, if anything did or is.
        chars: code points of its text, once it is final; the page asks again where it has fewer.
        note: model, tokens and time, in one line, once it is final.
    """

    id: str
    role: str
    status: str
    error: str = ""
    chars: int = 0
    note: str = ""


class ThreadState(rx.State):
    """The messages of the open conversation, and what a person does to them."""

    conversation_id: str = ""
    title: str = ""
    heads: list[MessageHead] = []  # noqa: RUF012 - Reflex gives each state its own
    missing: str = ""

    @rx.var
    def leaf(self) -> str:
        """The last message: what a message sent now would answer to."""
        return self.heads[-1].id if self.heads else ""

    @rx.var
    def running(self) -> str:
        """The answer that is still growing, if one is."""
        return next((head.id for head in reversed(self.heads) if head.status == "streaming"), "")

    @rx.event
    def open_new(self):
        """Show an empty page for a new conversation."""
        self.reset()

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> AsyncGenerator[EventSpec, None]:
        """Show the conversation of this address, and whatever happens in it, until the page leaves."""
        chat, owner = current_chat(), owner_of(self)
        try:
            async with aclosing(follow.follow_conversation(chat, owner, self._wanted())) as changes:
                async for change in changes:
                    if isinstance(change, Piece):
                        yield wire.piece(change)
                        continue
                    if isinstance(change, RunWaiting):
                        yield wire.waiting(change)
                        continue
                    for event in wire.texts(_new_texts(change)):
                        yield event
                    async with self:
                        self._take(change)
        except (NoSuchConversation, StoreError) as error:
            async with self:
                self.reset()
                self.missing = str(error)

    def _wanted(self) -> str:
        return self.router.url.path.removeprefix(routes.CONVERSATION_PREFIX).strip("/")

    def _take(self, change: Snapshot | FollowedChange) -> None:
        if not isinstance(change, AnswerUnsaved):
            self._show(change.conversation)
        match change:
            case Snapshot():
                self.heads = [_head(message) for message in change.messages]
            case TurnStarted():
                self.heads = [*self.heads, _head(change.question), _head(change.answer)]
            case MessageEnded() | AnswerUnsaved():
                ended = _head(change.message)
                self.heads = [ended if head.id == ended.id else head for head in self.heads]
            case ConversationDeleted():
                self.reset()
                self.missing = "This conversation was deleted."
            case ConversationChanged():
                pass

    def _show(self, conversation: Conversation) -> None:
        if self.missing:
            self.missing = ""
        if self.conversation_id != conversation.id:
            self.conversation_id = conversation.id
        if self.title != conversation.title:
            self.title = conversation.title

    @rx.event
    async def send(self, draft: object) -> AsyncGenerator[EventSpec, None]:
        """Store what the composer sends, a ``Draft``, and say where; the page goes there by itself."""
        # Not annotated as a draft: Reflex would log one that doesn't fit, with all that somebody wrote.
        wanted = draft_of(draft)
        try:
            conversation = await turns.send(current_chat(), owner_of(self), wanted)
        except (ChatError, StoreError) as error:
            yield wire.refused(wanted.id, str(error))
            return
        yield wire.stored(wanted.id, conversation.id)

    @rx.event
    async def stop(self, message_id: str) -> None:
        """End the answer that is being written; what it has said stays."""
        await current_chat().runs.stop(owner_of(self), text_of(message_id))

    @rx.event
    async def resend_text(self, message_id: str) -> EventSpec | None:
        """Push a text again that reached the page with a hole, or not at all."""
        try:
            message = await follow.read_texts(current_chat(), owner_of(self), text_of(message_id))
        except (ChatError, StoreError):
            return None
        return next(wire.texts([message]))


def _new_texts(change: Snapshot | FollowedChange) -> tuple[Message, ...]:
    if isinstance(change, Snapshot):
        return change.messages
    return (change.question,) if isinstance(change, TurnStarted) else ()


def _head(message: Message) -> MessageHead:
    if message.status == "streaming":
        return MessageHead(message.id, message.role, message.status)
    return MessageHead(
        id=message.id,
        role=message.role,
        status=message.status,
        error=remark(message),
        chars=len(message.text),
        note=_note(message) if message.role == "assistant" else "",
    )


def _note(message: Message) -> str:
    facts = [message.served_model or message.model or ""]
    if message.output_tokens is not None:
        facts.append(f"{message.output_tokens:,} tokens")
    if message.duration_ms is not None:
        facts.append(f"{message.duration_ms / 1000:.1f} s")
    return " · ".join(fact for fact in facts if fact)
