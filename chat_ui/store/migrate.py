"""Brings a database file to the tables of this version, with a copy of it first."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from chat_ui.store import sqlite
from chat_ui.store.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["SHIPPED", "Scripts", "alembic_config", "known", "migrate", "migrate_now"]


@dataclass(frozen=True, slots=True)
class Scripts:
    """A folder of migration scripts.

    Args:
        location: what alembic calls the script location: ``package:folder``, or a path.
        head: the newest revision in it, kept here so that alembic needn't be loaded to learn that a
            database is up to date.
    """

    location: str
    head: str


SHIPPED = Scripts(location="chat_ui.store:migrations", head="0010")


async def migrate(
    path: Path, *, backups: Path, busy_timeout: float = 5.0, scripts: Scripts = SHIPPED
) -> Path | None:
    """Check a database file, made where it is missing, and bring its tables up to date.

    The update is one transaction: it happens as a whole or not at all. A database that has tables is
    copied first.

    Args:
        path: the SQLite file.
        backups: folder for the copy, made where it is missing.
        busy_timeout: how long to wait for another program's write, in seconds.
        scripts: the migrations to go by.

    Returns:
        The copy, where one was made.

    Raises:
        StoreError: the file can't be used, is another program's or a newer version's, or the update failed.
    """
    return await asyncio.to_thread(migrate_now, path, backups, busy_timeout, scripts)


def migrate_now(path: Path, backups: Path, timeout: float = 5.0, scripts: Scripts = SHIPPED) -> Path | None:
    """Do what ``migrate`` does where no event loop runs, and raise what it raises."""
    sqlite.prepare(path, timeout=timeout)
    with sqlite.explained(path), closing(sqlite.connect(path, timeout=timeout)) as db:
        revision = _revision(db, path)
        if revision == scripts.head:
            return None
        config = alembic_config(scripts)
        copy = None
        if revision is not None:
            known(revision, config, str(path))
            copy = _copy(db, backups / f"{path.stem}-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.db")
    _upgrade(path, timeout, config, copy)
    return copy


def _revision(db: sqlite3.Connection, path: Path) -> str | None:
    """Read which revision the tables have; None where there are no tables yet."""
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names:
        return None
    revisions = []
    if "alembic_version" in names:
        revisions = [revision for (revision,) in db.execute("SELECT version_num FROM alembic_version")]
    if len(revisions) != 1:
        raise StoreError(
            f"The database {path} holds another program's tables. Nothing was changed. Name another file "
            "with CHAT_UI_DATABASE_URL, or another folder with CHAT_UI_DATA_DIR."
        )
    return revisions[0]


def alembic_config(scripts: Scripts) -> Config:
    """What alembic needs to know to go by these scripts."""
    # Alembic is imported in the functions that use it: most starts have nothing to migrate, and loading
    # it takes longer than everything else here.
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", scripts.location.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def known(revision: str, config: Config, database: str) -> None:
    """See that a database's revision is one that the scripts lead on from.

    Raises:
        StoreError: it isn't.
    """
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(config).walk_revisions()
    if revision not in {script.revision for script in scripts}:
        raise StoreError(
            f"The database {database} was made by a newer version of the site (its revision is {revision!r}) "
            "or by another program. Nothing was changed. Update the site, or name another database with "
            "CHAT_UI_DATABASE_URL."
        )


def _copy(db: sqlite3.Connection, target: Path) -> Path:
    """Copy a whole database; the copy has its name only once it is complete."""
    unfinished = target.with_suffix(".part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.touch(mode=0o600, exist_ok=False)
        try:
            db.execute("VACUUM INTO ?", (str(unfinished),))
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            unfinished.replace(target)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(
            f"The database must be updated, but the copy of it in {target.parent} can't be made: "
            f"{error.strerror}. Nothing was changed. Let the user that runs the site write there."
        ) from error
    return target


def _upgrade(path: Path, timeout: float, config: Config, copy: Path | None) -> None:
    from alembic import command  # noqa: PLC0415

    engine = create_engine(
        "sqlite://",
        # Rebuilding a table drops the old one, and with foreign keys on that deletes what refers to it.
        creator=lambda: sqlite.connect(path, timeout=timeout, foreign_keys=False),
        poolclass=NullPool,
    )
    try:
        with sqlite.explained(path), engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _check_references(connection)
    except StoreError:
        raise
    except Exception as error:
        kept = "" if copy is None else f" A copy of it is {copy}."
        raise StoreError(
            f"The database {path} couldn't be updated: {error}. Nothing was changed.{kept} Go back to the "
            "version of the site that ran before, and report this."
        ) from error
    finally:
        engine.dispose()


def _check_references(connection: Connection) -> None:
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if dangling is not None:
        raise ValueError(f"rows of {dangling[0]} refer to rows of {dangling[2]} that don't exist")
