"""What happened, for whoever follows it.

A topic is a conversation, a person or a worker. Publishing never waits for a reader: one who falls too far
behind loses the backlog and is told so, and then starts over from a snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal, NamedTuple, Protocol

from chat_ui.chat.changes import Notice, Piece

__all__ = ["AtOnce", "Feed", "Lagged", "MemoryFeed", "Subscription", "Topic", "later", "tell"]

log = logging.getLogger(__name__)


class Topic(NamedTuple):
    """What can be followed: a conversation, a person's list of them, what a worker is asked for."""

    kind: Literal["conversation", "person", "worker"]
    id: str


AtOnce = Callable[[Piece], bool]
"""Takes a piece as it is published, if it can; whether it has. To wake a reader costs more than that."""


def later(_: Piece) -> bool:
    """Take none: the reader does."""
    return False


class Lagged(Exception):  # noqa: N818 - it says what happened
    """The reader fell so far behind that changes were dropped; it has to start over from a snapshot."""


class Subscription:
    """The changes of one topic since it was opened, in order.

    Args:
        most: how many changes may wait here before the reader counts as lagging.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[Notice] = deque()
        self._lagged = False
        self._reader: asyncio.Future[None] | None = None
        self._at_once = later

    def put(self, change: Notice) -> None:
        """Add a change, joined to the one before it where both are pieces of one text."""
        if isinstance(change, Piece) and self._is_idle and self._takes(change):
            return
        last = self._waiting[-1] if self._waiting else None
        if isinstance(last, Piece) and isinstance(change, Piece) and _continues(last, change):
            self._waiting[-1] = Piece(last.message_id, last.part, last.offset, last.text + change.text)
        elif len(self._waiting) >= self._most:
            self.lose()
        else:
            self._waiting.append(change)
        self._wake()

    def lose(self) -> None:
        """Give up what waits, because some of what the reader should have had is lost."""
        self._waiting.clear()
        self._lagged = True
        self._wake()

    def _takes(self, piece: Piece) -> bool:
        try:
            return self._at_once(piece)
        except Exception:
            # Who publishes goes on, to the other readers first; this one meets it when it reads.
            log.exception("A piece could not be taken at once")
            return False

    @property
    def _is_idle(self) -> bool:
        return self._reader is not None and not self._reader.done()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def next(self, patience_s: float | None = None, at_once: AtOnce = later) -> Notice:
        """Wait for the next change.

        Args:
            patience_s: for how long at most; None is for ever, and sets no clock.
            at_once: takes a piece that comes meanwhile, which then is no change to wait for.

        Raises:
            Lagged: changes were dropped; what arrives later is in order again.
            TimeoutError: there was none in time.
        """
        self._at_once = at_once
        while not self._waiting and not self._lagged:
            # What is said often costs less by a bare future than by an event.
            self._reader = asyncio.get_running_loop().create_future()
            if patience_s is None:
                await self._reader
            else:
                # Not ``wait_for``, which before Python 3.12 forgets a cancellation that comes with a change.
                async with asyncio.timeout(patience_s):
                    await self._reader
        if self._lagged:
            self._lagged = False
            raise Lagged
        return self._waiting.popleft()

    def drop(self) -> None:
        """Forget what is waiting, for a reader who is about to see all of it anyway."""
        self._waiting.clear()
        self._lagged = False


def _continues(last: Piece, piece: Piece) -> bool:
    same_text = (last.message_id, last.part) == (piece.message_id, piece.part)
    return same_text and last.offset + len(last.text) == piece.offset


class Feed(Protocol):
    """Where changes are published and followed."""

    async def publish(self, topic: Topic, change: Notice) -> None:
        """Hand a change to everybody who follows the topic now."""
        ...

    def follow(self, topic: Topic) -> AbstractAsyncContextManager[Subscription]:
        """Follow a topic from now on, for as long as the context is open."""
        ...

    async def is_connected(self) -> bool:
        """Whether what happens here reaches the other processes of the site, where there are some."""
        ...


class MemoryFeed:
    """The feed of a site that runs in one process.

    Args:
        most: how many changes may wait for one reader.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._followers: defaultdict[Topic, set[Subscription]] = defaultdict(set)

    async def publish(self, topic: Topic, change: Notice) -> None:
        """Hand a change to everybody who follows the topic now."""
        self.put(topic, change)

    async def is_connected(self) -> bool:
        """Say yes: there are no others."""
        return True

    def put(self, topic: Topic, change: Notice) -> None:
        """Do what ``publish`` does, where nothing can be awaited."""
        for subscription in self._followers.get(topic, ()):
            subscription.put(change)

    def lose(self, topic: Topic) -> None:
        """Let everybody who follows the topic start over, because some of it is lost."""
        for subscription in self._followers.get(topic, ()):
            subscription.lose()

    @asynccontextmanager
    async def follow(self, topic: Topic) -> AsyncGenerator[Subscription]:
        """Follow a topic from now on, for as long as the context is open."""
        subscription = Subscription(self._most)
        self._followers[topic].add(subscription)
        try:
            yield subscription
        finally:
            self._followers[topic].discard(subscription)
            if not self._followers[topic]:
                del self._followers[topic]


async def tell(feed: Feed, topic: Topic, change: Notice) -> None:
    """Tell the readers, who may miss it: what happened is stored whether they hear of it or not."""
    try:
        await feed.publish(topic, change)
    except Exception:
        log.exception("A change could not be told to its readers")
