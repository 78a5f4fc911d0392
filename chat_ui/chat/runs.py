"""One generation, from request to end, independent of any browser.

A run listens to the gateway, hands pieces to the feed and batches to the journal, and at the end puts
the whole answer on its message. Who closes a page ends nothing; who stops a run ends it for everybody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import dataclass, replace

from chat_ui.chat.answer import Answer
from chat_ui.chat.changes import MessageEnded
from chat_ui.chat.errors import Closing
from chat_ui.chat.feed import Feed, Topic
from chat_ui.chat.gateways import Gateways
from chat_ui.chat.outcome import outcome_of
from chat_ui.gateway import ChatRequest, GatewayError
from chat_ui.store import messages, runs
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError
from chat_ui.store.runs import JournalEntry, Outcome

__all__ = ["Runs", "Turn"]

PIECE_EVERY_S = 0.04
JOURNAL_EVERY_S = 0.25
JOURNAL_CHARS = 2048
FINISH_ATTEMPTS = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a run needs to know.

    Args:
        run_id: the row that stands for it.
        owner: for whom.
        conversation_id: where.
        message_id: the message that the answer goes to.
        gateway: the name of the gateway to ask.
        request: what to ask; a blank model means the gateway's first one.
    """

    run_id: str
    owner: str
    conversation_id: str
    message_id: str
    gateway: str
    request: ChatRequest


class _Run:
    """A turn on its way."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.answer = Answer()
        self.model = turn.request.model
        self.unsent = asyncio.Event()
        self.unsaved = asyncio.Event()
        self.bulky = asyncio.Event()
        self.stopped = False
        self.started = time.monotonic()
        self.first_token: float | None = None
        self.listening: asyncio.Task[None] | None = None
        self._unsaved_chars = 0
        self._seq = 0

    def grow(self, chars: int) -> None:
        """Wake those who hand the new text on."""
        if not chars:
            return
        if self.first_token is None:
            self.first_token = time.monotonic()
        self._unsaved_chars += chars
        self.unsent.set()
        self.unsaved.set()
        if self._unsaved_chars >= JOURNAL_CHARS:
            self.bulky.set()

    def take_batch(self) -> list[JournalEntry]:
        """What the journal doesn't have yet."""
        self.unsaved.clear()
        self.bulky.clear()
        self._unsaved_chars = 0
        entries: list[JournalEntry] = []
        for part in self.answer.parts:
            text = part.take_unsaved()
            if text:
                self._seq += 1
                entries.append(JournalEntry(seq=self._seq, part=part.part, text=text))
        return entries

    def give_back(self, entries: list[JournalEntry]) -> None:
        """Keep a batch that could not be saved for the next try."""
        for part in self.answer.parts:
            part.give_back("".join(entry.text for entry in entries if entry.part == part.part))
        self.unsaved.set()


