from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.chat.changes import Piece
from chat_ui.chat.feed import Lagged, MemoryFeed, Subscription, Topic

HERE = Topic("conversation", "here")
THERE = Topic("conversation", "there")


def piece(offset: int, text: str, id: str = "answer") -> Piece:
    return Piece(id, "text", offset, text)


def separate(count: int, start: int = 0) -> list[Piece]:
    """Pieces that can't be joined."""
    return [piece(0, str(number), f"answer {number}") for number in range(start, start + count)]


async def read(changes: Subscription, count: int) -> list[object]:
    return [await changes.next() for _ in range(count)]


async def test_everybody_who_follows_gets_everything_in_order() -> None:
    feed, sent = MemoryFeed(), separate(5)
    async with feed.follow(HERE) as one, feed.follow(HERE) as two, feed.follow(THERE) as elsewhere:
        for change in sent:
            await feed.publish(HERE, change)
        await feed.publish(THERE, piece(0, "x"))
        assert await read(one, 5) == await read(two, 5) == sent
        assert await elsewhere.next() == piece(0, "x")


async def test_a_reader_that_waits_is_woken() -> None:
    feed = MemoryFeed()
    async with feed.follow(HERE) as changes:
        waiting = asyncio.create_task(changes.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        await feed.publish(HERE, piece(0, "x"))
        assert await waiting == piece(0, "x")


async def test_a_piece_that_is_taken_at_once_wakes_nobody() -> None:
    feed, taken = MemoryFeed(), list[Piece]()

    def take_short(change: Piece) -> bool:
        is_short = len(change.text) == 1
        if is_short:
            taken.append(change)
        return is_short

    async with feed.follow(HERE) as changes:
        await feed.publish(HERE, piece(0, "a"))
        assert await changes.next(at_once=take_short) == piece(0, "a")
        await feed.publish(HERE, piece(1, "b"))
        assert await changes.next(at_once=take_short) == piece(1, "b")
        waiting = asyncio.create_task(changes.next(at_once=take_short))
        await asyncio.sleep(0)
        await feed.publish(HERE, piece(2, "c"))
        await feed.publish(HERE, piece(3, "de"))
        # It is to be read first what could not be taken.
        await feed.publish(HERE, piece(5, "f"))
        assert (taken, await waiting) == ([piece(2, "c")], piece(3, "def"))


async def test_what_one_reader_fails_at_is_told_to_all_of_them(caplog: pytest.LogCaptureFixture) -> None:
    feed, change = MemoryFeed(), piece(0, "x")

    def fail(change: Piece) -> bool:
        raise ZeroDivisionError

    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(feed.follow(HERE)) for _ in range(3)]
        waiting = [asyncio.create_task(reader.next(at_once=fail)) for reader in readers]
        await asyncio.sleep(0)
        await feed.publish(HERE, change)
        assert await asyncio.gather(*waiting) == [change] * 3
    assert {record.getMessage() for record in caplog.records} == {"A piece could not be taken at once"}


async def test_a_reader_that_has_waited_long_enough_reads_on_later() -> None:
    feed = MemoryFeed()
    async with feed.follow(HERE) as changes:
        with pytest.raises(TimeoutError):
            await changes.next(patience_s=0.001)
        await feed.publish(HERE, piece(0, "x"))
        assert await changes.next(patience_s=60) == piece(0, "x")


async def test_a_reader_that_is_ended_as_a_change_comes_ends() -> None:
    feed = MemoryFeed()
    async with feed.follow(HERE) as changes:
        waiting = asyncio.create_task(changes.next(patience_s=60))
        await asyncio.sleep(0)
        await feed.publish(HERE, piece(0, "x"))
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert await changes.next() == piece(0, "x")


async def test_who_leaves_leaves_nothing_behind() -> None:
    feed = MemoryFeed()
    async with feed.follow(HERE):
        with pytest.raises(ZeroDivisionError):
            async with feed.follow(HERE):
                raise ZeroDivisionError
        assert len(feed._followers[HERE]) == 1
    assert not feed._followers
    await feed.publish(HERE, piece(0, "x"))
    assert not feed._followers


async def test_pieces_of_one_text_are_joined_while_they_wait() -> None:
    feed = MemoryFeed(most=1)
    async with feed.follow(HERE) as changes:
        for change in (piece(0, "He"), piece(2, "ll👋"), piece(5, "o")):
            await feed.publish(HERE, change)
        assert await changes.next() == piece(0, "Hell👋o")


@pytest.mark.parametrize(
    "second", [piece(3, "x"), piece(1, "x"), piece(2, "x", "other"), Piece("answer", "reasoning", 2, "x")]
)
async def test_what_does_not_continue_a_piece_is_not_joined_to_it(second: Piece) -> None:
    feed = MemoryFeed()
    async with feed.follow(HERE) as changes:
        await feed.publish(HERE, piece(0, "He"))
        await feed.publish(HERE, second)
        assert await read(changes, 2) == [piece(0, "He"), second]


async def test_who_lags_is_told_once_and_then_reads_in_order_again() -> None:
    feed = MemoryFeed(most=3)
    async with feed.follow(HERE) as slow:
        for change in separate(4):
            await feed.publish(HERE, change)
        later = separate(2, start=10)
        for change in later:
            await feed.publish(HERE, change)
        with pytest.raises(Lagged):
            await slow.next()
        assert await read(slow, 2) == later


async def test_one_that_lags_holds_up_nobody() -> None:
    feed, sent = MemoryFeed(most=2), separate(6)
    async with feed.follow(HERE) as slow, feed.follow(HERE) as quick:
        seen: list[object] = []
        for change in sent:
            await feed.publish(HERE, change)
            seen.append(await quick.next())
        assert seen == sent
        with pytest.raises(Lagged):
            await slow.next()


@given(st.lists(st.text(min_size=1, max_size=4) | st.none(), max_size=30))
def test_whenever_a_text_is_read_it_comes_whole(steps: list[str | None]) -> None:
    """A ``None`` is a moment at which the reader takes what is there."""

    async def run() -> str:
        changes, got, sent = Subscription(most=2), "", 0
        for step in [*steps, None]:
            if step is None:
                while changes._waiting:
                    change = await changes.next()
                    assert isinstance(change, Piece)
                    assert change.offset == len(got)
                    got += change.text
            else:
                changes.put(piece(sent, step))
                sent += len(step)
        return got

    assert asyncio.run(run()) == "".join(filter(None, steps))
