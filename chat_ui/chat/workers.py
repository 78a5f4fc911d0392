"""This process among those that run the site: it says that it lives, and ends the runs of those that don't.

A process that is gone without a word leaves runs that seem to go on for ever. So each says every second that
it lives, and counts how often it has looked and heard nothing new of the others. No clock is asked, because
clocks are set.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from chat_ui.chat.changes import StopAsked
from chat_ui.chat.ending import store_end, tell_end
from chat_ui.chat.feed import Feed, Lagged, Topic
from chat_ui.chat.outcome import SHUT_DOWN
from chat_ui.chat.runs import Runs
from chat_ui.store import runs, workers
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError
from chat_ui.store.runs import Outcome, Run

__all__ = ["MISSED", "Watch", "Worker", "at_work"]

BEAT_S = 1.0
# How many looks in a row find nothing new of a process that is held for dead.
MISSED = 8
LEFT_BEHIND = Outcome(status="interrupted", finish_reason="interrupted", error=SHUT_DOWN)

log = logging.getLogger(__name__)


class Watch:
    """Tells who is dead by how often nothing was heard of them."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[int, int]] = {}

    def look(self, beats: Mapping[str, int]) -> set[str]:
        """Take in how often each process has said that it lives; returns those that are held for dead."""
        before, self._heard = self._heard, {}
        for id, count in beats.items():
            last, missed = before.get(id, (count, -1))
            self._heard[id] = (count, missed + 1 if count == last else 0)
        return {id for id, (_, missed) in self._heard.items() if missed >= MISSED}


class Worker:
    """This process among the others.

    Args:
        db: where they all say that they live.
        feed: where they are asked to stop a run, and where its readers hear what became of it.
        running: the runs of this process.
    """

    def __init__(self, db: Database, feed: Feed, running: Runs) -> None:
        self.id = running.worker_id
        self._db = db
        self._feed = feed
        self._running = running
        self._watch = Watch()
        # Those that may have been ended without anybody being told, because the commit was lost on its way.
        self._left: dict[str, Run] = {}

    async def join(self, *, is_alone: bool) -> None:
        """Begin to count as alive; one that is alone knows that all the others are dead.

        Raises:
            StoreError: it could not be stored.
        """
        async with self._db.write() as tx:
            await workers.join(tx, self.id)
            if is_alone:
                await workers.remain(tx, self.id)
        await self.settle()

    async def leave(self) -> None:
        """Count as gone; what could not be saved here is settled by the others, or at the next start."""
        try:
            async with self._db.write() as tx:
                await workers.leave(tx, self.id)
        except StoreError as error:
            log.warning("This process could not sign off: %s", error)

    async def keep_beating(self) -> None:
        """Say that this process lives, and see to the others, until cancelled."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self.beat()
            except StoreError as error:
                log.warning("This process could not say that it lives: %s", error)
            except Exception:
                log.exception("This process could not say that it lives")

    async def beat(self) -> None:
        """Say once that this process lives, and settle what the dead have left.

        Raises:
            StoreError: it could not be stored.
        """
        async with self._db.write(durable=False) as tx:
            is_known = await workers.beat(tx, self.id)
            if not is_known:
                await workers.join(tx, self.id)
            seen = await workers.beats(tx)
            stops = await runs.stops_asked(tx, self.id)
        if not is_known:
            log.warning("This process was held for dead: it stood still for too long. Its answers are cut.")
            self._running.abandon()
        for message_id in stops:
            self._running.end(message_id)
        for id in self._watch.look(seen) - {self.id}:
            log.warning("The process %s is gone; what it was writing is kept as far as it was saved.", id)
            async with self._db.write() as tx:
                await workers.leave(tx, id)
        await self.settle()

    async def settle(self) -> None:
        """End the runs whose process is gone, and tell their readers.

        Raises:
            StoreError: that could not be stored.
        """
        async with self._db.read() as tx:
            self._left |= {run.id: run for run in await runs.orphans(tx)}
        for run in list(self._left.values()):
            ended = await store_end(self._db, run.owner_id, run.id, run.message_id, outcome=LEFT_BEHIND)
            del self._left[run.id]
            if ended is not None:
                await tell_end(self._feed, run.owner_id, ended)

    async def hear(self) -> None:
        """End the runs that another process is asked to stop, until cancelled."""
        async with self._feed.follow(Topic("worker", self.id)) as asked:
            while True:
                try:
                    notice = await asked.next()
                except Lagged:
                    # The next beat finds what was missed.
                    continue
                if isinstance(notice, StopAsked):
                    self._running.end(notice.message_id)


@asynccontextmanager
async def at_work(db: Database, feed: Feed, running: Runs, *, is_alone: bool) -> AsyncGenerator[None]:
    """Let this process count as alive for as long as the context is open.

    Args:
        db: the database.
        feed: of the site.
        running: the runs of this process.
        is_alone: whether no other process can run the site, so that nobody has to hear of this one.

    Raises:
        StoreError: the database can't be used.
    """
    worker = Worker(db, feed, running)
    await worker.join(is_alone=is_alone)
    tasks = (
        [] if is_alone else [asyncio.create_task(worker.keep_beating()), asyncio.create_task(worker.hear())]
    )
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await worker.leave()
