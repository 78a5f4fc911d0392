"""What admins do about people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.accounts.errors import LastAdmin, NoSuchPerson, NotAllowed
from chat_ui.accounts.limits import start_of_month
from chat_ui.accounts.people import Person
from chat_ui.accounts.sessions import Sessions
from chat_ui.accounts.tokens import id_of, new_token
from chat_ui.store import audit, invites, sessions, usage, users
from chat_ui.store.audit import Deed
from chat_ui.store.engine import Database
from chat_ui.store.invites import Invite
from chat_ui.store.tables import UserRole
from chat_ui.store.usage import Allowance, Live, Used
from chat_ui.store.users import User
from chat_ui.words import say

__all__ = ["Administration", "Use"]

LINK_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Use:
    """What is used of the site.

    Args:
        month: by person and model, this month.
        live: the answers that are being written.
        allowances: of those who have their own, by person.
    """

    month: list[Used]
    live: list[Live]
    allowances: dict[str, Allowance]


class Administration:
    """Changes who may come in and what they may do.

    Everything here takes who does it, refuses who isn't an admin, and is written down.

    Args:
        db: where people are kept.
        sessions: where they are signed in.
    """

    def __init__(self, db: Database, sessions: Sessions) -> None:
        self._db = db
        self._sessions = sessions

    async def people(self, by: Person) -> list[User]:
        """Everybody, by name.

        Raises:
            NotAllowed: whoever asks isn't an admin.
        """
        _check(by)
        async with self._db.read() as tx:
            return await users.everybody(tx)

    async def deeds(self, by: Person, *, limit: int) -> list[Deed]:
        """What was done last, the newest first.

        Raises:
            NotAllowed: whoever asks isn't an admin.
        """
        _check(by)
        async with self._db.read() as tx:
            return await audit.recent(tx, limit=limit)

    async def use(self, by: Person) -> Use:
        """What is used, and by whom, this month and right now.

        Raises:
            NotAllowed: whoever asks isn't an admin.
        """
        _check(by)
        async with self._db.read() as tx:
            month = await usage.by_person_and_model(tx, start_of_month(datetime.now(UTC)))
            return Use(month, await usage.live(tx), await usage.allowances(tx))

    async def allow(self, by: Person, id: str, own: Allowance | None, address: str) -> None:
        """Let somebody use more or less than everybody; None for as much as everybody.

        Raises:
            NotAllowed: whoever asks isn't an admin.
            NoSuchPerson: there is nobody of that id.
        """
        _check(by)
        async with self._db.write() as tx:
            user = await _find(tx, id)
            await usage.allow(tx, user.id, own)
            await _note(tx, by, say("deed.budget"), user.name, address)

    async def note_stop(self, by: Person, whose: str, address: str) -> None:
        """Write down that an admin stops somebody's answer.

        Raises:
            NotAllowed: whoever asks isn't an admin.
        """
        _check(by)
        async with self._db.write() as tx:
            await _note(tx, by, say("deed.stopped"), whose, address)

    async def invite(self, by: Person, role: UserRole, address: str) -> str:
        """Make a link by which somebody new comes in; returns its token, which nobody sees again.

        Raises:
            NotAllowed: whoever asks isn't an admin.
        """
        _check(by)
        now, token = datetime.now(UTC), new_token()
        async with self._db.write() as tx:
            await invites.add(tx, Invite(id_of(token), "invite", role, None, now, now + LINK_LASTS))
            await _note(tx, by, say(f"deed.invited.{role}"), "", address)
        return token

    async def reset(self, by: Person, id: str, address: str) -> str:
        """Make a link by which somebody sets a new password; returns its token, which nobody sees again.

        Raises:
            NotAllowed: whoever asks isn't an admin.
            NoSuchPerson: there is nobody of that id.
        """
        _check(by)
        now, token = datetime.now(UTC), new_token()
        async with self._db.write() as tx:
            user = await _find(tx, id)
            await invites.forget(tx, "reset", owner_id=user.id)
            await invites.add(tx, Invite(id_of(token), "reset", user.role, user.id, now, now + LINK_LASTS))
            await _note(tx, by, say("deed.reset"), user.name, address)
        return token

    async def disable(self, by: Person, id: str, address: str) -> None:
        """Keep somebody out from now on; what they have stays.

        Raises:
            NotAllowed: whoever asks isn't an admin.
            NoSuchPerson: there is nobody of that id.
            LastAdmin: nobody would be left to run the site.
        """
        _check(by)
        async with self._db.write() as tx:
            await users.lock_admins(tx)
            user = await _find(tx, id)
            await users.set_status(tx, id, "disabled")
            await _leave_an_admin(tx)
            ended = await sessions.end_all(tx, id)
            await _note(tx, by, say("deed.disabled"), user.name, address)
        self._sessions.forget(ended)

    async def enable(self, by: Person, id: str, address: str) -> None:
        """Let somebody in again.

        Raises:
            NotAllowed: whoever asks isn't an admin.
            NoSuchPerson: there is nobody of that id.
        """
        _check(by)
        async with self._db.write() as tx:
            user = await _find(tx, id)
            await users.set_status(tx, id, "active")
            await _note(tx, by, say("deed.enabled"), user.name, address)

    async def set_role(self, by: Person, id: str, role: UserRole, address: str) -> None:
        """Make somebody an admin, or no longer one; they sign in anew.

        Raises:
            NotAllowed: whoever asks isn't an admin.
            NoSuchPerson: there is nobody of that id.
            LastAdmin: nobody would be left to run the site.
        """
        _check(by)
        async with self._db.write() as tx:
            await users.lock_admins(tx)
            user = await _find(tx, id)
            await users.set_role(tx, id, role)
            await _leave_an_admin(tx)
            ended = await sessions.end_all(tx, id)
            await _note(tx, by, say(f"deed.made.{role}"), user.name, address)
        self._sessions.forget(ended)

    async def delete(self, by: Person, id: str, address: str) -> None:
        """Delete somebody with all they have: an admin anybody, everybody themselves.

        Raises:
            NotAllowed: it is somebody else's account, and whoever asks isn't an admin.
            NoSuchPerson: there is nobody of that id.
            LastAdmin: nobody would be left to run the site.
        """
        if by.id != id:
            _check(by)
        async with self._db.write() as tx:
            await users.lock_admins(tx)
            user = await _find(tx, id)
            ended = await sessions.end_all(tx, id)
            await users.delete(tx, id)
            await _leave_an_admin(tx)
            await _note(tx, by, say("deed.deleted"), user.name, address)
        self._sessions.forget(ended)


def _check(by: Person) -> None:
    if not by.is_admin:
        raise NotAllowed


async def _find(tx: AsyncConnection, id: str) -> User:
    user = await users.get(tx, id)
    if user is None:
        raise NoSuchPerson
    return user


async def _leave_an_admin(tx: AsyncConnection) -> None:
    """Refuse, which takes the transaction back, where no admin is left."""
    if not await users.admins(tx):
        raise LastAdmin


async def _note(tx: AsyncConnection, by: Person, action: str, subject: str, address: str) -> None:
    await audit.note(tx, Deed(action, by.name, by.id, subject, address))
