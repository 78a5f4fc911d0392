"""A page goes on following by itself, whatever it stands on was away; what isn't that is not hidden."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Sequence

import pytest
from redis.exceptions import ConnectionError as RedisIsAway
from redis.exceptions import RedisError
from reflex_base.utils.exceptions import LockExpiredError

from chat_ui.chat.errors import NoSuchConversation
from chat_ui.state import following, wire
from chat_ui.state.following import StateLost, keep_following
from chat_ui.state.thread import ThreadState
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from tests.scripted import ScriptedGateway

from .conftest import Browser
from .test_thread_state import statuses


class Following:
    """Follows; each time something else ends it.

    Args:
        ends: what does, one after the other. After the last of them it goes on for ever.
        unsaid: what is raised where somebody is to be told.
    """

    def __init__(self, ends: Sequence[Exception], unsaid: Exception | None = None) -> None:
        self._ends = list(ends)
        self._unsaid = unsaid
        self.said: list[str] = []
        self.goes_on = asyncio.Event()

    async def follow(self) -> None:
        if self._ends:
            raise self._ends.pop(0)
        self.goes_on.set()
        await asyncio.Event().wait()

    async def say(self, words: str) -> None:
        self.said.append(words)
        if self._unsaid is not None:
            raise self._unsaid

    async def until_it_goes_on(self) -> None:
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            task = group.create_task(keep_following(self.follow, self.say))
            ended = group.create_task(self.goes_on.wait())
            await asyncio.wait((task, ended), return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            task.cancel()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FOLLOW_AGAIN_S", 0)


@pytest.mark.parametrize(
    "away", [RedisIsAway("gone"), RedisError("busy"), LockExpiredError("late"), ConnectionResetError("cut")]
)
async def test_it_begins_again_when_redis_is_back(away: Exception, caplog: pytest.LogCaptureFixture) -> None:
    page = Following([away, away])
    with caplog.at_level(logging.WARNING, following.__name__):
        await page.until_it_goes_on()
    assert [str(away) in record.getMessage() for record in caplog.records] == [True]
    assert page.said == []


async def test_a_database_that_is_away_is_said_even_where_redis_is_too() -> None:
    page = Following(
        [StoreError("secret on host-7 can't be reached.", "away")] * 2, unsaid=RedisIsAway("gone")
    )
    await page.until_it_goes_on()
    said = "The site can't reach its database. This page goes on by itself as soon as it can."
    assert page.said == [said] * 2


async def test_what_nobody_was_prepared_for_is_not_hidden() -> None:
    for wrong in (NoSuchConversation(), ValueError("a mistake")):
        with pytest.raises(type(wrong)):
            await keep_following(Following([wrong]).follow, Following([]).say)


async def test_lost_state_is_made_anew_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FOLLOW_AGAIN_S", 3600)
    await Following([StateLost(), StateLost()]).until_it_goes_on()


async def test_it_ends_when_its_page_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([True, True, False])
    monkeypatch.setattr(following, "LOOK_FOR_PAGE_S", 0)
    monkeypatch.setattr(wire, "has_page", lambda: next(looks))
    page = Following([])
    task = asyncio.create_task(keep_following(page.follow, page.say))
    async with asyncio.timeout(20):
        await asyncio.wait([task])
    assert task.cancelled()
    assert page.goes_on.is_set()
    assert list(looks) == []


async def test_nothing_of_it_stays(monkeypatch: pytest.MonkeyPatch, unsought: None) -> None:
    monkeypatch.setattr(wire, "has_page", lambda: True)
    page = Following([])
    task = asyncio.create_task(keep_following(page.follow, page.say))
    await page.goes_on.wait()
    task.cancel()
    await asyncio.wait([task])
    ended = weakref.ref(task)
    del task
    await asyncio.sleep(0)
    assert ended() is None


async def test_a_page_whose_state_is_lost_shows_the_whole_conversation_again(
    browser: Browser, conversation: Conversation, gateway: ScriptedGateway
) -> None:
    future = await browser.start(ThreadState.follow)
    await browser.until(lambda: bool(browser.values(ThreadState, "heads")))
    # As Redis does that comes back with nothing: what the follower has made of it is gone.
    await browser.send(ThreadState.open_new)
    assert statuses(browser)[-1] == []
    request = await gateway.next_request()
    await request.say("Hello.")
    await request.finish()
    await browser.until(lambda: statuses(browser)[-1] == ["complete", "complete"])
    assert browser.values(ThreadState, "conversation_id")[-1] == conversation.id
    future.cancel()
