"""How a PostgreSQL database is found and spoken to."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chat_ui.store.errors import ConflictError, StoreError, Trouble
from chat_ui.store.lanes import Lane, Lanes

__all__ = ["engine_for_updates", "explained", "lanes", "locate", "name_of"]

# With the readers, ten connections of a worker's; PostgreSQL takes a hundred of everybody's, as it comes.
WRITERS = 6
CONNECT_WITHIN_S = 10
_SETTINGS = {
    "application_name": "chat-ui",
    "timezone": "UTC",
    # Every query of the site is short; compiling one takes longer than running it.
    "jit": "off",
}
_TIMEOUTS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}

# What a URL may say after its question mark, sslmode beside it; all of it is read from text.
_IN_URL = {
    "database",
    "host",
    "passfile",
    "password",
    "port",
    "prepared_statement_cache_size",
    "ssl",
    "target_session_attrs",
    "user",
}
# Of what comes before a server could say anything.
_NO_CODE = ""
# By the first characters of PostgreSQL's own codes; the longest that fits counts
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_TROUBLE = {
    _NO_CODE: (
        "can't be reached. See that it runs, that CHAT_UI_DATABASE_URL names the right host and port, and "
        "that it listens there, then try again"
    ),
    "08": "has dropped the connection. Try again; a transaction that was being committed may have arrived",
    "25006": "takes no writes here: the transaction or the server is read-only. Name the primary server",
    "28": "doesn't let the site in. Check user and password in CHAT_UI_DATABASE_URL",
    "3D000": "doesn't exist. Make it with createdb, or name another one in CHAT_UI_DATABASE_URL",
    "42501": (
        "doesn't let the site's user do this. Make that user the database's owner, or grant it all rights"
    ),
    "53100": "can't grow, because the server's disk is full. Free some space, then try again",
    "53300": (
        "has no connection left. Raise its max_connections (the site takes up to ten for each worker), or "
        "run fewer workers"
    ),
    "55P03": "is locked by another program for longer than the site waits. Find that program, then try again",
    "57014": "took too long over a query. It may be overloaded; try again",
    "57P": "is being shut down or started. Try again in a moment",
    "40": "took back this transaction because of another one. Try again",
    "XX": "reports that it is damaged. Look into its log, and restore a backup if it says so",
}

# What a person may know of it; of all others, that the database can't be used.
_KINDS: dict[str, Trouble] = {
    **dict.fromkeys(("08", "57P", _NO_CODE), "away"),
    **dict.fromkeys(("53300", "55P03", "57014", "40"), "busy"),
    "53100": "full",
}


def locate(where: str | Path) -> URL | None:
    """The PostgreSQL database that a URL names; None where it names something else.

    ``sslmode``, which every other PostgreSQL program knows, means the same here.
    """
    if isinstance(where, Path) or not where.startswith(("postgres:", "postgresql:", "postgresql+asyncpg:")):
        return None
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):
        raise StoreError(
            "The database URL can't be read. A PostgreSQL one is postgresql://user:password@host/database."
        ) from None
    query = dict(url.query)
    if (mode := query.pop("sslmode", None)) is not None:
        query["ssl"] = mode
    if unknown := sorted(query.keys() - _IN_URL):
        raise StoreError(
            f"The database URL says {', '.join(unknown)}, which the site doesn't know. Take that out of "
            "CHAT_UI_DATABASE_URL."
        )
    return url.set(drivername="postgresql+asyncpg", query=query)


def engine_for_updates(server: URL) -> AsyncEngine:
    """An engine that takes all the time that an update of the tables takes, and keeps no connection."""
    return create_async_engine(
        server, connect_args=_connect_args(_SETTINGS), poolclass=NullPool, hide_parameters=True
    )


def lanes(server: URL, *, readers: int) -> Lanes:
    """How a database is written and read; what is read is one state, and can't be written."""

    def lane(connections: int, *, writes: bool) -> Lane:
        engine = create_async_engine(
            server,
            connect_args=_connect_args(_SETTINGS | _TIMEOUTS),
            pool_size=connections,
            max_overflow=0,
            hide_parameters=True,
            execution_options=(
                {} if writes else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            ),
        )
        _shape_connections(engine.sync_engine)
        return Lane(
            engine,
            name=name_of(server),
            connections=connections,
            writes=writes,
            explained=partial(explained, server),
        )

    return Lanes(writer=lane(WRITERS, writes=True), readers=lane(readers, writes=False))


def _connect_args(settings: dict[str, str]) -> dict[str, Any]:
    return {"timeout": CONNECT_WITHIN_S, "server_settings": settings}


def _shape_connections(engine: Engine) -> None:
    @event.listens_for(engine, "checkout")
    def _(dbapi_connection: Any, record: Any, proxy: Any) -> None:
        # What the server has closed meanwhile, by a restart perhaps, is replaced without a question to it.
        if dbapi_connection.driver_connection.is_closed():
            raise DisconnectionError

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        if not connection.get_execution_options().get("durable", True):
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")


@contextmanager
def explained(server: URL) -> Generator[None]:
    """Turn errors of PostgreSQL into words about the database; its password is in none of them.

    Raises:
        ConflictError: a constraint was violated.
        StoreError: the database can't be used.
    """
    # Not at the top: a site on SQLite has no use for it.
    import asyncpg  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]

    try:
        yield
    except IntegrityError as error:
        raise ConflictError(f"The database {name_of(server)} refused a row: {_detail(error)}.") from error
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        code = _code(error)
        if isinstance(_cause(error).__cause__, asyncpg.ClientConfigurationError):
            raise StoreError(f"CHAT_UI_DATABASE_URL can't be used as it is. ({_detail(error)})") from error
        if code is None:
            raise
        words = f"The database {name_of(server)} {_TROUBLE[code]}. ({_detail(error)})"
        raise StoreError(words, _KINDS.get(code)) from error


def name_of(server: URL) -> str:
    """What errors call a database."""
    where = server.host or server.query.get("host") or "this machine"
    return f"{server.database or server.username or 'of this user'} on {where}"


def _code(error: Exception) -> str | None:
    """What begins PostgreSQL's code of an error that is known here."""
    code = getattr(_cause(error), "sqlstate", None)
    if code is not None:
        return next((code[:length] for length in (5, 3, 2) if code[:length] in _TROUBLE), None)
    if isinstance(error, DBAPIError):
        return "08" if error.connection_invalidated else None
    return _NO_CODE


def _cause(error: Exception) -> BaseException:
    return (error.orig or error) if isinstance(error, DBAPIError) else error


def _detail(error: Exception) -> str:
    cause = _cause(error)
    # The driver puts its own class before the server's words.
    words = str(cause).partition(">: ")[2] or str(cause) or type(cause).__name__
    return words.splitlines()[0].rstrip(".")
