"""Brings a PostgreSQL database to the tables of this version: once, however many workers start together."""

from __future__ import annotations

from sqlalchemy import URL, Connection, inspect, text

from chat_ui.store import postgres
from chat_ui.store.errors import StoreError
from chat_ui.store.migrate import SHIPPED, Scripts, alembic_config, known

__all__ = ["migrate"]

# Any number will do that no other program locks in the same database.
LOCK = 0x63686174


async def migrate(server: URL, *, scripts: Scripts = SHIPPED) -> None:
    """Check a database and bring its tables up to date, made where there are none.

    The update is one transaction: it happens as a whole or not at all. No copy is made before; that is for
    whoever runs the server.

    Raises:
        StoreError: the database can't be used, is another program's or a newer version's, or the update
            failed.
    """
    engine = postgres.engine_for_updates(server)
    name = postgres.name_of(server)
    try:
        with postgres.explained(server):
            async with engine.connect() as connection:
                if await connection.run_sync(_revision, name) == scripts.head:
                    return
            async with engine.begin() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                await connection.run_sync(_upgrade, scripts, name)
    finally:
        await engine.dispose()


def _revision(connection: Connection, name: str) -> str | None:
    """Read which revision the tables have; None where there are no tables yet."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    revisions: list[str] = []
    if "alembic_version" in tables:
        revisions = list(connection.scalars(text("SELECT version_num FROM alembic_version")))
    if len(revisions) != 1:
        raise StoreError(
            f"The database {name} holds another program's tables. Nothing was changed. Name another one "
            "with CHAT_UI_DATABASE_URL."
        )
    return revisions[0]


def _upgrade(connection: Connection, scripts: Scripts, name: str) -> None:
    from alembic import command  # noqa: PLC0415

    # Asked again behind the lock: another worker may have been first.
    revision = _revision(connection, name)
    if revision == scripts.head:
        return
    config = alembic_config(scripts)
    if revision is not None:
        known(revision, config, name)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except Exception as error:
        raise StoreError(
            f"The database {name} couldn't be updated: {error}. Nothing was changed. Go back to the version "
            "of the site that ran before, and report this."
        ) from error
