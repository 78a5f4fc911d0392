"""The end of an answer: it is stored, tried until it is, and told to its readers."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from chat_ui.chat.changes import AnswerUnsaved, ConversationChanged, MessageEnded
from chat_ui.chat.feed import Feed, Topic, tell
from chat_ui.chat.live import LiveRun, Turn
from chat_ui.chat.outcome import NEVER_ASKED, unsaved_words
from chat_ui.chat.pace import Pace
from chat_ui.store import conversations, messages, runs
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError
from chat_ui.store.messages import Message
from chat_ui.store.runs import Outcome, Texts

__all__ = ["SAVE_ATTEMPTS", "Saver", "log_unsaved", "store_end", "tell_end"]

SAVE_ATTEMPTS = 5
UNASKED = Outcome(status="failed", error=NEVER_ASKED, input_tokens=0, output_tokens=0)

# What to do when a try, the first one being 1, has failed.
Failed: TypeAlias = Callable[[int, Exception], Awaitable[None]]

log = logging.getLogger(__name__)


async def store_end(  # noqa: PLR0913 - which run it is, is three of them
    db: Database, owner: str, run_id: str, message_id: str, *, outcome: Outcome, texts: Texts | None = None
) -> MessageEnded | None:
    """End a run, as ``runs.finish`` does.

    One that has ended already may have done so in a transaction that was committed though its connection
    broke, so that nobody was told: how it ended is read and returned all the same.

    Raises:
        StoreError: it isn't known whether the run has ended.
    """
    async with db.write() as tx:
        conversation = await runs.finish(tx, owner, run_id, texts=texts, outcome=outcome)
        message = await messages.get(tx, owner, message_id)
        if conversation is None and message is not None:
            conversation = await conversations.get(tx, owner, message.conversation_id)
    if conversation is None or message is None:
        return None
    return MessageEnded(conversation, message)


async def tell_end(feed: Feed, owner: str, ended: MessageEnded) -> None:
    """Tell those who read the conversation, and those who see it listed; who knows it overhears it."""
    await tell(feed, Topic("conversation", ended.conversation.id), ended)
    await tell(feed, Topic("person", owner), ConversationChanged(ended.conversation))


class Saver:
    """Saves what the answers of this process say at their end, the only whole copy of which is here.

    Args:
        db: where answers are kept.
        feed: where their readers are told.
        pace: how long to wait before the next try.
        closing: set when the site shuts down, which no try is waited for without end.
    """

    def __init__(self, db: Database, feed: Feed, pace: Pace, closing: asyncio.Event) -> None:
        self._db = db
        self._feed = feed
        self._pace = pace
        self._closing = closing

    async def save(self, run: LiveRun, outcome: Outcome) -> None:
        """Try until the answer is saved, and tell its readers."""

        async def failed(attempt: int, error: Exception) -> None:
            log_unsaved(f"An answer could not be saved (attempt {attempt})", error)
            if attempt == SAVE_ATTEMPTS:
                await self._tell_unsaved(run, error)

        await self._end(run.turn, outcome, run.answer.texts, failed)

    async def disown(self, turn: Turn) -> None:
        """End a turn that nobody is asked for, if it was stored, once the database says whether it was."""

        async def failed(attempt: int, error: Exception) -> None:
            log_unsaved(f"It isn't known yet whether a turn was stored (attempt {attempt})", error)

        await self._end(turn, UNASKED, None, failed)

    async def _end(self, turn: Turn, outcome: Outcome, texts: Texts | None, failed: Failed) -> None:
        for attempt in itertools.count(1):
            try:
                ended = await store_end(
                    self._db, turn.owner, turn.run_id, turn.message_id, outcome=outcome, texts=texts
                )
            except Exception as error:
                await failed(attempt, error)
            else:
                if ended is not None:
                    await tell_end(self._feed, turn.owner, ended)
                return
            if attempt >= SAVE_ATTEMPTS and self._closing.is_set():
                return
            await self._pause(min(self._pace.retry * 2 ** min(attempt - 1, 30), self._pace.longest_retry))

    async def _tell_unsaved(self, run: LiveRun, error: Exception) -> None:
        turn = run.turn
        run.save_error = unsaved_words(error)
        answer = Message(
            id=turn.message_id,
            conversation_id=turn.conversation_id,
            role="assistant",
            gateway=turn.gateway,
            model=turn.request.model or None,
        )
        await tell(self._feed, Topic("conversation", turn.conversation_id), AnswerUnsaved(run.shown(answer)))
        run.settled.set()

    async def _pause(self, seconds: float) -> None:
        if self._closing.is_set():
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()


def log_unsaved(what: str, error: Exception) -> None:
    """Log that something could not be stored; with all that is known where that is the site's own fault."""
    if isinstance(error, StoreError):
        log.warning("%s: %s", what, error)
    else:
        log.error("%s: the site's own fault", what, exc_info=error)
