"""The accounts of a hosted site, with an admin and somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from chat_ui.accounts import passwords
from chat_ui.accounts.entry import From
from chat_ui.accounts.people import Person
from chat_ui.accounts.service import Accounts, open_accounts
from chat_ui.accounts.sessions import Visitor
from chat_ui.chat.service import DATABASE
from chat_ui.settings import Settings
from chat_ui.store import Database
from tests.database import put_new_database

HERE = From("192.0.2.1", "a browser")
PASSWORD = "correct horse battery"
OTHER_PASSWORD = "staple battery correct"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is signed in."""

    token: str
    visitor: Visitor

    @property
    def person(self) -> Person:
        return self.visitor.person


@pytest.fixture
def dear_passwords() -> None:
    """Let a hash cost what it costs in a site."""


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hash cost next to nothing, but where a test is about that."""
    if "dear_passwords" not in request.fixturenames:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr(passwords, "PasswordHasher", lambda **_cost: cheap)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, hosted=True, public_url="https://chat.example.com")


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    database = await Database.open(put_new_database(settings.data_dir / DATABASE))
    yield database
    await database.close()


@pytest.fixture
def accounts(settings: Settings, db: Database) -> Accounts:
    return open_accounts(settings, db)


async def member(accounts: Accounts, token: str) -> Member:
    visitor = await accounts.sessions.find(token)
    assert visitor is not None
    return Member(token, visitor)


@pytest.fixture
async def admin(accounts: Accounts) -> Member:
    link = await accounts.entry.first_link()
    assert link is not None
    return await member(accounts, await accounts.entry.take(link, "ada", PASSWORD, HERE))


@pytest.fixture
async def bob(accounts: Accounts, admin: Member) -> Member:
    link = await accounts.administration.invite(admin.person, "user", "")
    return await member(accounts, await accounts.entry.take(link, "bob", PASSWORD, HERE))


async def together(*attempts: object) -> list[object]:
    """Everything at once; what fails is in the list as its error."""
    return await asyncio.gather(*attempts, return_exceptions=True)  # type: ignore[call-overload]
