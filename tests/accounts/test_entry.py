from __future__ import annotations

import os
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from chat_ui.accounts.entry import From
from chat_ui.accounts.errors import (
    AccountError,
    LinkIsDead,
    NameIsTaken,
    NotAllowed,
    NotLetIn,
    TooBusy,
    TooOften,
    UnfitName,
    UnfitPassword,
    WrongPassword,
    in_words,
)
from chat_ui.accounts.passwords import NICENESS, Passwords
from chat_ui.accounts.people import Person
from chat_ui.accounts.service import Accounts, open_accounts
from chat_ui.accounts.throttle import Pace, Throttle
from chat_ui.accounts.tokens import id_of
from chat_ui.settings import Settings
from chat_ui.store import Database, users
from chat_ui.store.account_tables import invite

from .conftest import HERE, OTHER_PASSWORD, PASSWORD, Member, member, together


async def test_the_first_link_makes_an_admin_once(accounts: Accounts, db: Database) -> None:
    link = await accounts.entry.first_link()
    assert link is not None
    tries = [accounts.entry.take(link, f"admin{n}", PASSWORD, HERE) for n in range(12)]
    results = await together(*tries)
    assert Counter(type(result) for result in results) == {str: 1, LinkIsDead: 11}
    async with db.read() as tx:
        [only] = await users.everybody(tx)
    assert only.role == "admin"
    assert await accounts.entry.first_link() is None


async def test_a_new_first_link_replaces_the_old_one(accounts: Accounts) -> None:
    old, new = await accounts.entry.first_link(), await accounts.entry.first_link()
    with pytest.raises(LinkIsDead):
        await accounts.entry.take(old or "", "ada", PASSWORD, HERE)
    assert (
        await member(accounts, await accounts.entry.take(new or "", "ada", PASSWORD, HERE))
    ).person.is_admin


async def test_the_first_admin_keeps_what_the_local_person_had(accounts: Accounts, db: Database) -> None:
    async with db.write() as tx:
        local = await users.local_user(tx)
    link = await accounts.entry.first_link()
    admin = await member(accounts, await accounts.entry.take(link or "", "ada", PASSWORD, HERE))
    assert admin.person.id == local.id


async def test_signing_in_makes_a_new_session_each_time(accounts: Accounts, bob: Member) -> None:
    tokens = {await accounts.entry.sign_in(" BOB ", PASSWORD, HERE) for _ in range(3)}
    assert len(tokens | {bob.token}) == 4
    # 256 bits, six to a character.
    assert {len(token) for token in tokens} == {43}
    for token in tokens:
        assert (await member(accounts, token)).person == bob.person


async def test_no_table_holds_a_token_or_a_password(accounts: Accounts, bob: Member, db: Database) -> None:
    kept = b"".join(path.read_bytes() for path in db.path.parent.glob("chat.db*"))
    assert bob.token.encode() not in kept
    assert PASSWORD.encode() not in kept
    assert id_of(bob.token).encode() in kept


async def test_strangers_the_mistaken_and_the_disabled_hear_the_same(
    accounts: Accounts, admin: Member, bob: Member
) -> None:
    await accounts.administration.disable(admin.person, bob.person.id, "")
    heard = set()
    for name, password in (("nobody", PASSWORD), ("ada", "wrong"), ("bob", PASSWORD), ("\0\ud800", "\ud800")):
        with pytest.raises(NotLetIn) as refused:
            await accounts.entry.sign_in(name, password, HERE)
        heard.add(str(refused.value))
    assert len(heard) == 1
    # A name that was mistyped may well be a password.
    told = await accounts.administration.deeds(admin.person, limit=4)
    assert {deed.subject for deed in told} == {"", "ada", "bob"}


