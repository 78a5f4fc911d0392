"""How people come in: by name and password, by a link, or by signing up where that is open."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.accounts import passwords
from chat_ui.accounts.errors import (
    LinkIsDead,
    NameIsTaken,
    NotAllowed,
    NotLetIn,
    TooBusy,
    UnfitName,
    WrongPassword,
)
from chat_ui.accounts.passwords import Passwords
from chat_ui.accounts.sessions import Sessions, Visitor
from chat_ui.accounts.throttle import Throttle
from chat_ui.accounts.tokens import id_of, new_token
from chat_ui.settings import SignUp
from chat_ui.store import audit, invites, sessions, users
from chat_ui.store.audit import Deed
from chat_ui.store.engine import Database
from chat_ui.store.errors import ConflictError
from chat_ui.store.invites import Invite
from chat_ui.store.users import User
from chat_ui.words import say

__all__ = ["Entry", "From", "name_of"]

NAME = re.compile(r"[a-z0-9][a-z0-9._+@-]{1,63}")
SETUP_LASTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class From:
    """Where a request comes from.

    Args:
        address: of the network.
        agent: what the browser calls itself.
    """

    address: str = ""
    agent: str = ""


class Entry:
    """The door of the site.

    Every way in ends with a new session and its token; an old one is never raised to more.

    Args:
        db: where people are kept.
        sessions: where they are signed in.
        throttle: how often one may try.
        passwords: hashes and checks them.
        sign_up: who may make an account.
    """

    def __init__(
        self, db: Database, sessions: Sessions, throttle: Throttle, passwords: Passwords, sign_up: SignUp
    ) -> None:
        self.sign_up_is = sign_up
        self._db = db
        self._sessions = sessions
        self._throttle = throttle
        self._passwords = passwords

    async def sign_in(self, name: str, password: str, where: From) -> str:
        """Let somebody in by name and password; returns the token for their browser.

        Who is unknown, disabled or mistaken hears the same, after the same work.

        Raises:
            NotLetIn: they don't come in.
            TooOften: this account or address has been tried too often.
            TooBusy: too many try at once.
        """
        name = _plain(name)
        await self._throttle.try_account(name, where.address)
        async with self._db.read() as tx:
            user = await users.by_name(tx, name)
            hash = await users.password_of(tx, "" if user is None else user.id)
        fits = await self._passwords.fits(password, hash)
        if user is None or hash is None or not fits or user.status != "active":
            async with self._db.write() as tx:
                # Not the name that was typed: it may be a password.
                known = "" if user is None else user.name
                await audit.note(tx, Deed(say("deed.refused"), subject=known, address=where.address))
            raise NotLetIn
        renewed = await self._renewed(hash, password)
        await self._throttle.forget_account(name)
        async with self._db.write() as tx:
            await users.lock(tx, user.id)
            # Whoever changes a password ends all sessions, and none must begin by the old one behind that.
            if await users.password_of(tx, user.id) != hash:
                raise NotLetIn
            if renewed is not None:
                await users.set_password(tx, user.id, renewed)
            return await self._let_in(tx, user, say("deed.signed_in"), where)

    async def sign_up(self, name: str, password: str, where: From) -> str:
        """Make an account where anybody may; returns the token for their browser.

        Raises:
            NotAllowed: not anybody may.
            UnfitName: nobody can be called that.
            UnfitPassword: it is too easily guessed.
            NameIsTaken: somebody else has the name.
            TooOften: this address has tried too often.
            TooBusy: too many try at once.
        """
        if self.sign_up_is != "open":
            raise NotAllowed
        await self._throttle.try_address(where.address)
        name, hash = name_of(name), await self._hashed(password, name)
        try:
            async with self._db.write() as tx:
                user = await users.create(tx, name=name, password=hash)
                return await self._let_in(tx, user, say("deed.signed_up"), where)
        except ConflictError:
            raise NameIsTaken from None

    async def look_at(self, token: str, where: From) -> tuple[Invite, str]:
        """What a link is for, and the name of whom it is for, where they have one.

        Raises:
            LinkIsDead: it lets nobody in.
            TooOften: this address has tried too often.
        """
        async with self._db.read() as tx:
            found = await invites.find(tx, id_of(token), datetime.now(UTC))
            user = await users.get(tx, found.owner_id) if found and found.owner_id else None
        if found is None or not self._stands(found):
            await self._throttle.try_address(where.address)
            raise LinkIsDead
        return found, "" if user is None else user.name

    async def take(self, token: str, name: str, password: str, where: From) -> str:
        """Use a link up: make its account or set its password; returns the token for the browser.

        Raises:
            LinkIsDead: it lets nobody in (any more).
            UnfitName: nobody can be called that.
            UnfitPassword: it is too easily guessed.
            NameIsTaken: somebody else has the name.
            TooOften: this address has tried too often.
            TooBusy: too many try at once.
        """
        found, known_as = await self.look_at(token, where)
        name = known_as or name_of(name)
        hash = await self._hashed(password, name)
        words = {
            "setup": say("deed.setup"),
            "invite": say("deed.accepted"),
            "reset": say("deed.new_password"),
        }
        try:
            async with self._db.write() as tx:
                used = await invites.use(tx, found.id, datetime.now(UTC))
                if used is None:
                    raise LinkIsDead
                user = await self._made_by(used, name, hash, tx)
                ended = await sessions.end_all(tx, user.id)
                new = await self._let_in(tx, user, words[used.kind], where)
        except ConflictError:
            raise NameIsTaken from None
        self._sessions.forget(ended)
        return new

    async def _made_by(self, used: Invite, name: str, hash: str, tx: AsyncConnection) -> User:
        if used.kind == "setup":
            await users.lock_admins(tx)
            if await users.admins(tx):
                raise LinkIsDead
            adopted = await users.adopt_local(tx, name=name, password=hash)
            return adopted or await users.create(tx, name=name, role="admin", password=hash)
        if used.owner_id is None:
            return await users.create(tx, name=name, role=used.role, password=hash)
        user = await users.get(tx, used.owner_id)
        if user is None or user.status != "active":
            raise LinkIsDead
        await users.set_password(tx, user.id, hash)
        return user

    async def change_password(self, visitor: Visitor, old: str, new: str, where: From) -> str:
        """Change somebody's password, and end all their sessions; returns the token of a new one.

        Raises:
            WrongPassword: the old password isn't theirs.
            NotLetIn: their account is gone by now.
            UnfitPassword: the new one is too easily guessed.
            TooOften: this account or address has been tried too often.
            TooBusy: too many try at once.
        """
        await self.check_password(visitor, old, where)
        person = visitor.person
        hash = await self._hashed(new, person.name)
        async with self._db.write() as tx:
            await users.set_password(tx, person.id, hash)
            await invites.forget(tx, "reset", owner_id=person.id)
            ended = await sessions.end_all(tx, person.id)
            user = await users.get(tx, person.id)
            if user is None:
                raise NotLetIn
            token = await self._let_in(tx, user, say("deed.password"), where)
        self._sessions.forget(ended)
        return token

    async def check_password(self, visitor: Visitor, password: str, where: From) -> None:
        """See that it is really them who asks for something that can't be taken back.

        Raises:
            WrongPassword: the password isn't theirs.
            TooOften: this account or address has been tried too often.
            TooBusy: too many try at once.
        """
        await self._throttle.try_account(visitor.person.name, where.address)
        async with self._db.read() as tx:
            hash = await users.password_of(tx, visitor.person.id)
        if not await self._passwords.fits(password, hash):
            raise WrongPassword
        await self._throttle.forget_account(visitor.person.name)

    async def sign_out(self, visitor: Visitor, where: From) -> None:
        """End a session."""
        person = visitor.person
        await self._sessions.end(person.id, visitor.session_id)
        async with self._db.write() as tx:
            await audit.note(tx, Deed(say("deed.signed_out"), person.name, person.id, address=where.address))

    async def first_link(self) -> str | None:
        """The token of a link that makes the first admin; None where there is one. It replaces older ones."""
        now, token = datetime.now(UTC), new_token()
        async with self._db.write() as tx:
            if await users.admins(tx):
                return None
            await invites.forget(tx, "setup")
            await invites.add(tx, Invite(id_of(token), "setup", "admin", None, now, now + SETUP_LASTS))
        return token

    def _stands(self, found: Invite) -> bool:
        return found.kind != "invite" or self.sign_up_is != "closed"

    async def _hashed(self, password: str, name: str) -> str:
        passwords.check(password, name)
        return await self._passwords.hash(password)

    async def _renewed(self, hash: str, password: str) -> str | None:
        """The hash of a password at today's cost, where it has another; None where the next time will do."""
        with suppress(TooBusy):
            return await self._passwords.hash(password) if self._passwords.is_dated(hash) else None
        return None

    async def _let_in(self, tx: AsyncConnection, user: User, action: str, where: From) -> str:
        await audit.note(tx, Deed(action, user.name, user.id, address=where.address))
        return await self._sessions.begin_within(tx, user.id, address=where.address, agent=where.agent)


def name_of(text: str) -> str:
    """The name that somebody signs in with: the same however it is typed.

    Raises:
        UnfitName: nobody can be called that.
    """
    name = _plain(text)
    if not NAME.fullmatch(name) or name == users.LOCAL_NAME:
        raise UnfitName
    return name


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:256]).strip().casefold()
