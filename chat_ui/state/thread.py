"""The open conversation."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from decimal import Decimal

import reflex as rx

from chat_ui.chat import again, follow, turns
from chat_ui.chat.again import Again
from chat_ui.chat.changes import (
    AnswerUnsaved,
    ConversationChanged,
    ConversationDeleted,
    MessageEnded,
    Piece,
    RunPaying,
    RunWaiting,
    Snapshot,
    TurnStarted,
)
from chat_ui.chat.errors import ChatError, NoSuchConversation
from chat_ui.chat.outcome import remark
from chat_ui.chat.service import Chat
from chat_ui.gateway import GatewayError, PayeeChanged
from chat_ui.gateway.payment_errors import in_dollars
from chat_ui.state import routes, wire
from chat_ui.state.arguments import again_of, draft_of, text_of
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
        action: what would help on, if it is an answer that something is wrong with: ``continue`` it,
            ask ``again``, or ``agree`` to whom the gateway wants to be paid through.
    """

    id: str
    role: str
    status: str
    error: str = ""
    chars: int = 0
    note: str = ""
    action: str = ""


class ThreadState(rx.State):
    """The messages of the open conversation, and what a person does to them."""

    conversation_id: str = ""
    title: str = ""
    heads: list[MessageHead] = []  # noqa: RUF012 - Reflex gives each state its own
    missing: str = ""
    notice: str = ""
    price: str = ""

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
    async def follow(self) -> None:
        """Show the conversation of this address, and whatever happens in it, until the page leaves."""
        chat, owner, channel = current_chat(), owner_of(self), wire.Channel()
        try:
            async with aclosing(follow.follow_conversation(chat, owner, self._wanted())) as changes:
                async for change in changes:
                    if isinstance(change, Piece):
                        await wire.push(channel.piece(change))
                    elif isinstance(change, RunWaiting | RunPaying):
                        await wire.push(channel.hurdle(change))
                    else:
                        for texts in channel.texts(_new_texts(change)):
                            await wire.push(texts)
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
                self.heads = [*self._before(change.added[0]), *map(_head, change.added)]
            case MessageEnded() | AnswerUnsaved():
                ended = _head(change.message)
                self.heads = [ended if head.id == ended.id else head for head in self.heads]
            case ConversationDeleted():
                self.reset()
                self.missing = "This conversation was deleted."
            case ConversationChanged():
                pass

    def _before(self, added: Message) -> list[MessageHead]:
        """What stands before a message that is new."""
        ids = [head.id for head in self.heads]
        return [] if added.parent_id is None else self.heads[: ids.index(added.parent_id) + 1]

    def _show(self, conversation: Conversation) -> None:
        if self.missing:
            self.missing = ""
        if self.conversation_id != conversation.id:
            self.conversation_id = conversation.id
        if self.title != conversation.title:
            self.title = conversation.title

    @rx.event
    async def send(self, draft: object) -> None:
        """Store what the composer sends, a ``Draft``, and say where; the page goes there by itself."""
        # Not annotated as a draft: Reflex would log one that doesn't fit, with all that somebody wrote.
        wanted = draft_of(draft)
        try:
            conversation = await turns.send(current_chat(), owner_of(self), wanted)
        except (ChatError, StoreError) as error:
            await wire.push(wire.refused(wanted.id, str(error)))
            return
        await wire.push(wire.stored(wanted.id, conversation.id))

    @rx.event(background=True, supersedes=True)
    async def ask_price(self, draft: object) -> None:
        """Ask what the answer to a draft would cost, where the gateway is paid per request."""
        async with self:
            self.price = "Asking for the price"
        try:
            price = await turns.price_of(current_chat(), owner_of(self), draft_of(draft))
            words = f"The answer to this message costs at most {in_dollars(price.amount)}."
        except (ChatError, GatewayError, StoreError) as error:
            words = str(error)
        async with self:
            self.price = words

    @rx.event
    async def answer_again(self, wanted: object) -> None:
        """Ask for another answer to the message that an answer, named by an ``Again``, answers."""
        await self._take_up(again.answer_again, wanted)

    @rx.event
    async def continue_answer(self, wanted: object) -> None:
        """Ask for the rest of an answer that was cut, named by an ``Again``."""
        await self._take_up(again.continue_answer, wanted)

    @rx.event
    async def agree_to_payee(self, wanted: object) -> None:
        """Agree to the payee that an answer, named by an ``Again``, failed over, and ask for it again."""
        await self._take_up(again.agree_to_payee, wanted)

    async def _take_up(
        self, begin: Callable[[Chat, str, Again], Awaitable[Conversation | None]], wanted: object
    ) -> None:
        self.notice = ""
        try:
            await begin(current_chat(), owner_of(self), again_of(wanted))
        except (ChatError, StoreError) as error:
            self.notice = str(error)

    @rx.event
    async def stop(self, message_id: str) -> None:
        """End the answer that is being written; what it has said stays."""
        await current_chat().runs.stop(owner_of(self), text_of(message_id))

    @rx.event
    async def resend_text(self, message_id: str) -> None:
        """Push a text again that reached the page with a hole, or not at all."""
        try:
            message = await follow.read_texts(current_chat(), owner_of(self), text_of(message_id))
        except (ChatError, StoreError):
            return
        await wire.push(*wire.texts([message]))


def _new_texts(change: Snapshot | FollowedChange) -> tuple[Message, ...]:
    if isinstance(change, Snapshot):
        return change.messages
    return change.added if isinstance(change, TurnStarted) else ()


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
        action=_action(message) if message.role == "assistant" else "",
    )


def _action(message: Message) -> str:
    if message.error_kind == PayeeChanged.__name__:
        return "agree"
    cut = message.status in ("stopped", "interrupted") or message.finish_reason == "length"
    if cut and message.text.strip():
        return "continue"
    return "again" if message.status != "complete" or not message.text.strip() else ""


def _note(message: Message) -> str:
    facts = [message.served_model or message.model or ""]
    if message.route_reason:
        facts.append(message.route_reason)
    if message.output_tokens is not None:
        facts.append(f"{message.output_tokens:,} tokens")
    if message.duration_ms is not None:
        facts.append(f"{message.duration_ms / 1000:.1f} s")
    if message.cost is not None:
        facts.append(_amount(message.cost, message.currency or ""))
    if message.receipt:
        facts.append(message.receipt)
    return " · ".join(fact for fact in facts if fact)


def _amount(cost: Decimal, currency: str) -> str:
    return in_dollars(cost) if currency.lower() == "usd" else f"{cost:f} {currency.upper()}".strip()
