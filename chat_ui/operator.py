"""What whoever runs a site does from a terminal, where nobody need sign in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from io import BufferedReader, BufferedWriter, FileIO
from pathlib import Path
from threading import Thread
from typing import IO, Literal, TypeVar

from chat_ui.accounts.errors import AccountError
from chat_ui.accounts.people import Person
from chat_ui.accounts.service import Accounts, open_accounts
from chat_ui.chat.service import database_of
from chat_ui.settings import Settings, SettingsError, get_settings
from chat_ui.store import users
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError
from chat_ui.store.lanes import to_the_end
from chat_ui.transfer import own
from chat_ui.transfer.own import BroughtIn, UnfitFile

__all__ = ["export_to", "first_link", "import_from", "invite_link", "reset_link"]

Said = TypeVar("Said")

# In the audit log.
OPERATOR = Person("", "the operator, in a terminal", is_admin=True)


def first_link() -> str:
    """The link that makes the first admin; blank on a local site, and where there is an admin.

    Raises:
        SystemExit: it can't be made; the text says why.
    """

    async def make(accounts: Accounts) -> str:
        return await accounts.entry.first_link() or ""

    return _link(make) if _settings().hosted else ""


def invite_link(role: Literal["user", "admin"]) -> str:
    """A link by which somebody new comes in.

    Raises:
        SystemExit: it can't be made; the text says why.
    """
    return _link(lambda accounts: accounts.administration.invite(OPERATOR, role, ""))


def reset_link(name: str) -> str:
    """A link by which somebody sets a new password.

    Raises:
        SystemExit: it can't be made; the text says why.
    """

    async def make(accounts: Accounts) -> str:
        people = await accounts.administration.people(OPERATOR)
        known = next((person.id for person in people if person.name == name.casefold()), None)
        if known is None:
            raise SystemExit(f"There is nobody called {name} here.")
        return await accounts.administration.reset(OPERATOR, known, "")

    return _link(make)


def export_to(path: Path, name: str | None) -> int:
    """Write all conversations of a person to a new file, which only its owner may read.

    Args:
        path: the file.
        name: of the person; None on a local site, which has one.

    Returns:
        How many conversations those are.

    Raises:
        SystemExit: it can't be done; the text says why.
    """

    async def write(db: Database) -> int:
        lines = 0
        owner = await _owner(db, name)
        with _begun(path) as file:
            async for line in own.give_out(db, owner):
                file.write(line)
                lines += bool(line.strip())
        # The first line is the file's head.
        return lines - 1

    return _with_database(write, makes_it=False)


def import_from(path: Path, name: str | None) -> BroughtIn:
    """Add the conversations of a file to a person's own.

    Args:
        path: the file, as ``export_to`` writes it.
        name: of the person; None on a local site, which has one.

    Raises:
        SystemExit: it can't be done, or not whole; the text says why, and what to do.
    """

    async def read(db: Database) -> BroughtIn:
        owner = await _owner(db, name)
        with await _in_a_thread(partial(_opened, path, "r")) as file:
            buffered = BufferedReader(file)
            return await own.bring_in(db, owner, _lines(buffered))

    return _with_database(read)


async def _lines(file: IO[bytes]) -> AsyncGenerator[bytes]:
    while line := await _in_a_thread(file.readline):
        yield line


async def _in_a_thread(work: Callable[[], Said]) -> Said:
    """Do what may wait for ever, as what reads a pipe that nobody writes to does, and doesn't hear of Ctrl-C.

    The process ends without it, which one of asyncio's own threads would keep.
    """
    done = Future[Said]()

    def do() -> None:
        done.set_running_or_notify_cancel()
        try:
            done.set_result(work())
        except BaseException as error:  # it is raised where it is waited for
            done.set_exception(error)

    Thread(target=do, daemon=True).start()
    return await asyncio.wrap_future(done)


@contextmanager
def _begun(path: Path) -> Iterator[IO[bytes]]:
    """A new file, which has its name once it has come to its end: a half could be taken for the whole."""
    if os.path.lexists(path):
        raise SystemExit(f"{path} is there already. Name another file.")
    unfinished = path.with_name(f"{path.name}.part")
    file = BufferedWriter(_opened(unfinished, "x"))
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise SystemExit(f"{path} can't be written: {error.strerror}.") from None
        raise


def _opened(path: Path, mode: Literal["r", "x"]) -> FileIO:
    # With no buffer, whose lock is held as long as a read goes on, and would be waited for to close it.
    try:
        return FileIO(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))
    except FileExistsError:
        words = (
            "another export writes it, or left it when it was killed. Delete it then, or name another file."
        )
        raise SystemExit(f"{path} is there already: {words}") from None
    except OSError as error:
        raise SystemExit(f"{path} can't be opened: {error.strerror}.") from None


async def _owner(db: Database, name: str | None) -> str:
    hosted = _settings().hosted
    if hosted and name is None:
        raise SystemExit("Whose conversations? This site has accounts: name one with --person.")
    if not hosted and name is not None:
        raise SystemExit("There are no accounts on a local site. Leave --person away.")
    async with db.write() as tx:
        found = await (users.local_user(tx) if name is None else users.by_name(tx, name.casefold()))
    if found is None:
        raise SystemExit(f"There is nobody called {name} here.")
    return found.id


def _link(work: Callable[[Accounts], Awaitable[str]]) -> str:
    settings = _settings()
    if not settings.hosted:
        raise SystemExit("There are no accounts on a local site. Set CHAT_UI_HOSTED=1 for a hosted one.")
    token = _with_database(lambda db: work(open_accounts(settings, db)))
    return f"{settings.public_url}/link/{token}" if token else ""


def _settings() -> Settings:
    try:
        return get_settings()
    except SettingsError as error:
        raise SystemExit(f"Chat UI can't start. {error}") from None


def _with_database(work: Callable[[Database], Awaitable[Said]], *, makes_it: bool = True) -> Said:
    async def opened() -> Said:
        where = database_of(_settings())
        if not makes_it:
            # Of a folder that is misspelt there is nothing to take, and nothing may be left in it.
            await (await Database.attach(where)).close()
        db = await Database.open(where)
        try:
            return await work(db)
        finally:
            # Though it was interrupted just now: a connection that is left open ends with a traceback.
            await to_the_end(db.close())

    try:
        return asyncio.run(opened())
    except (StoreError, AccountError, UnfitFile) as error:
        raise SystemExit(str(error)) from None