@pytest.mark.usefixtures("dear_passwords")
async def test_a_stranger_costs_as_much_work_as_a_mistake(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, bob: Member, accounts: Accounts
) -> None:
    verified: list[str] = []
    verify = Passwords._verify

    def counted(self: Passwords, hash: str, password: str) -> bool:
        verified.append(hash.rsplit("$", 2)[0])
        return verify(self, hash, password)

    monkeypatch.setattr(Passwords, "_verify", counted)
    for name in ("nobody", "bob"):
        with pytest.raises(NotLetIn):
            await accounts.entry.sign_in(name, "wrong", HERE)
    # Argon2id, at the same cost.
    assert verified == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


@pytest.fixture
def dated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every hash be of another cost than today's."""
    monkeypatch.setattr(Passwords, "is_dated", lambda *_: True)


@pytest.mark.usefixtures("dated")
async def test_whose_hash_is_dated_comes_in_and_has_a_new_one(
    accounts: Accounts, bob: Member, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def kept() -> str | None:
        async with db.read() as tx:
            return await users.password_of(tx, bob.person.id)

    old = await kept()
    await accounts.entry.sign_in("bob", PASSWORD, HERE)
    new = await kept()
    assert new != old

    async def busy(*_: object) -> str:
        raise TooBusy

    monkeypatch.setattr(Passwords, "hash", busy)
    await accounts.entry.sign_in("bob", PASSWORD, HERE)
    assert await kept() == new


@pytest.mark.usefixtures("dated")
@pytest.mark.parametrize("step", ["fits", "hash"])
async def test_a_password_that_is_changed_meanwhile_lets_nobody_in(
    accounts: Accounts, bob: Member, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    done = getattr(Passwords, step)

    async def late(*asked: Any) -> Any:
        result = await done(*asked)
        monkeypatch.setattr(Passwords, step, done)
        await accounts.entry.change_password(bob.visitor, PASSWORD, OTHER_PASSWORD, HERE)
        return result

    monkeypatch.setattr(Passwords, step, late)
    for _ in range(2):
        with pytest.raises(NotLetIn):
            await accounts.entry.sign_in("bob", PASSWORD, HERE)
    # Of the one who has changed it.
    assert len(await accounts.sessions.of(bob.person.id)) == 1
    await accounts.entry.sign_in("bob", OTHER_PASSWORD, HERE)


async def test_an_account_is_tried_only_so_often(accounts: Accounts, bob: Member) -> None:
    tries = [accounts.entry.sign_in("bob", "wrong", From(f"192.0.2.{n}")) for n in range(30)]
    results = await together(*tries)
    assert Counter(type(result) for result in results) == {NotLetIn: 10, TooOften: 20}
    with pytest.raises(TooOften, match=r"Try again in 1\d minutes"):
        await accounts.entry.sign_in("BoB", PASSWORD, HERE)
    # Whoever is in stays in, and a stranger's name is counted like anybody's.
    assert await accounts.sessions.find(bob.token) is not None


async def test_an_address_tries_only_so_often(db: Database) -> None:
    throttle = Throttle(db, address=Pace(5, timedelta(minutes=1)))
    results = await together(*(throttle.try_account(f"name{n}", "192.0.2.9") for n in range(8)))
    assert Counter(type(result) for result in results) == {type(None): 5, TooOften: 3}
    await throttle.try_account("name9", "192.0.2.10")


async def test_who_gets_in_is_counted_anew(accounts: Accounts, bob: Member) -> None:
    for _ in range(3):
        for n in range(9):
            with pytest.raises(NotLetIn):
                await accounts.entry.sign_in("bob", "wrong", From(f"198.51.100.{n}"))
        await accounts.entry.sign_in("bob", PASSWORD, HERE)


@pytest.mark.parametrize("sign_up", ["closed", "invite", "open"])
async def test_who_may_make_an_account(settings: Settings, db: Database, sign_up: str) -> None:
    accounts = open_accounts(settings.model_copy(update={"sign_up": sign_up}), db)
    link = await accounts.entry.first_link()
    admin = await member(accounts, await accounts.entry.take(link or "", "ada", PASSWORD, HERE))
    invited = accounts.entry.take(
        await accounts.administration.invite(admin.person, "user", ""), "bob", PASSWORD, HERE
    )
    by_themselves = accounts.entry.sign_up("carol", PASSWORD, HERE)
    results = await together(invited, by_themselves)
    by_invitation = LinkIsDead if sign_up == "closed" else str
    assert [type(result) for result in results] == [by_invitation, str if sign_up == "open" else NotAllowed]


async def test_a_name_is_one_persons(accounts: Accounts, admin: Member, bob: Member) -> None:
    for name, wrong in (("Bob", NameIsTaken), ("b", UnfitName), ("local", UnfitName), ("bо b", UnfitName)):  # noqa: RUF001
        link = await accounts.administration.invite(admin.person, "user", "")
        with pytest.raises(wrong):
            await accounts.entry.take(link, name, PASSWORD, HERE)
        # The link is still good: nothing has come of it.
        assert await accounts.entry.look_at(link, HERE)


@pytest.mark.parametrize(
    "password", ["too short", "long words " * 24, "aaaabbbbccccdddd", "PasswordPassword", "my-name-is-robert"]
)
async def test_a_password_that_is_easily_guessed_is_refused(accounts: Accounts, password: str) -> None:
    link = await accounts.entry.first_link()
    with pytest.raises(UnfitPassword, match="words make a good one"):
        await accounts.entry.take(link or "", "robert", password, HERE)


async def test_a_long_password_counts_to_its_end(accounts: Accounts) -> None:
    link, long = await accounts.entry.first_link(), "word " * 50
    await accounts.entry.take(link or "", "ada", long + "end", HERE)
    with pytest.raises(NotLetIn):
        await accounts.entry.sign_in("ada", long + "and", HERE)
    assert await accounts.entry.sign_in("ada", long + "end", HERE)


async def test_a_new_password_ends_every_other_session(accounts: Accounts, bob: Member) -> None:
    other = await accounts.entry.sign_in("bob", PASSWORD, HERE)
    assert await accounts.sessions.find(other) is not None
    fresh = await accounts.entry.change_password(bob.visitor, PASSWORD, OTHER_PASSWORD, HERE)
    assert [await accounts.sessions.find(token) is None for token in (bob.token, other, fresh)] == [
        True,
        True,
        False,
    ]
    with pytest.raises(NotLetIn):
        await accounts.entry.sign_in("bob", PASSWORD, HERE)
    assert await accounts.entry.sign_in("bob", OTHER_PASSWORD, HERE)


async def test_a_password_is_changed_by_who_knows_it(accounts: Accounts, bob: Member) -> None:
    with pytest.raises(WrongPassword):
        await accounts.entry.change_password(bob.visitor, "a guess", OTHER_PASSWORD, HERE)
    assert await accounts.sessions.find(bob.token) is not None


async def test_a_reset_link_works_once_and_ends_all_sessions(
    accounts: Accounts, admin: Member, bob: Member
) -> None:
    old = await accounts.administration.reset(admin.person, bob.person.id, "")
    link = await accounts.administration.reset(admin.person, bob.person.id, "")
    invite, name = await accounts.entry.look_at(link, HERE)
    assert (invite.kind, name) == ("reset", "bob")
    # Whatever name is sent along: the link is Bob's.
    token = await accounts.entry.take(link, "ada", OTHER_PASSWORD, HERE)
    assert (await member(accounts, token)).person == bob.person
    assert await accounts.sessions.find(bob.token) is None
    for dead in (old, link, "no link", ""):
        with pytest.raises(LinkIsDead):
            await accounts.entry.take(dead, "bob", PASSWORD, HERE)


async def test_a_reset_link_is_dead_once_the_password_is_new_or_its_person_shut_out(
    accounts: Accounts, admin: Member, bob: Member
) -> None:
    act, bobs = accounts.administration, bob.person.id
    link = await act.reset(admin.person, bobs, "")
    await accounts.entry.change_password(bob.visitor, PASSWORD, OTHER_PASSWORD, HERE)
    with pytest.raises(LinkIsDead):
        await accounts.entry.take(link, "bob", PASSWORD, HERE)
    link = await act.reset(admin.person, bobs, "")
    await act.disable(admin.person, bobs, "")
    with pytest.raises(LinkIsDead):
        await accounts.entry.take(link, "bob", PASSWORD, HERE)


async def test_the_first_link_is_dead_once_somebody_else_is_admin(accounts: Accounts) -> None:
    link = await accounts.entry.first_link() or ""
    # As the operator's terminal does it: chat-ui invite --admin.
    operator = Person("", "the operator", is_admin=True)
    other = await accounts.administration.invite(operator, "admin", "")
    await accounts.entry.take(other, "ada", PASSWORD, HERE)
    with pytest.raises(LinkIsDead):
        await accounts.entry.take(link, "eve", PASSWORD, HERE)


async def pass_by(db: Database, time: timedelta) -> None:
    """Let every link be older by so much."""
    async with db.write() as tx:
        links = (await tx.execute(select(invite.c.id, invite.c.expires_at))).all()
        for id, until in links:
            await tx.execute(invite.update().where(invite.c.id == id).values(expires_at=until - time))


async def test_a_link_is_good_for_so_long(accounts: Accounts, db: Database) -> None:
    first, operator = await accounts.entry.first_link() or "", Person("", "the operator", is_admin=True)
    invited = await accounts.administration.invite(operator, "user", "")
    an_hour = timedelta(hours=1)
    for link, good in ((first, timedelta(days=1)), (invited, timedelta(days=7) - timedelta(days=1))):
        await pass_by(db, good - an_hour)
        assert await accounts.entry.look_at(link, HERE)
        await pass_by(db, an_hour)
        with pytest.raises(LinkIsDead):
            await accounts.entry.take(link, "ada", PASSWORD, HERE)


async def test_passwords_are_not_guessed_by_who_has_a_session(accounts: Accounts, bob: Member) -> None:
    for _ in range(10):
        with pytest.raises(WrongPassword):
            await accounts.entry.check_password(bob.visitor, "a guess", HERE)
    with pytest.raises(TooOften):
        await accounts.entry.check_password(bob.visitor, PASSWORD, HERE)


async def test_an_address_signs_up_only_so_often(settings: Settings, db: Database) -> None:
    entry = open_accounts(settings.model_copy(update={"sign_up": "open"}), db).entry
    for n in range(40):
        await entry.sign_up(f"name{n}", PASSWORD, HERE)
    with pytest.raises(TooOften):
        await entry.sign_up("name40", PASSWORD, HERE)
    await entry.sign_up("name40", PASSWORD, From("192.0.2.40"))


async def test_guessing_links_is_slowed_down(accounts: Accounts) -> None:
    for n in range(40):
        with pytest.raises(LinkIsDead):
            await accounts.entry.look_at(f"guess {n}", HERE)
    with pytest.raises(TooOften):
        await accounts.entry.look_at("one more", HERE)


@pytest.mark.usefixtures("dear_passwords")
async def test_a_flood_of_sign_ins_waits_in_a_queue_of_bounded_length() -> None:
    passwords = Passwords(at_once=1, waiting=3)
    results = await together(*(passwords.fits("x", None) for _ in range(9)))
    assert [result for result in results if result is False] == [False] * 4
    assert all(isinstance(result, AccountError) for result in results if result is not False)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread can't be told to")
async def test_hashing_leaves_the_processor_to_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    passwords = Passwords()
    monkeypatch.setattr(passwords, "_verify", lambda *_: not seen.append(os.getpriority(os.PRIO_PROCESS, 0)))
    await passwords.fits("any", None)
    assert seen == [os.getpriority(os.PRIO_PROCESS, 0) + NICENESS]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (60, "60 seconds"), (61, "2 minutes"), (3601, "2 hours"), (90_000, "2 days")],
)
def test_a_wait_is_said_in_words(seconds: float, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words
