"""How a SQLite file is found, made, checked and spoken to."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from chat_ui.store.errors import ConflictError, StoreError, Trouble

__all__ = [
    "READER_PRAGMAS",
    "WRITER_PRAGMAS",
    "connect",
    "explained",
    "find",
    "locate",
    "nearest",
    "prepare",
    "takes_files",
]

_SHARED_PRAGMAS = (
    "foreign_keys=ON",
    "temp_store=MEMORY",
    # Reading through a memory map makes a torn page a crash or a corrupt file.
    "mmap_size=0",
    "cache_size=-65536",
    "trusted_schema=OFF",
)
WRITER_PRAGMAS = (*_SHARED_PRAGMAS, "journal_size_limit=67108864")
READER_PRAGMAS = (*_SHARED_PRAGMAS, "query_only=ON")

_TROUBLE = {
    sqlite3.SQLITE_BUSY: (
        "is locked by another program that is writing to it. Close that program (or a second copy of the "
        "site), then try again"
    ),
    sqlite3.SQLITE_READONLY: (
        "is read-only. Let the user that runs the site write to it and to its folder, or choose another "
        "folder with CHAT_UI_DATA_DIR"
    ),
    sqlite3.SQLITE_PERM: (
        "may not be used by the user that runs the site. Change its owner or mode, or choose another folder "
        "with CHAT_UI_DATA_DIR"
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "can't be opened. See that its folder exists and that the user that runs the site may write there, "
        "or choose another folder with CHAT_UI_DATA_DIR"
    ),
    sqlite3.SQLITE_FULL: "can't grow, because the disk is full. Free some space, then try again",
    sqlite3.SQLITE_IOERR: (
        "can't be read or written: the disk reports an error. See that it has space left and is in order"
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged. Stop the site, move the file away, and put the newest copy from the backups folder in "
        "its place"
    ),
    sqlite3.SQLITE_NOTADB: (
        "isn't a SQLite database. Move the file away to start with an empty one, or name the right file"
    ),
}

# What a person may know of it; of all others, that the database can't be used.
_KINDS: dict[int, Trouble] = {sqlite3.SQLITE_BUSY: "busy", sqlite3.SQLITE_FULL: "full"}


def locate(where: str | Path) -> Path:
    """Find the file that a path or an SQLAlchemy URL names.

    Raises:
        StoreError: it names a database that isn't a SQLite file.
    """
    if isinstance(where, Path) or "://" not in where:
        name = str(where)
    else:
        try:
            url = make_url(where)
        except (ArgumentError, ValueError):
            raise StoreError(
                "The database URL can't be read. A SQLite one is sqlite:////path/to/file.db, a PostgreSQL "
                "one postgresql://user:password@host/database."
            ) from None
        if url.drivername not in ("sqlite", "sqlite+aiosqlite"):
            raise StoreError(
                f"A database of kind {url.drivername!r} isn't supported. Name a SQLite file as "
                "sqlite:////path/to/file.db or a PostgreSQL database as "
                "postgresql://user:password@host/database, or leave CHAT_UI_DATABASE_URL unset."
            )
        name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:"):
        raise StoreError(
            "The database must be a SQLite file with a plain path: readers and the writer connect to it "
            "separately. Name one as sqlite:////path/to/file.db."
        )
    return Path(name).expanduser().absolute()


def prepare(path: Path, *, timeout: float) -> None:
    """Make a file where there is none, for this user's eyes only; look through it and try to write.

    Args:
        path: the file.
        timeout: how long to wait for another program's write, in seconds.

    Raises:
        StoreError: the file can't be made or written, is damaged, or is no database at all.
    """
    _make(path)
    with explained(path), closing(connect(path, timeout=timeout)) as db:
        # First, because it is here that a file which isn't a database shows, and that must stay untouched.
        [(verdict,)] = db.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise StoreError(f"The database {path} {_TROUBLE[sqlite3.SQLITE_CORRUPT]}. ({verdict})")
        if _switch_log_on(db, timeout) != "wal":
            raise StoreError(
                f"The database {path} lies on a file system that can't share memory between connections (a "
                "network share, perhaps). Choose a folder on a local disk with CHAT_UI_DATA_DIR."
            )
        # Only a write shows whether the file takes any: SQLite lets a transaction begin on a read-only one.
        db.execute("BEGIN IMMEDIATE")
        db.execute("PRAGMA user_version = 1")
        db.execute("ROLLBACK")


def nearest(path: Path) -> Path:
    """A path, or else the first folder above it, that is there for this user to see."""
    return next(one for one in (path, *path.parents) if os.path.lexists(one))


def takes_files(folder: Path) -> bool:
    """Whether this user can make files in a folder."""
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def find(path: Path) -> None:
    """See that there is a file, without making one.

    Raises:
        StoreError: there is none; the text says what would keep it from being made, or who makes it.
    """
    there = nearest(path)
    if there == path and path.is_file():
        return
    if there == path or not there.is_dir():
        raise _in_the_way(path)
    if not takes_files(there):
        raise _out_of_reach(path, f"this user can't write to {there}")
    raise StoreError(f"There is no database {path} yet. Start the site: it makes one.")


def _in_the_way(path: Path) -> StoreError:
    return StoreError(
        f"The database {path} can't be made, because something that isn't a file has its name or its "
        "folder's. Move that away, or choose another folder with CHAT_UI_DATA_DIR."
    )


def _out_of_reach(path: Path, why: str | None) -> StoreError:
    return StoreError(
        f"The database {path} can't be opened or made: {why}. Let the user that runs the site write to its "
        "folder, or choose another folder with CHAT_UI_DATA_DIR."
    )


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never opened by hand where it exists: closing it would drop the locks that other connections of
        # this process hold on it (https://www.sqlite.org/howtocorrupt.html, section 2.2).
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        if path.is_file():
            return
        raise _in_the_way(path) from None
    except OSError as error:
        raise _out_of_reach(path, error.strerror) from error


def _switch_log_on(db: sqlite3.Connection, timeout: float) -> str:
    """Switch to a write-ahead log; SQLite doesn't wait by itself when processes that start together do so."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def connect(path: Path, *, timeout: float, foreign_keys: bool = True) -> sqlite3.Connection:
    """Open a connection for work at start, outside the event loop; transactions are begun by hand.

    Args:
        path: the file.
        timeout: how long to wait for another program's write, in seconds.
        foreign_keys: whether they are enforced; off while tables are rebuilt.
    """
    db = sqlite3.connect(path, timeout=timeout, isolation_level=None)
    try:
        for pragma in WRITER_PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        if not foreign_keys:
            db.execute("PRAGMA foreign_keys=OFF")
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn errors of SQLite into words about the file.

    Raises:
        ConflictError: a constraint was violated.
        StoreError: the file can't be used.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(error, (IntegrityError, sqlite3.IntegrityError)):
            raise ConflictError(f"The database {path} refused a row: {cause}.") from error
        # The low byte is the kind of trouble; the rest says where SQLite met it.
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        trouble = _TROUBLE.get(code)
        if trouble is None:
            raise
        raise StoreError(f"The database {path} {trouble}. ({cause})", _KINDS.get(code)) from error
