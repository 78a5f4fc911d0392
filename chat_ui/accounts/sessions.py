"""Sessions: who is signed in, for how long, and how they learn that they no longer are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.accounts.people import Person
from chat_ui.accounts.tokens import id_of, new_token
from chat_ui.store import sessions
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError
from chat_ui.store.sessions import Age, Session, SignedIn

__all__ = ["Sessions", "Visitor"]

FRESH_S = 2.0
TOUCH_EVERY = timedelta(minutes=1)
LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, as one browser of theirs.

    Args:
        person: who.
        session_id: of the browser's session.
    """

    person: Person
    session_id: str


@dataclass(slots=True)
class _Known:
    visitor: Visitor | None
    until: float


class Sessions:
    """The sessions of the site, as this process knows them.

    What is looked up is believed for two seconds, and a session that ends here is forgotten at once; so one
    that ended in another process lets nobody do anything for longer than that.

    Args:
        db: where they are kept.
        idle: for how long one may lie unused.
        longest: for how long one may be used at all.
    """

    def __init__(self, db: Database, *, idle: timedelta, longest: timedelta) -> None:
        self._db = db
        self._idle = idle
        self._longest = longest
        self._known: dict[str, _Known] = {}
        self._connected: dict[str, set[Callable[[], None]]] = {}
        self._ended = 0

    async def begin(self, owner: str, *, address: str, agent: str) -> str:
        """Sign somebody in; returns the token that their browser is to keep."""
        async with self._db.write() as tx:
            return await self.begin_within(tx, owner, address=address, agent=agent)

    async def begin_within(self, tx: AsyncConnection, owner: str, *, address: str, agent: str) -> str:
        """Do what ``begin`` does, in the transaction of what lets them in."""
        now, token = datetime.now(UTC), new_token()
        new = Session(id_of(token), owner, now, now, address, agent[:LONGEST_AGENT])
        await sessions.end_idle(tx, self._age(now))
        await sessions.add(tx, new)
        return token

    async def find(self, token: str) -> Visitor | None:
        """Who holds a token; None where it lets nobody in."""
        return await self.visitor(id_of(token)) if token else None

    async def visitor(self, id: str) -> Visitor | None:
        """Who a session is of; None where it lets nobody in any more.

        Raises:
            StoreError: it can't be looked up.
        """
        known = self._known.get(id)
        if known is None or known.until < time.monotonic():
            ended = self._ended
            known = _Known(await self._look_up(id), time.monotonic() + FRESH_S)
            # One that ended while it was looked up may have been found all the same.
            if ended == self._ended:
                self._remember(id, known)
        return known.visitor

    async def _look_up(self, id: str) -> Visitor | None:
        now = datetime.now(UTC)
        async with self._db.read() as tx:
            found = await sessions.find(tx, id, self._age(now))
        if found is None:
            return None
        if now - found.session.seen_at > TOUCH_EVERY:
            # Worth no trouble: at worst somebody has to sign in again.
            with suppress(StoreError):
                async with self._db.write(durable=False) as tx:
                    await sessions.touch(tx, id, now)
        return Visitor(_person(found), id)

    def _remember(self, id: str, known: _Known) -> None:
        now = time.monotonic()
        for other in [other for other, old in self._known.items() if old.until < now]:
            del self._known[other]
        self._known[id] = known

    def _age(self, now: datetime) -> Age:
        return Age(seen_since=now - self._idle, made_since=now - self._longest)

    async def of(self, owner: str) -> list[Session]:
        """A person's sessions, the one used last first."""
        async with self._db.read() as tx:
            return await sessions.of_owner(tx, owner, self._age(datetime.now(UTC)))

    async def end(self, owner: str, id: str) -> bool:
        """End one session of a person's; tells whether there was one."""
        async with self._db.write() as tx:
            ended = await sessions.end(tx, owner, id)
        if ended:
            self.forget([id])
        return ended

    def forget(self, ids: Iterable[str]) -> None:
        """Let these sessions, which have just ended, do nothing more here, and close what they have open."""
        for id in ids:
            self._ended += 1
            self._known.pop(id, None)
            for close in list(self._connected.get(id, ())):
                close()

    @asynccontextmanager
    async def connected(self, id: str, close: Callable[[], None]) -> AsyncGenerator[None]:
        """Have something closed when a session ends, for as long as the context is open."""
        closers = self._connected.setdefault(id, set())
        closers.add(close)
        try:
            yield
        finally:
            closers.discard(close)
            if not closers:
                self._connected.pop(id, None)

    async def watch(self) -> None:
        """Close what is open of sessions that have ended, wherever that was, and go on doing so."""
        while True:
            await asyncio.sleep(FRESH_S)
            with suppress(StoreError):
                await self.close_ended()

    async def close_ended(self) -> None:
        """Close what is open of sessions that have ended."""
        open_here = list(self._connected)
        if not open_here:
            return
        async with self._db.read() as tx:
            living = await sessions.living(tx, open_here, self._age(datetime.now(UTC)))
        self.forget(set(open_here) - living)


def _person(found: SignedIn) -> Person:
    return Person(found.session.owner_id, found.name, is_admin=found.role == "admin")
