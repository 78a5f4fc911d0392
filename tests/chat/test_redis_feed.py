"""What happens in one process is heard in the others, as long as Redis is there and again once it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar, get_args

import pytest

from chat_ui.chat import redis_feed
from chat_ui.chat.changes import Change, ConversationChanged, Notice, Piece, StopAsked
from chat_ui.chat.feed import Lagged, Subscription, Topic
from chat_ui.chat.notices import UnreadableNotice, decode, encode
from chat_ui.chat.redis_feed import RedisFeed, open_redis_feed
from chat_ui.settings import SettingsError
from chat_ui.store.conversations import Conversation
from chat_ui.store.messages import Message
from tests.redis_server import RedisServer

from .test_feed import HERE, THERE, piece, separate

T = TypeVar("T")
NOW = datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC)
CONVERSATION = Conversation(
    id="c",
    title="Tea 👋\u2028",
    gateway="g",
    model=None,
    leaf_id="m",
    revision=7,
    created_at=NOW,
    updated_at=NOW,
    deleted_at=None,
)
MESSAGE = Message(
    id="m",
    conversation_id="c",
    role="assistant",
    status="stopped",
    text='"é\x00"',
    cost=Decimal("0.10"),
    created_at=NOW,
    finished_at=NOW,
)
VALUES: dict[str, Any] = {
    "conversation": CONVERSATION,
    "message": MESSAGE,
    "added": (MESSAGE, MESSAGE),
    "part": "reasoning",
    "offset": 3,
    "seconds": 0.5,
    "length": 9,
}


async def soon(awaited: Awaitable[T]) -> T:
    async with asyncio.timeout(20):
        return await awaited


@asynccontextmanager
async def two(redis: RedisServer, second: int = 0) -> AsyncGenerator[tuple[RedisFeed, RedisFeed]]:
    """Two processes of one site, or of two."""
    async with open_redis_feed(redis.url(), "a") as a, open_redis_feed(redis.url(second), "b") as b:
        yield a, b


@pytest.mark.parametrize("kind", [*get_args(Change), StopAsked])
def test_every_notice_arrives_as_it_was(kind: type[Any]) -> None:
    assert is_dataclass(kind)
    given = {f.name: VALUES.get(f.name, f"a {f.name}") for f in fields(kind) if f.name != "siblings"}
    notice: Notice = kind(**given)
    assert decode(encode(notice)) == notice


@pytest.mark.parametrize(
    "data", [b"", b"lost", b"[]", b'["Piece",{}]', b'["Unheard",{}]', b"3", b'{"Piece":1}']
)
def test_what_another_version_says_is_told_apart(data: bytes) -> None:
    with pytest.raises(UnreadableNotice):
        decode(data)


async def test_everybody_hears_everything_once_and_in_order(redis: RedisServer) -> None:
    sent = separate(20)
    async with (
        two(redis) as (a, b),
        a.follow(HERE) as at_a,
        b.follow(HERE) as at_b,
        b.follow(THERE) as elsewhere,
    ):
        for change in sent:
            await a.publish(HERE, change)
        assert [await soon(at_b.next()) for _ in sent] == sent
        await b.publish(HERE, piece(0, "back"))
        await b.publish(THERE, piece(0, "there"))
        assert [await soon(at_a.next()) for _ in range(21)] == [*sent, piece(0, "back")]
        assert await soon(at_b.next()) == piece(0, "back")
        assert await soon(elsewhere.next()) == piece(0, "there")


async def test_what_is_followed_is_heard_from_the_first_moment(redis: RedisServer) -> None:
    async with two(redis) as (a, b):
        for number in range(30):
            topic = Topic("conversation", str(number))
            async with b.follow(topic) as changes:
                await a.publish(topic, piece(0, "now"))
                assert await soon(changes.next()) == piece(0, "now")
        assert not b._hearings
        assert not b._topics


async def test_two_sites_on_one_server_hear_nothing_of_each_other(redis: RedisServer) -> None:
    async with two(redis, second=1) as (a, other), other.follow(HERE) as changes:
        await a.publish(HERE, piece(0, "private"))
        await a.tell_the_rest()
        await other.publish(HERE, piece(0, "own"))
        assert await soon(changes.next()) == piece(0, "own")


async def test_what_can_not_be_read_makes_its_readers_start_over(redis: RedisServer) -> None:
    async with two(redis) as (a, b), b.follow(HERE) as changes:
        await a._redis.publish(a._channel(HERE), b'a ["FromTheFuture",{}]')
        with pytest.raises(Lagged):
            await soon(changes.next())


async def test_when_redis_was_away_readers_start_over_and_hear_again(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_feed, "RETRY_S", 0.01)
    monkeypatch.setattr(redis_feed, "HEARD_WITHIN_S", 0.01)
    async with two(redis) as (a, b), b.follow(HERE) as old:
        await asyncio.to_thread(redis.stop)
        await a.publish(HERE, piece(0, "lost"))
        async with a.follow(HERE) as same_process, b.follow(THERE) as new:
            await a.publish(HERE, piece(0, "here all the same"))
            assert await soon(same_process.next()) == piece(0, "here all the same")
            await asyncio.to_thread(redis.start)
            for changes in (old, new):
                with pytest.raises(Lagged):
                    await soon(changes.next())
            await heard_again(a, HERE, old)
            await heard_again(a, THERE, new)


async def heard_again(feed: RedisFeed, topic: Topic, changes: Subscription) -> None:
    """Publish until it arrives; both ways have to be there again, and each tells of what it has lost."""
    async with asyncio.timeout(20):
        while True:
            await feed.publish(topic, piece(0, "again"))
            with suppress(Lagged, TimeoutError):
                async with asyncio.timeout(0.05):
                    if await changes.next() == piece(0, "again"):
                        return


async def test_a_redis_that_has_stopped_answering_is_held_for_away(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_feed, "RETRY_S", 0.01)
    monkeypatch.setattr(redis_feed, "QUIET_S", 0.05)
    async with two(redis) as (a, b), b.follow(HERE) as changes:
        # Its connections are open, and nothing comes by them any more.
        with redis.paused():
            async with asyncio.timeout(20):
                while b._pubsub is not None:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        with pytest.raises(Lagged):
            await soon(changes.next())
        await heard_again(a, HERE, changes)


async def test_what_could_not_be_sent_is_told_to_be_lost(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_feed, "RETRY_S", 0.01)
    monkeypatch.setattr(redis_feed, "MOST_UNSENT", 3)
    async with two(redis) as (a, b), b.follow(HERE) as changes:
        for change in separate(5):
            await a.publish(HERE, change)
        with pytest.raises(Lagged):
            await soon(changes.next())
        assert isinstance(await soon(changes.next()), Piece)


async def test_what_is_on_its_way_when_a_process_ends_is_not_lost_without_a_word(redis: RedisServer) -> None:
    async with open_redis_feed(redis.url(), "b") as b, b.follow(HERE) as changes:
        async with open_redis_feed(redis.url(), "a") as a:
            send, sending = a._redis.pipeline, asyncio.Event()

            def slowly(**options: Any) -> Any:
                # The first of them never gets through.
                pipe, a._redis.pipeline = send(**options), send
                pipe.execute = asyncio.Event().wait
                sending.set()
                return pipe

            a._redis.pipeline = slowly
            await a.publish(HERE, piece(0, "the last word"))
            await sending.wait()
        with pytest.raises(Lagged):
            await soon(changes.next())


async def test_publishing_waits_for_nobody(redis: RedisServer) -> None:
    async with two(redis) as (a, _):
        await asyncio.to_thread(redis.stop)
        try:
            for change in separate(3 * redis_feed.MOST_UNSENT):
                await a.publish(HERE, change)
            await a.publish(HERE, ConversationChanged(CONVERSATION))
            assert len(a._unsent) <= redis_feed.MOST_UNSENT
        finally:
            await asyncio.to_thread(redis.start)


@pytest.mark.parametrize(
    "url", ["unix:///nowhere/socket", "redis://:secret@127.0.0.1:9/0", "nonsense://secret"]
)
async def test_a_server_that_is_not_there_is_said_at_start(url: str) -> None:
    with pytest.raises(SettingsError, match="CHAT_UI_REDIS_URL") as caught:
        async with open_redis_feed(url, "a"):
            pytest.fail("nobody is there")
    assert "secret" not in str(caught.value)
