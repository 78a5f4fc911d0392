from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from sqlalchemy import text

from chat_ui.accounts.administration import Administration
from chat_ui.accounts.errors import LastAdmin, NoSuchPerson, NotAllowed, NotLetIn
from chat_ui.accounts.service import Accounts
from chat_ui.store import ConflictError, Database, conversations

from .conftest import HERE, PASSWORD, Member

ARGUMENTS: dict[str, Any] = {"role": "admin", "address": "", "limit": 9, "own": None, "whose": "bob"}


def verbs() -> list[str]:
    return [
        name for name, _ in inspect.getmembers(Administration, inspect.isfunction) if not name.startswith("_")
    ]


@pytest.mark.parametrize("verb", verbs())
async def test_only_an_admin_may(
    accounts: Accounts, admin: Member, bob: Member, db: Database, verb: str
) -> None:
    function = getattr(accounts.administration, verb)
    wanted = {"id": admin.person.id, **ARGUMENTS}
    arguments = {name: wanted[name] for name in inspect.signature(function).parameters if name in wanted}

    async def everything() -> list[Any]:
        async with db.read() as tx:
            tables = ("user", "session", "invite", "audit", "allowance")
            return [(await tx.execute(text(f'SELECT * FROM "{name}"'))).all() for name in tables]  # noqa: S608

    before = await everything()
    with pytest.raises(NotAllowed):
        await function(bob.person, **arguments)
    assert await everything() == before


async def test_what_admins_do_is_written_down(accounts: Accounts, admin: Member, bob: Member) -> None:
    act, bobs = accounts.administration, bob.person.id
    await act.set_role(admin.person, bobs, "admin", "192.0.2.7")
    await act.set_role(admin.person, bobs, "user", "192.0.2.7")
    await act.disable(admin.person, bobs, "192.0.2.7")
    with pytest.raises(NotLetIn):
        await accounts.entry.sign_in("bob", PASSWORD, HERE)
    await act.enable(admin.person, bobs, "192.0.2.7")
    await act.delete(admin.person, bobs, "192.0.2.7")
    deeds = await act.deeds(admin.person, limit=7)
    assert [(deed.actor, deed.action, deed.subject) for deed in reversed(deeds)] == [
        ("bob", "accepted an invitation", ""),
        ("ada", "made an admin", "bob"),
        ("ada", "made a user", "bob"),
        ("ada", "disabled", "bob"),
        ("", "sign-in refused", "bob"),
        ("ada", "enabled", "bob"),
        ("ada", "deleted an account", "bob"),
    ]
    assert [deed.address[-1] for deed in reversed(deeds)] == list("1777177")


@pytest.mark.parametrize("change", ["UPDATE audit SET action = 'nothing'", "DELETE FROM audit"])
async def test_what_is_written_down_stays(admin: Member, db: Database, change: str) -> None:
    with pytest.raises(ConflictError, match="only added to"):
        async with db.write() as tx:
            await tx.execute(text(change))


async def test_somebody_always_runs_the_site(accounts: Accounts, admin: Member, bob: Member) -> None:
    act, me = accounts.administration, admin.person
    for attempt in (
        act.disable(me, me.id, ""),
        act.set_role(me, me.id, "user", ""),
        act.delete(me, me.id, ""),
    ):
        with pytest.raises(LastAdmin, match="only admin"):
            await attempt
    assert await accounts.sessions.find(admin.token) is not None
    await act.set_role(me, bob.person.id, "admin", "")
    ended = await asyncio.gather(
        act.disable(me, me.id, ""), act.disable(me, bob.person.id, ""), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in ended) == ["LastAdmin", "NoneType"]


async def test_who_gets_another_role_signs_in_anew(accounts: Accounts, admin: Member, bob: Member) -> None:
    for role in ("admin", "user"):
        token = await accounts.entry.sign_in("bob", PASSWORD, HERE)
        assert await accounts.sessions.find(token) is not None
        await accounts.administration.set_role(admin.person, bob.person.id, role, "")
        assert await accounts.sessions.find(token) is None


async def test_deleting_takes_all_they_have_and_nothing_else(
    accounts: Accounts, admin: Member, bob: Member, db: Database
) -> None:
    async with db.write() as tx:
        for owner in (admin.person.id, bob.person.id):
            await conversations.create(tx, owner, title="Tea", gateway="demo", model=None)
    await accounts.administration.delete(bob.person, bob.person.id, "")
    async with db.read() as tx:
        owners = (await tx.execute(text("SELECT owner_id FROM conversation"))).scalars().all()
    assert owners == [admin.person.id]
    assert await accounts.sessions.find(bob.token) is None
    with pytest.raises(NoSuchPerson):
        await accounts.administration.reset(admin.person, bob.person.id, "")
