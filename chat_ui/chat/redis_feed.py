"""The feed of a site that runs in several processes: what happens in one is told to the others by Redis.

Redis only carries; it keeps nothing, and nothing waits for it. Who follows a topic here hears at once what
happens here, and by Redis what happens elsewhere. Wherever something may have been lost on the way, because
Redis was away or a process fell behind, the followers are told that they lag and read the database again.
"""

# The client leaves parts of its own types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chat_ui.chat.changes import Notice
from chat_ui.chat.feed import MemoryFeed, Subscription, Topic
from chat_ui.chat.notices import UnreadableNotice, decode, encode
from chat_ui.monitoring.lasting import warn
from chat_ui.settings import SettingsError

__all__ = ["RedisAwayError", "RedisFeed", "open_redis_feed"]

# Pub/sub knows no databases, so the number of ours is in the name; two sites on one Redis need two numbers.
CHANNEL = "chat-ui:{database}:{kind}:{id}"
LOST = b"lost"
MOST_UNSENT = 5000
RETRY_S = 0.2
# How long a follower waits until Redis tells us of its topic; it is told that it lags once Redis does.
HEARD_WITHIN_S = 2.0
# After so long without a word Redis is asked whether it is there, and after as long again it isn't.
QUIET_S = 5.0
ANSWER_WITHIN_S = 5.0

log = logging.getLogger(__name__)


class RedisAwayError(SettingsError):
    """Redis can't be reached; the text says why and what to do, and no password."""


class _Hearing:
    """Whether Redis tells this process what happens to a topic."""

    def __init__(self) -> None:
        self.followers = 0
        self.is_on = asyncio.Event()
        self.may_have_missed = False

    def break_off(self) -> None:
        self.is_on.clear()
        self.may_have_missed = True


