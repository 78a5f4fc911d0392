"""What is given out can be brought in elsewhere, and is the same there; what can't be is refused in words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_ui.store import Database, conversations, messages, runs, users, whole
from chat_ui.store.conversations import Conversation
from chat_ui.store.ids import new_id
from chat_ui.store.messages import Message
from chat_ui.store.preferences import Preferences
from chat_ui.store.runs import JournalEntry
from chat_ui.store.whole import Whole
from chat_ui.transfer import own
from chat_ui.transfer.own import BroughtIn, UnfitFile
from tests.database import put_new_database
from tests.postgres import PostgresServer

WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC))
COUNTS = st.none() | st.integers(0, 2**31 - 1)
COSTS = st.none() | st.decimals(0, 10**11, places=9)
SETTINGS = st.builds(
    Preferences,
    system=st.none() | WORDS,
    temperature=st.none() | st.floats(0, 2),
    max_tokens=st.none() | st.integers(1, 10_000_000),
    top_p=st.none() | st.floats(0.01, 1),
    effort=st.sampled_from((None, "low", "high")),
    stop=st.none() | st.lists(st.text("abc\n", min_size=1, max_size=5), max_size=4).map(tuple),
)


@st.composite
def wholes(draw: st.DrawFn) -> Whole:
    here, made = new_id(), list[Message]()
    for _ in range(draw(st.integers(0, 4))):
        before = draw(st.sampled_from([None, *(each.id for each in made)]))
        made.append(
            draw(
                st.builds(
                    Message,
                    conversation_id=st.just(here),
                    parent_id=st.just(before),
                    role=st.sampled_from(("user", "assistant")),
                    status=st.sampled_from(("complete", "stopped", "interrupted", "failed")),
                    text=WORDS,
                    reasoning=WORDS,
                    tool_calls=st.sampled_from(("", '\x1e[0,"c","find"]\n{"a":1}\x1e[0]\n', '\x1e[0,"c')),
                    model=st.none() | WORDS,
                    error=st.none() | WORDS,
                    input_tokens=COUNTS,
                    thought_ms=COUNTS,
                    cost=COSTS,
                    created_at=MOMENTS,
                    finished_at=st.none() | MOMENTS,
                    deleted_at=st.none() | MOMENTS,
                )
            )
        )
    conversation = Conversation(
        id=here,
        title=draw(WORDS),
        gateway=draw(WORDS),
        model=draw(st.none() | WORDS),
        leaf_id=draw(st.sampled_from([None, *(each.id for each in made)])),
        revision=draw(st.integers(1, 1000)),
        created_at=draw(MOMENTS),
        updated_at=draw(MOMENTS),
        deleted_at=draw(st.none() | MOMENTS),
        preferences=draw(SETTINGS),
        title_cost=draw(COSTS),
    )
    return Whole(conversation, whole.parents_first(made))


class Places:
    """Two sites, on SQLite and on PostgreSQL, and people who are new to them."""

    def __init__(self, runner: asyncio.Runner, dbs: list[Database]) -> None:
        self._runner = runner
        self.dbs = dbs

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def somebody(self, db: Database) -> str:
        async def make() -> str:
            async with db.write() as tx:
                return (await users.create(tx, name=new_id())).id

        return self.run(make())


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Places]:
    where = (
        put_new_database(tmp_path_factory.mktemp("places") / "chat.db"),
        postgres.url(postgres.make_database()),
    )
    with asyncio.Runner() as runner:
        dbs = [runner.run(Database.open(each)) for each in where]
        yield Places(runner, dbs)
        for db in dbs:
            runner.run(db.close())


async def lines_of(file: Iterable[bytes]) -> AsyncGenerator[bytes]:
    for line in file:
        yield line


async def given_out(db: Database, owner: str) -> list[bytes]:
    return [line async for line in own.give_out(db, owner)]


async def brought_in(db: Database, owner: str, file: Iterable[bytes]) -> BroughtIn:
    return await own.bring_in(db, owner, lines_of(file))


async def put(db: Database, owner: str, all: Iterable[Whole]) -> None:
    for each in all:
        async with db.write() as tx:
            await whole.add(tx, owner, each)


@given(all=st.lists(wholes(), max_size=3))
def test_what_is_brought_in_is_given_out_byte_for_byte(places: Places, all: list[Whole]) -> None:
    here, there = places.dbs
    ada, bob = places.somebody(here), places.somebody(there)
    places.run(put(here, ada, all))
    file = places.run(given_out(here, ada))
    assert len(file) == 1 + len(all)
    came = places.run(brought_in(there, bob, file))
    assert (len(came.added), came.known) == (len(all), 0)
    assert places.run(given_out(there, bob)) == file
    # Again, nothing comes.
    again = places.run(brought_in(there, bob, file))
    assert (again.added, again.known) == ((), len(all))
    assert places.run(given_out(there, bob)) == file


@settings(max_examples=15)
@given(one=wholes())
def test_somebody_else_gets_a_copy_of_their_own_and_only_once(places: Places, one: Whole) -> None:
    here = places.dbs[0]
    ada, bob = places.somebody(here), places.somebody(here)
    places.run(put(here, ada, [one]))
    before = places.run(given_out(here, ada))
    for added in (1, 0):
        assert len(places.run(brought_in(here, bob, before)).added) == added
    assert places.run(given_out(here, ada)) == before
    [_, line] = places.run(given_out(here, bob))
    copied, kept = json.loads(line), json.loads(before[1])
    ids = {each["id"] for each in (kept["conversation"], *kept["messages"])}
    assert not any(id in line.decode() for id in ids)
    assert [each.get("text") for each in copied["messages"]] == [
        each.get("text") for each in kept["messages"]
    ]
    assert len({each["id"] for each in copied["messages"]}) == len(kept["messages"])
    parents = {each.get("parent_id") for each in copied["messages"]} - {None}
    assert parents <= {each["id"] for each in copied["messages"]}


async def test_what_was_deleted_since_comes_back(db: Database, owner: str, one: Whole) -> None:
    await put(db, owner, [one])
    file = await given_out(db, owner)
    async with db.write() as tx:
        await conversations.delete(tx, owner, one.conversation.id)
    assert [each.id for each in (await brought_in(db, owner, file)).added] == [one.conversation.id]
    async with db.read() as tx:
        assert await conversations.get(tx, owner, one.conversation.id) is not None


async def test_an_answer_that_grows_is_given_out_as_far_as_it_is(
    db: Database, owner: str, one: Whole
) -> None:
    await put(db, owner, [one])
    async with db.write() as tx:
        answer = Message(
            conversation_id=one.conversation.id,
            parent_id=one.messages[0].id,
            role="assistant",
            status="streaming",
        )
        await messages.add(tx, owner, answer)
        run = await runs.start(
            tx, owner, conversation_id=one.conversation.id, message_id=answer.id, worker_id="w"
        )
        await runs.append(tx, owner, run.id, [JournalEntry(1, "text", "So far")])
    [_, line] = await given_out(db, owner)
    last = json.loads(line)["messages"][-1]
    assert (last["id"], last["status"], last["text"]) == (answer.id, "interrupted", "So far")


LONG_AGO = "1492-10-12T00:00:00Z"
DEEP = "[" * 100_000
NO_JSON = r"Line 2 can't be brought in\. It is no JSON object: .*\. What stands before"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it["messages"][1].update(parent_id=new_id()), "no tree"),
        (lambda it: it["messages"][0].update(parent_id=it["messages"][1]["id"]), "no tree"),
        (lambda it: it["messages"].append(it["messages"][0]), "no tree"),
        (lambda it: it["conversation"].update(leaf_id=new_id()), "isn't in it"),
        (lambda it: it["conversation"].update(id="../../etc/passwd"), "no id"),
        (lambda it: it["messages"][0].update(id="x"), "no id"),
        (lambda it: it["conversation"].update(title="t" * 201), "201 characters"),
        (lambda it: it["conversation"].update(revision=0), "revision can't be 0"),
        (lambda it: it["conversation"].update(preferences={"temperature": 9}), "0 to 2"),
        (lambda it: it["conversation"].update(created_at=LONG_AGO), "created_at can't be 1492"),
        (lambda it: it["messages"][0].update(created_at="2026-01-01T00:00:00"), "time zone"),
        (lambda it: it["messages"][0].update(created_at=1e300), "created_at"),
        (lambda it: it["messages"][0].update(input_tokens=-1), "input_tokens can't be -1"),
        (lambda it: it["messages"][0].update(input_tokens=2**63), "input_tokens can't be"),
        (lambda it: it["messages"][0].update(cost="1E+999999"), "cost can't be"),
        (lambda it: it["messages"][0].update(cost="1E-999999"), "cost can't be"),
        (lambda it: it["messages"][0].update(cost="NaN"), "cost"),
        (lambda it: it["messages"][0].update(role="system"), "its role"),
        (lambda it: it["messages"][0].update(role="king"), "role"),
        (lambda it: it["messages"][0].update(status="streaming"), "its status"),
        (lambda it: it["messages"][0].update(tool_calls="\x1e{}\n"), "calls of tools"),
        (lambda it: it["messages"][0].update(tool_calls='\x1e[0,{},""]\n'), "calls of tools"),
        (lambda it: it["messages"][0].update(tool_calls="\x1e[\n"), "calls of tools"),
        (lambda it: it["messages"][0].update(tool_calls=f"\x1e{DEEP}\n"), "calls of tools"),
        (lambda it: it["messages"][0].update(tool_calls="first"), "calls of tools"),
        (lambda it: it["messages"][0].update(text=7), "text"),
        (lambda it: it.pop("messages"), "messages"),
        (lambda it: it.pop("conversation"), "conversation"),
    ],
)
async def test_what_can_not_be_is_refused_and_what_stood_before_is_there(
    db: Database, owner: str, one: Whole, two: Whole, change: Any, said: str
) -> None:
    async with db.write() as tx:
        another = (await users.create(tx, name="another")).id
    await put(db, another, [one, two])
    head, *lines = await given_out(db, another)
    async with db.write() as tx:
        await users.delete(tx, another)
    changed = json.loads(lines[1])
    change(changed)
    with pytest.raises(UnfitFile) as refused:
        await brought_in(db, owner, [head, lines[0], json.dumps(changed).encode()])
    words = str(refused.value)
    assert said in words
    assert words.startswith("Line 3 can't be brought in.")
    assert "(1)" in words
    assert (await given_out(db, owner))[1:] == [lines[0]]


async def test_a_file_that_was_cut_between_two_lines_is_not_taken_for_whole(
    db: Database, owner: str, one: Whole, two: Whole
) -> None:
    async with db.write() as tx:
        another = (await users.create(tx, name="another")).id
    await put(db, another, [one, two])
    file = await given_out(db, another)
    for kept in (1, 2):
        with pytest.raises(UnfitFile, match=rf"has 2 conversations, and ends after {kept - 1}:"):
            await brought_in(db, owner, file[:kept])
        assert len(await given_out(db, owner)) == kept
    assert len((await brought_in(db, owner, file)).added) == 1
    # Of how many there are, files of before say nothing.
    assert await brought_in(db, owner, [b'{"format": "chat-ui", "version": 1}\n', file[1]]) == BroughtIn(
        known=1
    )


async def test_one_that_is_purged_while_a_file_is_written_is_none_that_was_cut(
    db: Database, owner: str, one: Whole, two: Whole
) -> None:
    await put(db, owner, [one, two])
    file: list[bytes] = []
    async for line in own.give_out(db, owner):
        file.append(line)
        async with db.write() as tx:
            await conversations.delete(tx, owner, two.conversation.id)
            await conversations.purge(tx, before=datetime.now(UTC) + timedelta(days=1))
    assert len((await brought_in(db, owner, file)).added) == 0


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ([], "no file of Chat UI's"),
        ([b"[]\n"], "no file of Chat UI's"),
        ([DEEP.encode()], "no file of Chat UI's"),
        ([b'{"format": "chatgpt", "version": 1}'], "no file of Chat UI's"),
        ([b"\xff\xfe\n"], "no file of Chat UI's"),
        ([b'{"format": "chat-ui", "version": 2}'], "version 2"),
        ([b'{"format": "chat-ui", "version": 1}', b"{"], NO_JSON),
        ([b'{"format": "chat-ui", "version": 1}', b"[]"], NO_JSON),
        ([b'{"format": "chat-ui", "version": 1}', DEEP.encode()], NO_JSON),
        ([b'{"format": "chat-ui", "version": 1}', b"\xff"], NO_JSON),
        ([b'{"format": "chat-ui", "version": 1}', b"{}"], r"Line 2 .*\. conversation: Field required\. What"),
    ],
)
async def test_what_is_no_such_file_is_refused(
    db: Database, owner: str, file: list[bytes], said: str
) -> None:
    with pytest.raises(UnfitFile, match=said):
        await brought_in(db, owner, file)
    assert len(await given_out(db, owner)) == 1


async def test_what_is_not_of_conversations_is_passed_over(db: Database, owner: str) -> None:
    head = (await given_out(db, owner))[0]
    assert await brought_in(db, owner, [head, b'{"account": {"user": []}}\n', b"\n"]) == BroughtIn()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncGenerator[Database]:
    opened = await Database.open(put_new_database(tmp_path / "chat.db"))
    yield opened
    await opened.close()


@pytest.fixture
async def owner(db: Database) -> str:
    async with db.write() as tx:
        return (await users.create(tx, name="ada")).id


@pytest.fixture
def one() -> Whole:
    return small("One")


@pytest.fixture
def two() -> Whole:
    return small("Two")


def small(title: str) -> Whole:
    here, now = new_id(), datetime(2026, 1, 1, tzinfo=UTC)
    question = Message(conversation_id=here, role="user", text="Why?", created_at=now)
    answer = Message(
        conversation_id=here,
        role="assistant",
        parent_id=question.id,
        text="So.",
        cost=Decimal("0.01"),
        created_at=now,
    )
    conversation = Conversation(
        id=here,
        title=title,
        gateway="demo",
        model=None,
        leaf_id=answer.id,
        revision=3,
        created_at=now,
        updated_at=now,
        deleted_at=None,
    )
    return Whole(conversation, (question, answer))