class Runs:
    """The runs of this process.

    Args:
        db: where answers are kept.
        feed: where their growth is told.
        gateways: whom to ask.
        worker_id: which process this is; the rows of its runs carry it.
    """

    def __init__(self, db: Database, feed: Feed, gateways: Gateways, *, worker_id: str) -> None:
        self.worker_id = worker_id
        self._db = db
        self._feed = feed
        self._gateways = gateways
        self._live: dict[str, _Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.closing = False

    async def start(self, turn: Turn) -> None:
        """Begin a run; returns at once.

        Raises:
            Closing: the site is shutting down.
        """
        if self.closing:
            raise Closing
        run = _Run(turn)
        self._live[turn.message_id] = run
        task = asyncio.create_task(self._drive(run), name=f"run {turn.run_id}")
        self._tasks[turn.message_id] = task
        task.add_done_callback(lambda _: self._forget(turn.message_id))

    def _forget(self, message_id: str) -> None:
        self._live.pop(message_id, None)
        self._tasks.pop(message_id, None)

    async def stop(self, owner: str, message_id: str) -> bool:
        """End a run and keep what it has said; waits until that is on disk.

        Returns:
            Whether there was such a run of this owner here.
        """
        run = self._live.get(message_id)
        if run is None or run.turn.owner != owner:
            return False
        task = self._tasks[message_id]
        run.stopped = True
        self._hang_up(run)
        await asyncio.wait({task})
        return True

    async def stop_all(self, owner: str, conversation_id: str) -> None:
        """End every run in a conversation."""
        for message_id, run in list(self._live.items()):
            if run.turn.conversation_id == conversation_id:
                await self.stop(owner, message_id)

    def texts(self, message_id: str) -> tuple[str, str] | None:
        """The text and the reasoning of an answer that grows here and now."""
        run = self._live.get(message_id)
        return None if run is None else (str(run.answer.text), str(run.answer.reasoning))

    async def drain(self, grace_s: float) -> None:
        """Start nothing new, give running answers some seconds to end, and keep the rest as interrupted."""
        self.closing = True
        tasks = set(self._tasks.values())
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=grace_s)
        for run in list(self._live.values()):
            self._hang_up(run)
        await asyncio.wait(tasks)

    @staticmethod
    def _hang_up(run: _Run) -> None:
        # A second cancel would reach httpx while it is closing, and leak the connection.
        if run.listening is not None and not run.listening.cancelling():
            run.listening.cancel()

    async def _drive(self, run: _Run) -> None:
        run.listening = asyncio.create_task(self._listen(run))
        helpers = [asyncio.create_task(self._send_pieces(run)), asyncio.create_task(self._journal(run))]
        if run.stopped or self.closing:
            self._hang_up(run)
        await asyncio.wait({run.listening})
        for helper in helpers:
            helper.cancel()
        await asyncio.wait(helpers)
        await self._end(run, _failure(run.listening))

    async def _listen(self, run: _Run) -> None:
        gateway = self._gateways[run.turn.gateway]
        if not run.model:
            run.model = await self._gateways.first_model(run.turn.gateway)
        request = replace(run.turn.request, model=run.model)
        async with aclosing(gateway.stream(request)) as events:
            async for event in events:
                run.grow(run.answer.add(event))

    async def _send_pieces(self, run: _Run) -> None:
        while True:
            await run.unsent.wait()
            await self._send_piece(run)
            await asyncio.sleep(PIECE_EVERY_S)

    async def _send_piece(self, run: _Run) -> None:
        run.unsent.clear()
        topic = Topic("conversation", run.turn.conversation_id)
        for piece in run.answer.take_pieces(run.turn.message_id):
            await self._feed.publish(topic, piece)

    async def _journal(self, run: _Run) -> None:
        while True:
            await run.unsaved.wait()
            try:
                await asyncio.wait_for(run.bulky.wait(), JOURNAL_EVERY_S)
            except TimeoutError:
                pass
            entries = run.take_batch()
            try:
                async with self._db.write(durable=False) as tx:
                    await runs.append(tx, run.turn.owner, run.turn.run_id, entries)
            except StoreError as error:
                log.warning("An answer's journal could not be written, trying again: %s", error)
                run.give_back(entries)

    async def _end(self, run: _Run, failure: BaseException | None) -> None:
        await self._send_piece(run)
        elapsed = time.monotonic() - run.started
        first = None if run.first_token is None else run.first_token - run.started
        outcome = outcome_of(run.answer, failure, stopped=run.stopped, first_s=first, elapsed_s=elapsed)
        for attempt in range(FINISH_ATTEMPTS):
            try:
                ended = await self._store_end(run, outcome)
            except StoreError as error:
                log.error("An answer could not be saved (attempt %d): %s", attempt + 1, error)
                await asyncio.sleep(0.1 * 2**attempt)
            else:
                break
        else:
            return
        if ended is not None:
            await self._feed.publish(Topic("conversation", run.turn.conversation_id), ended)

    async def _store_end(self, run: _Run, outcome: Outcome) -> MessageEnded | None:
        turn = run.turn
        async with self._db.write() as tx:
            conversation = await runs.finish(
                tx,
                turn.owner,
                turn.run_id,
                text=str(run.answer.text),
                reasoning=str(run.answer.reasoning),
                outcome=outcome,
            )
            message = await messages.get(tx, turn.owner, turn.message_id)
        if conversation is None or message is None:
            return None
        return MessageEnded(conversation, message)


def _failure(listening: asyncio.Task[None]) -> BaseException | None:
    if listening.cancelled():
        return asyncio.CancelledError()
    failure = listening.exception()
    if failure is not None and not isinstance(failure, GatewayError):
        log.error("A run failed on its own account", exc_info=failure)
    return failure
