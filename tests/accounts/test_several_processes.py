"""What holds of accounts where several processes serve a site, on PostgreSQL, which lets many in at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chat_ui.accounts.errors import LastAdmin, LinkIsDead, TooOften
from chat_ui.accounts.people import Person
from chat_ui.accounts.service import Accounts, open_accounts
from chat_ui.accounts.throttle import Throttle
from chat_ui.settings import Settings
from chat_ui.store import Database, users
from tests.postgres import PostgresServer

from .conftest import HERE, PASSWORD, together

# Who isn't kept waiting for the other is too early in about every second one.
ROUNDS = 12


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    url = postgres.url(postgres.make_database())
    Database.prepare(url)
    return url


@pytest.fixture
async def dbs(url: str) -> AsyncIterator[list[Database]]:
    opened = [await Database.open(url) for _ in range(2)]
    yield opened
    for db in opened:
        await db.close()


@pytest.fixture
def both(settings: Settings, dbs: list[Database]) -> list[Accounts]:
    return [open_accounts(settings, db) for db in dbs]


async def test_tries_are_counted_together(dbs: list[Database]) -> None:
    throttles = [Throttle(db) for db in dbs]
    results = await together(*(throttles[n % 2].try_account("bob", f"192.0.2.{n}") for n in range(30)))
    assert Counter(type(result) for result in results) == {type(None): 10, TooOften: 20}


async def test_a_link_makes_one_admin(both: list[Accounts]) -> None:
    link = await both[0].entry.first_link() or ""
    tries = (both[n % 2].entry.take(link, f"admin{n}", PASSWORD, HERE) for n in range(8))
    assert Counter(type(result) for result in await together(*tries)) == {str: 1, LinkIsDead: 7}


@pytest.mark.parametrize(("verb", "more"), [("disable", ()), ("set_role", ("user",)), ("delete", ())])
async def test_of_two_admins_who_shut_each_other_out_one_stays(
    both: list[Accounts], dbs: list[Database], verb: str, more: tuple[Any, ...]
) -> None:
    for number in range(ROUNDS):
        async with dbs[0].write() as tx:
            for old in await users.everybody(tx):
                await users.delete(tx, old.id)
            pair = [
                await users.create(tx, name=f"{name}{number}", role="admin", password="x")
                for name in ("ada", "bea")
            ]
        persons = [Person(each.id, each.name, is_admin=True) for each in pair]
        acts = [getattr(each.administration, verb) for each in both]
        results = await asyncio.gather(
            acts[0](persons[0], persons[1].id, *more, ""),
            acts[1](persons[1], persons[0].id, *more, ""),
            return_exceptions=True,
        )
        assert Counter(type(result) for result in results) == {type(None): 1, LastAdmin: 1}
