"""Deleting at once, with a way back for a while."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable

import reflex as rx
from reflex.event import EventSpec

from chat_ui.chat import trash
from chat_ui.chat.errors import ChatError, FollowsDeleted
from chat_ui.chat.service import Chat
from chat_ui.chat.trash import DeletedMessage
from chat_ui.chat.trouble import in_words
from chat_ui.chat.turns import title_of
from chat_ui.state import routes
from chat_ui.state.arguments import text_of
from chat_ui.state.current import current_chat, owner_of
from chat_ui.store.errors import StoreError
from chat_ui.words import say

__all__ = ["Offer", "UndoState"]

MOST_OFFERS = 20


@dataclasses.dataclass(frozen=True)
class Offer:
    """Something that was deleted and can be brought back.

    Args:
        id: of the conversation or the message.
        words: what was deleted, for the bar.
        leaf: where it is a message, the end of the branch that was shown.
        stayed: what followed it and stayed, as ``DeletedMessage`` has it.
        leads_to: the address to go back to, where the page was left.
    """

    id: str
    words: str
    leaf: str = ""
    stayed: tuple[tuple[str, str], ...] = ()
    leads_to: str = ""


class UndoState(rx.State):
    """What was deleted in this tab. The page says when an offer has stood long enough."""

    offers: list[Offer] = []  # noqa: RUF012 - Reflex gives each state its own
    notice: str = ""

    @rx.var
    def offer(self) -> str:
        """Which of them stands in the bar."""
        return self.offers[-1].id if self.offers else ""

    @rx.var
    def words(self) -> str:
        """What the bar says."""
        return self.offers[-1].words if self.offers else ""

    @rx.event
    async def delete_message(self, message_id: str) -> None:
        """Delete a message and all that follows it."""
        await self._delete(trash.delete_message, message_id)

    @rx.event
    async def delete_turn(self, message_id: str) -> None:
        """Delete a question with its answers, and nothing that follows these."""
        await self._delete(trash.delete_turn, message_id)

    async def _delete(
        self, delete: Callable[[Chat, str, str], Awaitable[DeletedMessage]], message_id: str
    ) -> None:
        self.notice = ""
        try:
            deleted = await delete(current_chat(), owner_of(), text_of(message_id))
        except (ChatError, StoreError) as error:
            self.notice = in_words(error)
            return
        what = say("deleted.message" if deleted.count == 1 else "deleted.messages", count=deleted.count)
        words = _named(what, deleted.text)
        self._add(Offer(deleted.message_id, words, leaf=deleted.leaf_id, stayed=deleted.stayed))

    @rx.event
    async def delete_conversation(self, conversation_id: str) -> EventSpec | None:
        """Delete a conversation, and leave it if it is the open one."""
        self.notice, conversation_id = "", text_of(conversation_id)
        try:
            deleted = await trash.delete_conversation(current_chat(), owner_of(), conversation_id)
        except (ChatError, StoreError) as error:
            self.notice = in_words(error)
            return None
        address = routes.conversation(conversation_id)
        is_open = self.router.url.path.rstrip("/") == address
        words = _named(say("deleted.conversation"), deleted.title)
        self._add(Offer(conversation_id, words, leads_to=address if is_open else ""))
        return rx.redirect(routes.NEW_CHAT) if is_open else None

    def _add(self, offer: Offer) -> None:
        self.offers = [*(_after(offer, each) for each in self.offers[1 - MOST_OFFERS :]), offer]

    @rx.event
    async def undo(self, id: str) -> EventSpec | None:
        """Bring back what was deleted; what can't be brought back now stays on offer."""
        self.notice = ""
        offer = self._take(id)
        if offer is None:
            return None
        try:
            if offer.leaf:
                deleted = DeletedMessage(offer.id, offer.leaf, 0, offer.stayed)
                await trash.restore_message(current_chat(), owner_of(), deleted)
            else:
                await trash.restore_conversation(current_chat(), owner_of(), offer.id)
        except (FollowsDeleted, StoreError) as error:
            self.notice = in_words(error)
            self._add(offer)
            return None
        except ChatError as error:
            self.notice = in_words(error)
            return None
        return rx.redirect(offer.leads_to) if offer.leads_to else None

    @rx.event
    def let_go(self, id: str) -> None:
        """Take an offer out of the bar, with the older ones beneath it, and what was said of the last one."""
        ids = [offer.id for offer in self.offers]
        if id in ids:
            self.offers = self.offers[ids.index(id) + 1 :]
        self.notice = ""

    def _take(self, id: str) -> Offer | None:
        offer = next((offer for offer in self.offers if offer.id == id), None)
        self.offers = [other for other in self.offers if other.id != id]
        return offer


def _named(what: str, text: str) -> str:
    """What was deleted, with its first words: after one came back, the next may be like it but for these."""
    return say("deleted.which", what=what, words=title_of(text)) if text.strip() else what


def _after(later: Offer, offer: Offer) -> Offer:
    """An offer once something that stayed of it was deleted as well: what followed that has to come along."""
    before = dict(offer.stayed).get(later.id)
    if before is None:
        return offer
    return dataclasses.replace(offer, stayed=(*offer.stayed, *((id, before) for id, _ in later.stayed)))
