"""People of a hosted site that is measured: made in its database, signed in by what the site itself uses."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import timedelta

import httpx

from chat_ui.accounts.passwords import Passwords
from chat_ui.accounts.sessions import Sessions
from chat_ui.store import users
from chat_ui.store.engine import Database

__all__ = ["Member", "anywhere", "members", "sign_in"]

PASSWORD = "correct horse battery"  # noqa: S105
FORM_TOKEN = re.compile(r'name="form_token" value="(\w+)"')
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an account, who is signed in.

    Args:
        name: what they sign in with.
        cookie: of a session of theirs.
    """

    name: str
    cookie: str


async def members(database_url: str, count: int) -> list[Member]:
    """Make so many people; all have the same password."""
    db = await Database.open(database_url)
    sessions, hashed = Sessions(db, idle=DAY, longest=DAY), await Passwords().hash(PASSWORD)
    made: list[Member] = []
    try:
        for number in range(count):
            async with db.write() as tx:
                person = await users.create(tx, name=f"person-{number}", password=hashed)
            token = await sessions.begin(person.id, address="127.0.0.1", agent="bench")
            made.append(Member(person.name, f"chat_ui_session={token}"))
    finally:
        await db.close()
    return made


def anywhere() -> str:
    """Somebody's address: people don't all come from one, which would be held for an attack."""
    return f"198.18.{random.randrange(256)}.{random.randrange(256)}"


async def sign_in(client: httpx.AsyncClient, member: Member) -> None:
    """Sign in by the form, as a browser does.

    Raises:
        RuntimeError: the site said no.
    """
    client.cookies.clear()
    found = FORM_TOKEN.search((await client.get("/login")).text)
    fields = {"form_token": found[1] if found else "", "name": member.name, "password": PASSWORD}
    headers = {"Origin": str(client.base_url).rstrip("/"), "X-Forwarded-For": anywhere()}
    answer = await client.post("/login", data=fields, headers=headers)
    if answer.status_code != 303:
        raise RuntimeError(f"signing in: {answer.status_code}")
