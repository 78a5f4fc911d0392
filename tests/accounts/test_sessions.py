from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat_ui.accounts.service import Accounts, open_accounts
from chat_ui.accounts.sessions import Sessions
from chat_ui.accounts.tokens import id_of
from chat_ui.settings import Settings
from chat_ui.store import Database, sessions, users

from .conftest import HERE, PASSWORD, Member


async def age(db: Database, id: str, *, seen: timedelta, made: timedelta) -> None:
    """Let a session have been used and begun long ago."""
    now = datetime.now(UTC)
    async with db.write() as tx:
        await tx.execute(
            sessions.session.update()
            .where(sessions.session.c.id == id)
            .values(seen_at=now - seen, created_at=now - made)
        )


@pytest.mark.parametrize(
    ("seen", "made", "lets_in"),
    [
        (timedelta(days=13), timedelta(days=89), True),
        (timedelta(days=15), timedelta(days=15), False),
        (timedelta(0), timedelta(days=91), False),
    ],
)
async def test_a_session_ends_unused_and_in_any_case(
    settings: Settings, db: Database, bob: Member, seen: timedelta, made: timedelta, *, lets_in: bool
) -> None:
    await age(db, id_of(bob.token), seen=seen, made=made)
    fresh = open_accounts(settings, db)
    assert (await fresh.sessions.find(bob.token) is not None) == lets_in
    await fresh.sessions.begin(bob.person.id, address="", agent="")
    async with db.read() as tx:
        kept = await tx.execute(sessions.session.select().where(sessions.session.c.id == id_of(bob.token)))
        assert (kept.one_or_none() is not None) == lets_in


async def test_using_a_session_keeps_it(settings: Settings, db: Database, bob: Member) -> None:
    await age(db, id_of(bob.token), seen=timedelta(days=13), made=timedelta(days=13))
    await open_accounts(settings, db).sessions.find(bob.token)
    [session] = await open_accounts(settings, db).sessions.of(bob.person.id)
    assert datetime.now(UTC) - session.seen_at < timedelta(minutes=1)


async def test_what_ends_a_session_closes_what_it_has_open(
    accounts: Accounts, admin: Member, bob: Member
) -> None:
    other = await accounts.entry.sign_in("bob", PASSWORD, HERE)
    closed: list[str] = []
    async with (
        accounts.sessions.connected(id_of(bob.token), lambda: closed.append("this")),
        accounts.sessions.connected(id_of(other), lambda: closed.append("other")),
        accounts.sessions.connected(id_of(admin.token), lambda: closed.append("admin's")),
    ):
        assert not await accounts.sessions.end(admin.person.id, id_of(other))
        assert closed == []
        assert await accounts.sessions.end(bob.person.id, id_of(other))
        assert closed == ["other"]
        await accounts.administration.disable(admin.person, bob.person.id, "")
        assert closed == ["other", "this"]
    assert await accounts.sessions.find(bob.token) is None


async def test_a_session_that_is_there_lets_nobody_in_who_is_shut_out(
    settings: Settings, db: Database, bob: Member
) -> None:
    here, closed = open_accounts(settings, db).sessions, asyncio.Event()
    async with here.connected(id_of(bob.token), closed.set):
        await here.close_ended()
        assert not closed.is_set()
        async with db.write() as tx:
            await users.set_status(tx, bob.person.id, "disabled")
        await here.close_ended()
        assert closed.is_set()
    assert await here.find(bob.token) is None


async def test_who_is_looked_up_as_their_session_ends_is_not_remembered(
    settings: Settings, db: Database, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = open_accounts(settings, db).sessions
    read, may_go_on, find = asyncio.Event(), asyncio.Event(), sessions.find

    async def slowly(*asked: Any) -> Any:
        found = await find(*asked)
        read.set()
        await may_go_on.wait()
        return found

    monkeypatch.setattr(sessions, "find", slowly)
    looking = asyncio.create_task(here.find(bob.token))
    await read.wait()
    assert await here.end(bob.person.id, id_of(bob.token))
    may_go_on.set()
    # It was there when it was asked for; from then on it isn't.
    assert await looking is not None
    assert await here.find(bob.token) is None


async def test_another_process_hears_of_it_too(
    settings: Settings, db: Database, accounts: Accounts, admin: Member, bob: Member
) -> None:
    elsewhere = open_accounts(settings, db)
    assert await elsewhere.sessions.find(bob.token) is not None
    closed = asyncio.Event()
    async with (
        elsewhere.sessions.connected(id_of(bob.token), closed.set),
        elsewhere.sessions.connected(id_of(admin.token), pytest.fail),
    ):
        await accounts.administration.disable(admin.person, bob.person.id, "")
        await elsewhere.sessions.close_ended()
    assert closed.is_set()
    assert await elsewhere.sessions.find(bob.token) is None


async def test_what_is_known_is_not_asked_again_and_not_kept_for_ever(
    db: Database, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Sessions(db, idle=timedelta(days=1), longest=timedelta(days=1))
    clock = [100.0]
    monkeypatch.setattr("chat_ui.accounts.sessions.time.monotonic", lambda: clock[0])
    asked: list[str] = []
    look_up = known._look_up

    async def counted(id: str) -> object:
        asked.append(id)
        return await look_up(id)

    monkeypatch.setattr(known, "_look_up", counted)
    for moment, times in ((100.0, 1), (101.9, 1), (102.1, 2)):
        clock[0] = moment
        assert await known.find(bob.token) is not None
        assert len(asked) == times
    for n in range(50):
        clock[0] += 3
        assert await known.find(f"guess {n}") is None
    assert len(known._known) == 1
