"""People."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.ids import new_id
from chat_ui.store.tables import UserRole, UserStatus, user

__all__ = [
    "LOCAL_NAME",
    "User",
    "admins",
    "adopt_local",
    "by_name",
    "create",
    "delete",
    "everybody",
    "get",
    "local_user",
    "lock",
    "lock_admins",
    "password_of",
    "set_password",
    "set_role",
    "set_status",
]

LOCAL_NAME = "local"


@dataclass(frozen=True, slots=True)
class User:
    """A person; their id is the owner of all they have."""

    id: str
    name: str
    created_at: datetime
    role: UserRole = "user"
    status: UserStatus = "active"


_COLUMNS = [user.c[field.name] for field in fields(User)]
# Not the strongest lock: what only refers to the person is added meanwhile, such as answers that grow.
_LOCK = select(user.c.id).where(user.c.id == bindparam("id")).with_for_update(key_share=True)


async def create(
    tx: AsyncConnection, *, name: str, role: UserRole = "user", password: str | None = None
) -> User:
    """Add a person.

    Args:
        tx: a write transaction.
        name: what they sign in with.
        role: what they may do.
        password: its hash; without one they can't sign in.

    Raises:
        ConflictError: the name is taken (raised as the transaction ends).
    """
    person = User(id=new_id(), name=name, created_at=datetime.now(UTC), role=role)
    await tx.execute(
        user.insert().values(
            id=person.id, name=name, created_at=person.created_at, role=role, password=password
        )
    )
    return person


async def local_user(tx: AsyncConnection) -> User:
    """Get the one person of a site without accounts, made at the first call; needs a write transaction."""
    if (found := await by_name(tx, LOCAL_NAME)) is not None:
        return found
    try:
        async with tx.begin_nested():
            return await create(tx, name=LOCAL_NAME)
    except IntegrityError:
        # Another worker was faster.
        if (found := await by_name(tx, LOCAL_NAME)) is None:
            raise
        return found


async def adopt_local(tx: AsyncConnection, *, name: str, password: str) -> User | None:
    """Make the one person of a site that was local its admin; None where it never was."""
    adopted = await tx.execute(
        update(user)
        .where(user.c.name == LOCAL_NAME, user.c.password.is_(None))
        .values(name=name, password=password, role="admin")
        .returning(*_COLUMNS)
    )
    row = adopted.one_or_none()
    return User(*row) if row else None


async def get(tx: AsyncConnection, id: str) -> User | None:
    """Get a person by id."""
    row = (await tx.execute(select(*_COLUMNS).where(user.c.id == id))).one_or_none()
    return User(*row) if row else None


async def by_name(tx: AsyncConnection, name: str) -> User | None:
    """Get a person by the name they sign in with."""
    row = (await tx.execute(select(*_COLUMNS).where(user.c.name == name))).one_or_none()
    return User(*row) if row else None


async def everybody(tx: AsyncConnection) -> list[User]:
    """List the people of the site by name; for admins."""
    return [User(*row) for row in await tx.execute(select(*_COLUMNS).order_by(user.c.name))]


async def admins(tx: AsyncConnection) -> int:
    """Count the admins who can sign in."""
    is_one = (user.c.role == "admin", user.c.status == "active", user.c.password.is_not(None))
    return (await tx.execute(select(func.count()).where(*is_one))).scalar_one()


async def lock(tx: AsyncConnection, id: str) -> None:
    """Let no other transaction pass here for this person until this one ends.

    For what reads before it writes, such as a sum that must stay under a limit. SQLite has one writer
    anyway, and needs nothing.
    """
    if tx.dialect.name != "sqlite":
        await tx.execute(_LOCK, {"id": id})


async def lock_admins(tx: AsyncConnection) -> None:
    """Let no other transaction pass here that may change who is an admin, until this one ends."""
    await tx.execute(select(user.c.id).where(user.c.role == "admin").order_by(user.c.id).with_for_update())


async def password_of(tx: AsyncConnection, id: str) -> str | None:
    """Read the hash of a person's password; None where they have none."""
    return (await tx.execute(select(user.c.password).where(user.c.id == id))).scalar_one_or_none()


async def set_password(tx: AsyncConnection, id: str, password: str) -> None:
    """Keep the hash of a new password."""
    await tx.execute(update(user).where(user.c.id == id).values(password=password))


async def set_role(tx: AsyncConnection, id: str, role: UserRole) -> None:
    """Change what a person may do."""
    await tx.execute(update(user).where(user.c.id == id).values(role=role))


async def set_status(tx: AsyncConnection, id: str, status: UserStatus) -> None:
    """Let a person in, or keep them out."""
    await tx.execute(update(user).where(user.c.id == id).values(status=status))


async def delete(tx: AsyncConnection, id: str) -> None:
    """Delete a person with everything they own."""
    await tx.execute(delete_rows(user).where(user.c.id == id))
