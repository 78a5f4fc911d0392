"""Whether this process can do what it is there for, as a proxy in front of it wants to know."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import literal, select

from chat_ui.store.errors import StoreError

if TYPE_CHECKING:
    from chat_ui.chat.service import Chat

__all__ = ["NOT_READY", "Readiness", "readiness"]

ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """What this process needs, and whether it has it.

    Args:
        serving: whether it takes new messages; one that was told to end takes none.
        database: whether the database answers.
        redis: whether Redis answers, where there is one.
    """

    serving: bool
    database: bool
    redis: bool

    @property
    def status(self) -> bool:
        """Whether nothing is missing."""
        return all(asdict(self).values())


NOT_READY = Readiness(serving=False, database=False, redis=False)


async def readiness(chat: Chat) -> Readiness:
    """Ask everything that this process needs, all at once and with little patience."""
    database, redis = await asyncio.gather(_within(_reads(chat)), _within(chat.feed.is_connected()))
    return Readiness(serving=not chat.runs.is_closing, database=database, redis=redis)


async def _within(question: Coroutine[Any, Any, bool]) -> bool:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await question
    except TimeoutError:
        return False


async def _reads(chat: Chat) -> bool:
    try:
        async with chat.db.read() as tx:
            await tx.execute(select(literal(1)))
    except StoreError:
        return False
    return True
