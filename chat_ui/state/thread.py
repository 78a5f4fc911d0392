"""The open conversation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import aclosing

import reflex as rx

from chat_ui.chat import follow, gauge, turns
from chat_ui.chat.changes import (
    AnswerUnsaved,
    BranchShown,
    ConversationChanged,
    ConversationDeleted,
    MessageEnded,
    Piece,
    RunPaying,
    RunWaiting,
    Snapshot,
    TurnStarted,
)
from chat_ui.chat.details import details_of
from chat_ui.chat.errors import ChatError, NoSuchConversation
from chat_ui.chat.quote import quote_of
from chat_ui.chat.trouble import in_words
from chat_ui.gateway import GatewayError
from chat_ui.state import routes, wire
from chat_ui.state.arguments import draft_of, text_of
from chat_ui.state.current import current_chat, owner_of
from chat_ui.state.following import StateLost, keep_following
from chat_ui.state.heads import MessageHead, head_of
from chat_ui.state.preferences import ChatSettingsState, GaugeState
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from chat_ui.store.messages import Message
from chat_ui.words import say

__all__ = ["ThreadState"]

# The heads of the last messages are sent again whenever one of them changes; those above stand still.
MOST_HEADS = 16
LEAST_HEADS = 4

FollowedChange = (
    TurnStarted | MessageEnded | AnswerUnsaved | ConversationChanged | ConversationDeleted | BranchShown
)


class ThreadState(rx.State):
    """The messages of the open conversation, and what a person does to them."""

    conversation_id: str = ""
    title: str = ""
    above: list[MessageHead] = []  # noqa: RUF012 - Reflex gives each state its own
    heads: list[MessageHead] = []  # noqa: RUF012
    more_above: bool = False
    missing: str = ""
    notice: str = ""
    price: str = ""

    @rx.var
    def leaf(self) -> str:
        """The last message: what a message sent now would answer to."""
        return self.heads[-1].id if self.heads else ""

    @rx.var
    def first(self) -> str:
        """The first message that is shown."""
        return next((heads[0].id for heads in (self.above, self.heads) if heads), "")

    @rx.var
    def running(self) -> str:
        """The answer that is still growing, if one is."""
        return next((head.id for head in reversed(self.heads) if head.status == "streaming"), "")

    @rx.var
    def ended(self) -> str:
        """How the last message ended; blank where there is none."""
        return self.heads[-1].status if self.heads else ""

    @rx.event
    def open_new(self):
        """Show an empty page for a new conversation."""
        self.reset()

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> None:
        """Show the conversation of this address, and whatever happens in it, until the page leaves."""
        # Asked once: of a state that Redis has lost, the address is lost too.
        wanted = self._wanted()
        try:
            await keep_following(lambda: self._follow(wanted, wire.Channel()), self._say)
        except NoSuchConversation as error:
            async with self:
                self.reset()
                self.missing = str(error)

    async def _say(self, notice: str) -> None:
        async with self:
            self.notice = notice

    async def _follow(self, wanted: str, channel: wire.Channel) -> None:
        changes = follow.follow_conversation(current_chat(), owner_of(), wanted, channel.grow_now)
        async with aclosing(changes):
            async for change in changes:
                if isinstance(change, Piece):
                    await channel.grow(change)
                elif isinstance(change, RunWaiting | RunPaying):
                    await wire.push(channel.hurdle(change))
                else:
                    for texts in channel.texts(_new_texts(change)):
                        await wire.push(texts)
                    if isinstance(change, MessageEnded):
                        for ended in channel.end(change.message):
                            await wire.push(ended)
                    await self._take_in(change)

    async def _take_in(self, change: Snapshot | FollowedChange) -> None:
        if isinstance(change, AnswerUnsaved | ConversationDeleted):
            async with self:
                self._take(change)
            return
        measured = await gauge.measure(current_chat(), owner_of(), change.conversation)
        async with self:
            self._take(change)
            (await self.get_state(GaugeState)).take(measured)
            await (await self.get_state(ChatSettingsState)).take(change.conversation)

    def _wanted(self) -> str:
        return self.router.url.path.removeprefix(routes.CONVERSATION_PREFIX).strip("/")

    def _take(self, change: Snapshot | FollowedChange) -> None:
        if not isinstance(change, Snapshot) and not self.conversation_id:
            raise StateLost
        if not isinstance(change, AnswerUnsaved):
            self._show(change.conversation)
        match change:
            case Snapshot():
                self.notice = ""
                self._stand(_heads(change.messages, change.followers))
                self.more_above = not change.is_whole
            case TurnStarted():
                first, *more = change.added
                self._add(first.parent_id, [head_of(first, change.siblings), *map(head_of, more)])
            case MessageEnded() | AnswerUnsaved():
                self._settle(head_of(change.message))
            case ConversationDeleted():
                self.reset()
                self.missing = say("chat.deleted")
            case ConversationChanged() | BranchShown():
                pass

    def _stand(self, heads: list[MessageHead]) -> None:
        self.above, self.heads = heads[:-LEAST_HEADS], heads[-LEAST_HEADS:]

    def _add(self, parent_id: str | None, added: list[MessageHead]) -> None:
        """Put messages after the one that they follow, in place of what stood there."""
        shown, above = [*self.above, *self.heads], len(self.above)
        place = 1 + next((number for number, head in enumerate(shown) if head.id == parent_id), -1)
        heads = [*shown[:place], *added]
        if above <= place and len(heads) - above <= MOST_HEADS:
            self.heads = heads[above:]
        else:
            self._stand(heads)

    def _settle(self, ended: MessageHead) -> None:
        for name in ("heads", "above"):
            if any(head.id == ended.id for head in getattr(self, name)):
                heads = [
                    _settled(head, ended) if head.id == ended.id else head for head in getattr(self, name)
                ]
                setattr(self, name, heads)

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
            settings = await self.get_state(ChatSettingsState)
            conversation = await turns.send(current_chat(), owner_of(), wanted, settings.for_a_new_chat)
        except (ChatError, StoreError) as error:
            await wire.push(wire.refused(wanted.id, in_words(error)))
            return
        if not wanted.conversation_id:
            # They are this conversation's from now on, and not those of the next new one.
            await settings.take(conversation)
        await wire.push(wire.stored(wanted.id, conversation.id))

    @rx.event(background=True, supersedes=True)
    async def ask_price(self, draft: object) -> None:
        """Ask what the answer to a draft would cost, where the gateway is paid per request."""
        async with self:
            self.price = say("price.asking")
            preferences = (await self.get_state(ChatSettingsState)).for_a_new_chat
        try:
            words = str(await quote_of(current_chat(), owner_of(), draft_of(draft), preferences))
        except (ChatError, GatewayError, StoreError) as error:
            words = in_words(error)
        async with self:
            self.price = words

    @rx.event(background=True)
    async def stop(self, message_id: str) -> None:
        """End the answer that is being written; what it has said stays."""
        try:
            await current_chat().runs.stop(owner_of(), text_of(message_id))
        except StoreError as error:
            async with self:
                self.notice = in_words(error)

    @rx.event(background=True)
    async def show_earlier(self, before: str) -> None:
        """Show what stands before the first message that is shown."""
        try:
            earlier, followers = await follow.read_earlier(current_chat(), owner_of(), text_of(before))
        except (ChatError, StoreError):
            return
        await wire.push(*wire.texts(earlier))
        async with self:
            shown = [*self.above, *self.heads]
            if shown and shown[0].id == before:
                self.above = [*_heads(earlier, followers), *self.above]
                self.more_above = bool(earlier) and earlier[0].parent_id is not None

    @rx.event(background=True)
    async def resend_text(self, message_id: str) -> None:
        """Push a text again that reached the page with a hole, or not at all."""
        try:
            message = await follow.read_texts(current_chat(), owner_of(), text_of(message_id))
        except (ChatError, StoreError):
            return
        await wire.push(*wire.texts([message]))

    @rx.event(background=True)
    async def tell_details(self, message_id: str) -> None:
        """Push what is known of how an answer came about."""
        wanted = text_of(message_id)
        try:
            message = await follow.read_texts(current_chat(), owner_of(), wanted)
            facts = details_of(message, current_chat().gateways.label(message.gateway or ""))
        except (ChatError, StoreError) as error:
            facts = [(say("details.unknown"), in_words(error))]
        await wire.push(wire.details(wanted, facts))


def _heads(messages: Sequence[Message], followers: Mapping[str | None, tuple[str, ...]]) -> list[MessageHead]:
    return [head_of(message, followers.get(message.parent_id, ())) for message in messages]


def _settled(head: MessageHead, ended: MessageHead) -> MessageHead:
    """A head with what is known at its end; where it stands was known before."""
    where = {name: getattr(head, name) for name in ("place", "places", "before", "after")}
    return dataclasses.replace(ended, **where)


def _new_texts(change: Snapshot | FollowedChange) -> tuple[Message, ...]:
    if isinstance(change, Snapshot):
        return change.messages
    return change.added if isinstance(change, TurnStarted) else ()
