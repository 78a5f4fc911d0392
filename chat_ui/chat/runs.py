"""One generation, from request to end, independent of any browser.

A run listens to the gateway, hands pieces to the feed and batches to the journal, and at the end puts
the whole answer on its message. Who closes a page ends nothing; who stops a run ends it for everybody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from chat_ui.chat.asking import Asker
from chat_ui.chat.changes import RunPaying, RunWaiting, StopAsked
from chat_ui.chat.ending import Saver, log_unsaved
from chat_ui.chat.errors import ChatError, Closing
from chat_ui.chat.feed import Feed, Topic, tell
from chat_ui.chat.journal import Journal, until_tick
from chat_ui.chat.live import LiveRun, Turn
from chat_ui.chat.pace import Pace, Tempo
from chat_ui.chat.tally import answer_ended
from chat_ui.gateway import GatewayError
from chat_ui.monitoring.logs import RUN_ID
from chat_ui.monitoring.metrics import STREAMING
from chat_ui.store import runs
from chat_ui.store.engine import Database
from chat_ui.store.errors import NotFoundError
from chat_ui.store.messages import Message
from chat_ui.store.runs import JournalBatch

__all__ = ["Runs", "Turn"]

# A gateway that is read at the same pace is a moment early or late.
MOMENT_S = 0.005

T = TypeVar("T")

log = logging.getLogger(__name__)


class Runs:
    """The runs of this process.

    Args:
        db: where answers are kept.
        feed: where their growth is told.
        asker: asks the gateways.
        worker_id: which process this is; the rows of its runs carry it.
        pace: how often pieces and batches leave.
    """

    def __init__(
        self, db: Database, feed: Feed, asker: Asker, *, worker_id: str, pace: Pace | None = None
    ) -> None:
        self.worker_id = worker_id
        self._db = db
        self._on_disk = Journal(db)
        self._feed = feed
        self._asker = asker
        self._pace = pace or Pace()
        self._tempo = Tempo(self._pace)
        self._live: dict[str, LiveRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._admitted: set[asyncio.Task[Any]] = set()
        self._closing = asyncio.Event()
        self._saver = Saver(db, feed, self._pace, self._closing)

    @property
    def is_closing(self) -> bool:
        """Whether nothing new is started any more."""
        return self._closing.is_set()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is on its way."""
        return bool(self._live)

    async def admit(self, beginning: Coroutine[Any, Any, T]) -> T:
        """Carry through what stores a turn and starts its run, whatever happens to who asked for it.

        A turn that is in the database without its run would seem to stream for ever.

        Raises:
            Closing: the site is shutting down; nothing was begun.
        """
        if self._closing.is_set():
            beginning.close()
            raise Closing
        task = asyncio.create_task(beginning)
        self._admitted.add(task)
        task.add_done_callback(self._admitted.discard)
        return await asyncio.shield(task)

    def start(self, turn: Turn) -> None:
        """Begin a run; one that begins while the site is closing is ended at once, and says so."""
        run = LiveRun(turn, journal_chars=self._pace.journal_chars)
        self._live[turn.message_id] = run
        self._carry_out(turn, self._drive(run))

    def disown(self, turn: Turn) -> None:
        """See that a turn whose commit failed, but may have arrived, doesn't seem to stream for ever."""
        self._carry_out(turn, self._saver.disown(turn))

    def _carry_out(self, turn: Turn, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"run {turn.run_id}")
        self._tasks[turn.message_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(turn.message_id))

    async def stop(self, owner: str, message_id: str) -> bool:
        """End a run and keep what it has said.

        Waits until that is on disk, or can't be put there now; where another process writes the answer, only
        until that process is asked.

        Returns:
            Whether there was such a run of this owner.

        Raises:
            StoreError: it isn't known whether another process writes it.
        """
        run = self._live.get(message_id)
        if run is None or run.turn.owner != owner:
            return await self._ask_to_stop(owner, message_id)
        run.stop()
        await run.settled.wait()
        return True

    async def stop_all(self, owner: str, conversation_id: str) -> None:
        """End every run in a conversation; where one can't be, the others are nevertheless.

        Raises:
            StoreError: it isn't known which there are, or whether another process writes one of them.
        """
        async with self._db.read() as tx:
            active = await runs.active(tx, owner, conversation_id)
        stops = (self.stop(owner, run.message_id) for run in active)
        for stopped in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(stopped, BaseException):
                raise stopped

    async def _ask_to_stop(self, owner: str, message_id: str) -> bool:
        async with self._db.write() as tx:
            worker_id = await runs.ask_to_stop(tx, owner, message_id)
        if worker_id is None:
            return False
        await tell(self._feed, Topic("worker", worker_id), StopAsked(message_id))
        return True

    def end(self, message_id: str) -> None:
        """End a run of this process that a person wants stopped; there may be none by now."""
        if (run := self._live.get(message_id)) is not None:
            run.stop()

    def abandon(self) -> None:
        """Hang up on every gateway; what was said is kept, unless another process has ended the run."""
        for run in list(self._live.values()):
            run.hang_up()

    def shown(self, message: Message) -> Message | None:
        """A message as it stands here and now, if its answer is on its way here."""
        run = self._live.get(message.id)
        return None if run is None else run.shown(message)

    def hurdle(self, message_id: str) -> RunWaiting | RunPaying | None:
        """What an answer that is on its way here waits for, if it does."""
        run = self._live.get(message_id)
        return None if run is None else run.hurdle

    async def drain(self) -> None:
        """Start nothing new, give running answers some seconds to end, and keep the rest as interrupted."""
        self._closing.set()
        if self._admitted:
            await asyncio.wait(self._admitted)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=self._pace.drain)
        self.abandon()
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    async def _drive(self, run: LiveRun) -> None:
        RUN_ID.set(run.turn.run_id)
        asking = self._asker.ask(run, partial(self._grow, run), lambda: self._tempo.between_pieces)
        run.listening = asyncio.create_task(asking)
        helpers = [asyncio.create_task(self._send_early(run)), asyncio.create_task(self._journal(run))]
        if run.stopped or self._closing.is_set():
            run.hang_up()
        try:
            with STREAMING.track_inprogress(), self._tempo.running():
                await asyncio.wait({run.listening})
            for helper in helpers:
                helper.cancel()
            await asyncio.wait(helpers)
            await self._end(run, _failure(run.listening))
        except Exception:
            log.exception("A run did not end as it should")
        finally:
            del self._live[run.turn.message_id]
            run.settled.set()

    async def _grow(self, run: LiveRun, chars: int) -> None:
        if not chars:
            return
        run.grow(chars)
        # What is read from a socket comes at this pace, one sooner and one later, and isn't kept again.
        if self._until_due(run) > MOMENT_S:
            run.early.set()
        else:
            await self._send_piece(run)
        await run.backlog.room()

    def _until_due(self, run: LiveRun) -> float:
        return run.sent_at + self._tempo.between_pieces / 2 - time.monotonic()

    async def _send_early(self, run: LiveRun) -> None:
        """Send what came too early to be sent at once, as soon as it is due."""
        while True:
            await run.early.wait()
            await asyncio.sleep(self._until_due(run))
            if run.early.is_set():
                await self._send_piece(run)

    async def _send_piece(self, run: LiveRun) -> None:
        run.early.clear()
        run.sent_at = time.monotonic()
        topic = Topic("conversation", run.turn.conversation_id)
        for piece in run.answer.take_pieces(run.turn.message_id):
            await tell(self._feed, topic, piece)

    async def _journal(self, run: LiveRun) -> None:
        while True:
            await run.backlog.waiting.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(until_tick(self._pace.journal)):
                    await run.backlog.bulky.wait()
            entries = run.take_batch()
            try:
                await self._on_disk.write(JournalBatch(run.turn.owner, run.turn.run_id, entries))
            except NotFoundError:
                log.warning("An answer was ended by another process, which held this one for dead")
                run.hang_up()
                return
            except Exception as error:
                # Said once, however long it goes on.
                if not run.backlog.fails:
                    log_unsaved("An answer's journal could not be written; it is tried until it is", error)
                run.give_back(entries)
            else:
                run.backlog.written()

    async def _end(self, run: LiveRun, failure: BaseException | None) -> None:
        run.grow(run.answer.end())
        await self._send_piece(run)
        outcome = run.end(failure)
        answer_ended(run.turn, outcome)
        await self._saver.save(run, outcome)


def _failure(listening: asyncio.Task[None]) -> BaseException | None:
    if listening.cancelled():
        return asyncio.CancelledError()
    failure = listening.exception()
    if failure is not None and not isinstance(failure, GatewayError | ChatError):
        log.error("A run failed on its own account", exc_info=failure)
    return failure
