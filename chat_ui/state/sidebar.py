"""The list of conversations at the side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from contextlib import aclosing
from datetime import date, datetime, timedelta

import reflex as rx
from reflex.event import EventCallback

from chat_ui.chat import library
from chat_ui.chat.errors import ChatError
from chat_ui.chat.trouble import in_words
from chat_ui.state import wire
from chat_ui.state.arguments import field_of
from chat_ui.state.current import current_chat, owner_of
from chat_ui.state.following import keep_following
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from chat_ui.words import say

__all__ = ["Row", "SidebarState", "day_of"]

PAGE = 100


@dataclasses.dataclass(frozen=True)
class Row:
    """One conversation in the list.

    Args:
        id: of the conversation.
        title: of the conversation.
        day: the heading above it, where it is the first of its day.
    """

    id: str
    title: str
    day: str = ""


class SidebarState(rx.State):
    """A person's conversations, newest first, and their names."""

    rows: list[Row] = []  # noqa: RUF012 - Reflex gives each state its own
    more: bool = False
    notice: str = ""
    _limit: int = PAGE

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> None:
        """Show the list, and keep it true until the page leaves."""
        if self.notice:
            async with self:
                self.notice = ""
        await keep_following(self._follow, self._say)

    async def _follow(self) -> None:
        chat, owner, was_wrong = current_chat(), owner_of(), bool(self.notice)
        async with aclosing(library.follow_library(chat, owner, self._limit + 1)) as lists:
            async for listed in lists:
                rows = rows_of(listed[: self._limit], datetime.now().astimezone())
                more = len(listed) > self._limit
                if rows != self.rows or more != self.more:
                    async with self:
                        self.rows, self.more = rows, more
                if was_wrong:
                    was_wrong = False
                    await self._say("")

    async def _say(self, notice: str) -> None:
        async with self:
            self.notice = notice

    @rx.event
    def show_more(self) -> EventCallback[()]:
        """List older conversations too."""
        self._limit += PAGE
        return SidebarState.follow

    @rx.event
    async def rename(self, wanted: object) -> None:
        """Give a conversation the title that was typed; told as a send is."""
        id, conversation_id, title = (field_of(wanted, name) for name in ("id", "conversation_id", "text"))
        try:
            await library.rename(current_chat(), owner_of(), conversation_id, title)
        except (ChatError, StoreError) as error:
            await wire.push(wire.refused(id, in_words(error)))
            return
        await wire.push(wire.stored(id, conversation_id))


def rows_of(listed: Iterable[Conversation], now: datetime) -> list[Row]:
    """Lay conversations out under the days on which they were last written to.

    Args:
        listed: newest first.
        now: an aware time in the zone whose days count.
    """
    rows: list[Row] = []
    last = ""
    for conversation in listed:
        day = day_of(conversation.updated_at.astimezone(now.tzinfo).date(), now.date())
        rows.append(Row(conversation.id, conversation.title, day if day != last else ""))
        last = day
    return rows


def day_of(day: date, today: date) -> str:
    """The heading for a day: by name when it is near, by month when it isn't."""
    if day >= today:
        return say("day.today")
    if day == today - timedelta(days=1):
        return say("day.yesterday")
    if day > today - timedelta(days=7):
        return say("day.week")
    return f"{day:%B}" if day.year == today.year else f"{day:%B %Y}"
