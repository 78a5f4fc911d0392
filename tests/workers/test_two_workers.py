"""What one worker does is seen on another; what one leaves behind when it dies, the other ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from unittest.mock import AsyncMock

import pytest

from chat_ui.chat import gateways, library, preferences
from chat_ui.chat.again import Again, answer_again
from chat_ui.chat.changes import ConversationChanged, Piece, Snapshot
from chat_ui.chat.feed import MemoryFeed
from chat_ui.chat.follow import read_texts
from chat_ui.chat.outcome import SHUT_DOWN
from chat_ui.chat.service import Chat, open_chat
from chat_ui.chat.turns import Draft, send
from chat_ui.chat.workers import MISSED, Watch, Worker
from chat_ui.settings import Settings
from chat_ui.store import conversations, messages, runs
from chat_ui.store.conversations import Conversation
from chat_ui.store.errors import StoreError
from chat_ui.store.ids import new_id
from chat_ui.store.preferences import AS_IT_IS
from chat_ui.store.runs import JournalBatch
from tests.chat.page import Page, ended, opened, say
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from tests.scripted import KEY, ScriptedGateway, happens

from .conftest import Other

Open = Callable[[], AbstractAsyncContextManager[Chat]]


async def test_an_answer_of_one_worker_is_followed_on_another(worker: Open, gateway: ScriptedGateway) -> None:
    async with worker() as a, worker() as b:
        assert a.person == b.person
        assert a.runs.worker_id != b.runs.worker_id
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        await request.say("One 👋 ")
        async with opened(a, conversation.id) as here, opened(b, conversation.id) as there:
            await here.until_shown("One 👋 ")
            for word in ("two ", "three ", "four."):
                await request.say(word)
            await library.rename(b, b.person.id, conversation.id, "Numbers")
            await request.finish()
            for page in (here, there):
                answer = await page.until_ended()
                assert page.shown() == answer.text == "One 👋 two three four."
                await page.until(
                    lambda page=page: page.count(ConversationChanged) + page.count(Snapshot) >= 2
                )


async def test_who_comes_in_the_middle_gets_what_came_before_without_a_hole(
    worker: Open, gateway: ScriptedGateway
) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        said = ""
        for number in range(12):
            said += f"w{number} "
            await request.say(f"w{number} ")
            # The reader's own check is that no piece begins behind what it has.
            async with opened(b, conversation.id) as page:
                await page.until_shown(said)
        await request.finish()


async def test_a_hole_is_filled_from_the_journal(worker: Open, gateway: ScriptedGateway) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        async with opened(b, conversation.id) as page:
            unheard = a.feed.publish
            a.feed.publish = MemoryFeed().publish  # type: ignore[method-assign]
            await request.say("Nobody is told of this. ")
            async with opened(a, conversation.id) as here:
                await here.until(lambda: here.shown() == "Nobody is told of this. ")
                a.feed.publish = unheard  # type: ignore[method-assign]
                await request.say("But of this.")
            await page.until_shown("Nobody is told of this. But of this.")
            assert page.count(Snapshot) == 1
            assert page.count(Piece) >= 1
            await request.finish()
            await page.until_ended()


@pytest.mark.parametrize("said", ["", "Told after. "])
async def test_what_was_thought_just_before_a_reader_came_is_shown_whatever_comes_then(
    worker: Open, gateway: ScriptedGateway, said: str
) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        goes_on = asyncio.Event()
        write = a.runs._on_disk.write

        async def write_later(batch: JournalBatch) -> None:
            await goes_on.wait()
            await write(batch)

        a.runs._on_disk.write = write_later  # type: ignore[method-assign]
        await request.think("Thought before.")
        async with opened(a, conversation.id) as here:
            await here.until_shown("Thought before.", "reasoning")
        async with opened(b, conversation.id) as page:
            if said:
                await request.say(said)
                await page.until_shown(said)
            assert page.shown("reasoning") == ""
            goes_on.set()
            await page.until_shown("Thought before.", "reasoning")
            await request.say("Then this.")
            await page.until_shown(said + "Then this.")
            assert page.count(Snapshot) == 1
            await request.finish()
            await page.until_ended()


async def test_stop_on_one_worker_ends_the_answer_of_another(worker: Open, gateway: ScriptedGateway) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        await request.say("So far")
        async with opened(b, conversation.id) as page:
            await page.until_shown("So far")
            assert not await b.runs.stop("somebody else", page.last.id)
            assert await b.runs.stop(b.person.id, page.last.id)
            async with asyncio.timeout(20):
                await request.client_left.wait()
            answer = await page.until_ended()
            assert (answer.status, answer.text) == ("stopped", "So far")
            assert not await b.runs.stop(b.person.id, page.last.id)


async def test_who_stops_all_answers_stops_those_that_can_be_stopped(
    worker: Open, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        there = await gateway.next_request()
        async with opened(b, conversation.id) as page:
            question, _ = page.messages
            await answer_again(b, b.person.id, Again(new_id(), question))
            here = await gateway.next_request()
            away = AsyncMock(side_effect=StoreError("The database is away.", "away"))
            monkeypatch.setattr(runs, "ask_to_stop", away)
            with pytest.raises(StoreError, match="is away"):
                await b.runs.stop_all(b.person.id, conversation.id)
            async with asyncio.timeout(20):
                await here.client_left.wait()
            assert not there.client_left.is_set()


async def test_a_stop_that_redis_lost_is_found_at_the_next_beat(
    worker: Open, gateway: ScriptedGateway
) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        b.runs._feed = MemoryFeed()
        async with opened(a, conversation.id) as page:
            assert await b.runs.stop(b.person.id, page.last.id)
            await Worker(a.db, a.feed, a.runs).beat()
            async with asyncio.timeout(20):
                await request.client_left.wait()
            assert (await page.until_ended()).status == "stopped"


async def test_one_send_is_one_turn_wherever_it_arrives(worker: Open, gateway: ScriptedGateway) -> None:
    async with worker() as a, worker() as b:
        draft = Draft(id=new_id(), text="Once")
        sent = await asyncio.gather(*(send(chat, chat.person.id, draft) for chat in (a, b) * 4))
        assert len({conversation.id for conversation in sent}) == 1
        request = await gateway.next_request()
        assert request.asked == [("user", "Once")]
        await request.finish()
        async with opened(b, sent[0].id) as page:
            await page.until_ended()
            assert [message.role for message in page.messages.values()] == ["user", "assistant"]
        assert len(gateway.requests) == 1


async def test_a_reset_is_not_taken_back_by_a_setting_that_was_on_its_way(
    worker: Open, gateway: ScriptedGateway, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with worker() as a, worker() as b:
        me, here = a.person.id, (await say(a, "Hello?")).id
        await preferences.prefer(a, me, here, "temperature", "0.5")
        read, may_go_on, find = asyncio.Event(), asyncio.Event(), preferences.find_conversation

        async def slowly(*asked: Any) -> Conversation:
            found = await find(*asked)
            if not read.is_set():
                read.set()
                await may_go_on.wait()
            return found

        monkeypatch.setattr(preferences, "find_conversation", slowly)
        setting = asyncio.create_task(preferences.prefer(a, me, here, "top_p", "0.5"))
        await read.wait()
        resetting = asyncio.create_task(preferences.reset(b, me, here))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while not resetting.done() and int(await asyncio.to_thread(postgres.ask, waits)) == 0:
            continue
        may_go_on.set()
        await asyncio.gather(setting, resetting)
        async with a.db.read() as tx:
            kept = await conversations.get(tx, me, here)
        assert kept is not None
        assert kept.preferences == AS_IT_IS


async def test_a_gateway_that_is_entered_on_one_worker_answers_on_the_other(
    shared: Settings, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "LOOK_S", 0.01)
    unset = shared.model_copy(update={"gateway_url": None, "gateway_key": None, "gateway_model": None})
    gateway.greeting = "Hello."
    async with open_chat(unset) as a, open_chat(unset) as b:
        assert a.gateways.is_demo
        assert b.gateways.is_demo
        await a.gateways.connect(gateway.base_url, KEY)
        await happens(lambda: not b.gateways.is_demo)
        assert (await ended(b, await say(b, "Hello?"))).text == "Hello."
        # What is known already stays as it is, with its connections.
        kept = b.gateways._find(b.gateways.default)
        await b.gateways.look_again()
        assert b.gateways._find(b.gateways.default) is kept
        await b.gateways.disconnect()
        await happens(lambda: a.gateways.is_demo)


async def test_answers_go_on_while_redis_is_away(
    worker: Open, gateway: ScriptedGateway, redis: RedisServer
) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        await request.say("Before, ")
        async with opened(a, conversation.id) as here, opened(b, conversation.id) as there:
            await there.until_shown("Before, ")
            await asyncio.to_thread(redis.stop)
            await request.say("meanwhile, ")
            await here.until_shown("Before, meanwhile, ")
            await asyncio.to_thread(redis.start)
            await there.until_shown("Before, meanwhile, ")
            await request.say("after.")
            await request.finish()
            for page in (here, there):
                assert (await page.until_ended()).text == "Before, meanwhile, after."


async def test_only_the_runs_of_a_worker_that_died_are_interrupted(
    worker: Open, other: Other, gateway: ScriptedGateway
) -> None:
    async with worker() as b:
        kept = await say(b, "Mine?")
        own = await gateway.next_request()
        await own.say("Mine.")
        left = await other.tell("Yours?")
        request = await gateway.next_request()
        await request.say("Yours, as far as")
        watching = Worker(b.db, b.feed, b.runs)
        async with opened(b, left) as page, opened(b, kept.id) as mine:
            await page.until_shown("Yours, as far as")
            for _ in range(2 * MISSED):
                assert await other.tell("beat") == "beaten"
                await watching.beat()
            await other.kill()
            for _ in range(MISSED - 1):
                await watching.beat()
            assert await status(b, page) == "streaming"
            await watching.beat()
            answer = await page.until_ended()
            # With all texts, since pages may have more of it than was kept.
            assert isinstance(page.seen[-1], Snapshot)
            assert (answer.status, answer.text, answer.error) == (
                "interrupted",
                "Yours, as far as",
                SHUT_DOWN,
            )
            await own.finish()
            assert (await mine.until_ended()).status == "complete"


async def test_what_died_with_its_worker_before_it_was_on_disk_is_shown_no_longer(
    worker: Open, gateway: ScriptedGateway
) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        async with opened(b, conversation.id) as page:
            await request.say("On disk. ")
            await page.until_shown("On disk. ")
            await happens_on_disk(b, page, "On disk. ")
            never = asyncio.Event()
            a.runs._on_disk.write = lambda batch: never.wait()  # type: ignore[method-assign,assignment]
            await request.say("Only told.")
            await page.until_shown("On disk. Only told.")
            watching = Worker(b.db, b.feed, b.runs)
            for _ in range(MISSED + 1):
                await watching.beat()
            assert (await page.until_ended()).text == page.shown() == "On disk. "
        never.set()


async def happens_on_disk(chat: Chat, page: Page, text: str) -> None:
    """Wait until the journal has so much of the last answer."""
    assert chat.person is not None
    async with asyncio.timeout(20):
        while (await read_texts(chat, chat.person.id, page.last.id)).text != text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def status(chat: Chat, page: Page) -> str:
    assert chat.person is not None
    async with chat.db.read() as tx:
        stored = await messages.get(tx, chat.person.id, page.last.id)
    assert stored is not None
    return stored.status


async def test_a_start_touches_nothing_of_those_that_run(worker: Open, gateway: ScriptedGateway) -> None:
    async with worker() as a:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        async with worker() as b, opened(b, conversation.id) as page:
            assert await status(b, page) == "streaming"
            await request.say("Going on.")
            await request.finish()
            assert (await page.until_ended()).status == "complete"


async def test_a_worker_that_was_held_for_dead_gives_up_and_goes_on(
    worker: Open, gateway: ScriptedGateway
) -> None:
    async with worker() as a, worker() as b:
        conversation = await say(a, "Hello?")
        request = await gateway.next_request()
        await request.say("So far")
        async with opened(a, conversation.id) as page:
            await page.until_shown("So far")
            watching = Worker(b.db, b.feed, b.runs)
            for _ in range(MISSED + 1):
                await watching.beat()
            await Worker(a.db, a.feed, a.runs).beat()
            async with asyncio.timeout(20):
                await request.client_left.wait()
            answer = await page.until_ended()
            assert (answer.status, answer.text) == ("interrupted", "So far")
        again = await say(a, "Again?")
        request = await gateway.next_request()
        await request.finish()
        async with a.db.read() as tx:
            assert await runs.orphans(tx) == []
        async with opened(b, again.id) as page:
            await page.until_ended()


def test_only_silence_counts() -> None:
    watch = Watch()
    for count in range(50):
        assert watch.look({"lives": count, "late": count // MISSED}) == set()
    for _ in range(MISSED):
        assert watch.look({"lives": 50}) == set()
    assert watch.look({"lives": 50}) == {"lives"}
    assert watch.look({}) == set()


@pytest.mark.parametrize("missed", range(MISSED))
def test_a_sign_of_life_starts_the_count_anew(missed: int) -> None:
    watch = Watch()
    for _ in range(missed + 1):
        assert watch.look({"a": 1}) == set()
    for _ in range(MISSED):
        assert watch.look({"a": 2}) == set()
    assert watch.look({"a": 2}) == {"a"}