class RedisFeed:
    """Tells the other processes of a site what happens in this one, and hears of them.

    Open one with ``open_redis_feed``.

    Args:
        redis: the connections to it.
        origin: which process this is; what it hears of itself it knows already.
        most: how many changes may wait for one reader.
    """

    def __init__(self, redis: Redis, origin: str, *, most: int = 256) -> None:
        self._redis = redis
        self._origin = origin.encode()
        self._database = int(redis.get_connection_kwargs().get("db") or 0)
        self._here = MemoryFeed(most)
        self._unsent: list[tuple[Topic, bytes]] = []
        self._untold: set[Topic] = set()
        self._has_unsent = asyncio.Event()
        self._hearings: defaultdict[Topic, _Hearing] = defaultdict(_Hearing)
        self._topics: dict[bytes, Topic] = {}
        self._changed: set[Topic] = set()
        self._has_changed = asyncio.Event()
        self._pubsub: PubSub | None = None

    async def publish(self, topic: Topic, change: Notice) -> None:
        """Hand a change to everybody who follows the topic now, here at once and elsewhere in a moment."""
        await self._here.publish(topic, change)
        if len(self._unsent) >= MOST_UNSENT:
            self._untold |= {topic for topic, _ in self._unsent}
            self._unsent.clear()
        self._unsent.append((topic, encode(change)))
        self._has_unsent.set()

    @asynccontextmanager
    async def follow(self, topic: Topic) -> AsyncGenerator[Subscription]:
        """Follow a topic from now on, for as long as the context is open."""
        async with self._here.follow(topic) as subscription:
            hearing = self._hearings[topic]
            hearing.followers += 1
            try:
                if hearing.followers == 1:
                    self._topics[self._channel(topic)] = topic
                    self._change(topic)
                try:
                    async with asyncio.timeout(HEARD_WITHIN_S):
                        await hearing.is_on.wait()
                except TimeoutError:
                    hearing.may_have_missed = True
                yield subscription
            finally:
                hearing.followers -= 1
                if not hearing.followers:
                    del self._hearings[topic], self._topics[self._channel(topic)]
                    self._change(topic)

    async def is_connected(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(await cast("Any", self._redis).ping())
        except (RedisError, OSError):
            return False

    def _change(self, topic: Topic) -> None:
        self._changed.add(topic)
        self._has_changed.set()

    async def tell(self) -> None:
        """Send what is published here to the others, until cancelled."""
        while True:
            await self._has_unsent.wait()
            self._has_unsent.clear()
            try:
                await self._send()
            except (RedisError, OSError) as error:
                warn(log, f"Redis can't be told what happens here; it is tried again. ({error})")
                self._has_unsent.set()
                await asyncio.sleep(RETRY_S)

    async def tell_the_rest(self) -> None:
        """Send what is left before this process ends, if Redis is there."""
        with suppress(RedisError, OSError):
            await self._send()

    async def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        untold, self._untold = self._untold, set()
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for topic in untold:
                    pipe.publish(self._channel(topic), self._origin + b" " + LOST)
                for topic, notice in unsent:
                    pipe.publish(self._channel(topic), self._origin + b" " + notice)
                await pipe.execute()
        except BaseException:
            self._untold |= untold | {topic for topic, _ in unsent}
            raise

    async def listen(self) -> None:
        """Hear what happens elsewhere, until cancelled."""
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await self._hear(pubsub)
            except (RedisError, OSError) as error:
                warn(log, f"Redis can't be heard; it is tried again. ({error})")
            finally:
                self._pubsub = None
                for hearing in self._hearings.values():
                    hearing.break_off()
            await asyncio.sleep(RETRY_S)

    async def subscribe(self) -> None:
        """Tell Redis of which topics this process wants to hear, until cancelled.

        Not done by who follows: the client may swallow their cancellation.
        """
        while True:
            await self._has_changed.wait()
            self._has_changed.clear()
            changed, self._changed = self._changed, set()
            if self._pubsub is None:
                # What is followed by the time that Redis is there again is subscribed to then.
                continue
            wanted = {self._channel(topic) for topic in changed if topic in self._hearings}
            unwanted = {self._channel(topic) for topic in changed} - wanted
            # Where this fails, hearing fails as well, and begins again.
            with suppress(RedisError, OSError):
                if unwanted:
                    await self._pubsub.unsubscribe(*unwanted)
                if wanted:
                    await self._pubsub.subscribe(*wanted)

    async def _hear(self, pubsub: PubSub) -> None:
        # One channel that nobody uses keeps the connection subscribed while nobody follows anything.
        await pubsub.subscribe(self._channel(Topic("worker", "")))
        self._pubsub = pubsub
        self._changed |= self._hearings.keys()
        self._has_changed.set()
        was_asked = False
        while True:
            message = await pubsub.get_message(timeout=QUIET_S)
            if message is not None:
                was_asked = False
                self._take(message)
            elif was_asked:
                raise RedisError("it doesn't answer")
            else:
                was_asked = True
                await pubsub.ping()

    def _take(self, message: dict[str, Any]) -> None:
        topic = self._topics.get(cast("bytes", message["channel"]))
        if topic is None:
            return
        hearing = self._hearings[topic]
        if message["type"] == "subscribe":
            hearing.is_on.set()
            if hearing.may_have_missed:
                hearing.may_have_missed = False
                self._here.lose(topic)
        elif message["type"] == "message":
            self._deliver(topic, cast("bytes", message["data"]))

    def _deliver(self, topic: Topic, data: bytes) -> None:
        origin, _, notice = data.partition(b" ")
        if origin == self._origin:
            return
        try:
            self._here.put(topic, decode(notice))
        except UnreadableNotice:
            self._here.lose(topic)

    def _channel(self, topic: Topic) -> bytes:
        return CHANNEL.format(database=self._database, kind=topic.kind, id=topic.id).encode()


@asynccontextmanager
async def open_redis_feed(url: str, origin: str) -> AsyncGenerator[RedisFeed]:
    """Open the feed for as long as the context is open.

    Args:
        url: of the Redis server.
        origin: which process this is.

    Raises:
        SettingsError: its URL can't be read.
        RedisAwayError: it can't be reached.
    """
    try:
        # No second tries: they would hide that something was lost.
        redis = Redis.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=ANSWER_WITHIN_S,
            socket_timeout=ANSWER_WITHIN_S,
        )
    except ValueError as error:
        raise SettingsError(f"CHAT_UI_REDIS_URL: {error}") from None
    async with AsyncExitStack() as stack:
        stack.push_async_callback(redis.aclose)
        try:
            await cast("Any", redis).ping()
        except (RedisError, OSError) as error:
            raise RedisAwayError(
                f"CHAT_UI_REDIS_URL: Redis can't be reached ({error}). See that it runs, and that the URL is "
                "right."
            ) from error
        feed = RedisFeed(redis, origin)
        tasks = [asyncio.create_task(work) for work in (feed.tell(), feed.subscribe(), feed.listen())]
        try:
            yield feed
        finally:
            for task in tasks:
                await _end(task)
            # What was on its way just now is among it.
            await feed.tell_the_rest()


async def _end(task: asyncio.Task[None]) -> None:
    # Once may not be enough, because the client swallows a cancellation now and then.
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
