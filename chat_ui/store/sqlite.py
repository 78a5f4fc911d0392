"""How a SQLite file is found, made, checked and spoken to."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chat_ui.store.driver import WholeCalls
from chat_ui.store.errors import ConflictError, StoreError, Trouble
from chat_ui.store.lanes import Lane, Lanes

__all__ = ["connect", "explained", "lanes", "locate", "prepare"]

_SHARED_PRAGMAS = (
    "foreign_keys=ON",
    "temp_store=MEMORY",
    # Reading through a memory map makes a torn page a crash or a corrupt file.
    "mmap_size=0",
    "cache_size=-65536",
    "trusted_schema=OFF",
)
_WRITER_PRAGMAS = (*_SHARED_PRAGMAS, "journal_size_limit=67108864")
_READER_PRAGMAS = (*_SHARED_PRAGMAS, "query_only=ON")

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


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never opened by hand where it exists: closing it would drop the locks that other connections of
        # this process hold on it (https://www.sqlite.org/howtocorrupt.html, section 2.2).
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        if path.is_file():
            return
        raise StoreError(
            f"The database {path} can't be made, because something that isn't a file has its name or its "
            "folder's. Move that away, or choose another folder with CHAT_UI_DATA_DIR."
        ) from None
    except OSError as error:
        raise StoreError(
            f"The database {path} can't be made: {error.strerror}. Let the user that runs the site write to "
            "its folder, or choose another folder with CHAT_UI_DATA_DIR."
        ) from error


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
        for pragma in _WRITER_PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        if not foreign_keys:
            db.execute("PRAGMA foreign_keys=OFF")
    except BaseException:
        db.close()
        raise
    return db


def lanes(path: Path, *, busy_timeout: float, readers: int) -> Lanes:
    """How a file is written and read: by one connection, and by several others that can't write."""

    def lane(connections: int, *, writes: bool) -> Lane:
        engine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=str(path)),
            connect_args={
                "async_creator_fn": WholeCalls,
                "timeout": busy_timeout,
                "isolation_level": None,
            },
            pool_size=connections,
            max_overflow=0,
            # A lane ends every transaction itself.
            pool_reset_on_return=None,
            hide_parameters=True,
        )
        _shape_connections(engine.sync_engine, writes=writes)
        return Lane(
            engine,
            name=str(path),
            connections=connections,
            writes=writes,
            explained=partial(explained, path),
            before_close=_checkpoint if writes else None,
        )

    return Lanes(writer=lane(1, writes=True), readers=lane(readers, writes=False))


async def _checkpoint(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        # By the driver: SQLite doesn't checkpoint inside a transaction, and the engine would begin one.
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")


def _shape_connections(engine: Engine, *, writes: bool) -> None:
    """Give an engine's connections their pragmas and their way to begin a transaction.

    A writing transaction takes the file's write lock with its first statement, even if that reads: one that
    asks for the lock later fails wherever somebody else wrote in between. Its execution option ``durable``
    says whether the commit waits for the disk.
    """
    pragmas = _WRITER_PRAGMAS if writes else _READER_PRAGMAS

    @event.listens_for(engine, "connect")
    def _(dbapi_connection: Any, record: Any) -> None:
        cursor = dbapi_connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        begin = _begin_reading
        if writes:
            durable = connection.get_execution_options().get("durable", True)
            begin = partial(_begin_writing, connection.info, "FULL" if durable else "NORMAL")
        adapted: Any = connection.connection.dbapi_connection
        adapted.driver_connection.begin(begin)


def _begin_reading(db: sqlite3.Connection) -> None:
    db.execute("BEGIN")


def _begin_writing(known: dict[Any, Any], level: str, db: sqlite3.Connection) -> None:
    if known.get("synchronous") != level:
        db.execute(f"PRAGMA synchronous={level}")
        known["synchronous"] = level
    db.execute("BEGIN IMMEDIATE")


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
