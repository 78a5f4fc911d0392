"""What the site stands on: its folder, its database, Redis, its processes, its gateways."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_ui.chat.configured import profiles_from
from chat_ui.chat.service import database_of
from chat_ui.doctor.findings import Finding, fails, good, warns
from chat_ui.gateway import Gateway, GatewayError, GatewayProfile, NoModels, NotFound, Patience, probe
from chat_ui.settings import Settings, SettingsError
from chat_ui.store import connections, workers
from chat_ui.store.claim import is_claimed
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError
from chat_ui.store.revision import is_up_to_date
from chat_ui.store.sqlite import nearest, takes_files

__all__ = ["attached", "database", "disk", "gateways", "processes", "redis"]

GIB = 2**30
LITTLE, TOO_LITTLE = 2 * GIB, GIB // 4
# Longer than it takes a process to say twice that it lives.
TWO_BEATS_S = 2.5
REDIS_WITHIN_S = 5
# As many as a process may open: the readers and the writers of chat_ui/store/postgres.py.
CONNECTIONS_EACH = 10


def disk(settings: Settings) -> Finding:
    """Whether the data folder can be written, and has room."""
    folder = settings.data_dir
    existing = nearest(folder)
    if not takes_files(existing):
        return fails(
            "Disk",
            f"{folder} can't be written by this user.",
            side="this machine",
            todo="Let the user that runs the site write there, or name another folder with CHAT_UI_DATA_DIR.",
        )
    free = shutil.disk_usage(existing).free
    words = f"{folder} has {free / GIB:.1f} GiB free."
    if free < LITTLE:
        tell = fails if free < TOO_LITTLE else warns
        return tell("Disk", words, side="this machine", todo="Free some space: a full disk keeps no answer.")
    return good("Disk", words)


@asynccontextmanager
async def attached(settings: Settings) -> AsyncGenerator[Database]:
    """The database as it is, for as long as the context is open.

    Raises:
        StoreError: it can't be used.
    """
    db = await Database.attach(database_of(settings))
    try:
        yield db
    finally:
        await db.close()


async def database(settings: Settings) -> Finding:
    """Whether the database is there, and has the tables of this version."""
    url = settings.database_url or ""
    is_server = url.startswith("postgres")
    kind = "PostgreSQL" if is_server else "SQLite"
    is_file = not url or url.startswith("sqlite")
    side = "this machine" if is_file else "the settings"
    try:
        async with attached(settings) as db:
            # Only now is it known that the URL can be read.
            side = "the database" if is_server else side
            has_tables = await is_up_to_date(db)
    except StoreError as error:
        return fails("Database", str(error), side=side)
    if not has_tables:
        return warns(
            "Database",
            f"{kind} answers; its tables aren't those of this version.",
            side="this site",
            todo="Start the site: it brings them up to date. If it runs already, it is of another version.",
        )
    return good("Database", f"{kind} answers, with the tables of this version.")


async def redis(settings: Settings) -> Finding:
    """Whether Redis is there, keeps what it is given, and is for this site alone."""
    if settings.redis_url is None:
        return good("Redis", "none is set; a site in one process needs none.")
    url = settings.redis_url.get_secret_value()
    try:
        server = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=REDIS_WITHIN_S,
            socket_timeout=REDIS_WITHIN_S,
        )
        async with server:
            memory = await cast("Any", server).info("memory")
    except (RedisError, OSError) as error:
        return fails(
            "Redis",
            f"it can't be reached ({error}).",
            side="Redis",
            todo="See that it runs, and that host, port and password in CHAT_UI_REDIS_URL are right.",
        )
    policy = memory.get("maxmemory_policy", "noeviction")
    if memory.get("maxmemory") and policy.startswith("allkeys"):
        return warns(
            "Redis",
            f"it answers, but throws away what it likes when it is full ({policy}).",
            side="Redis",
            todo="Set maxmemory-policy to volatile-lru; everything that the site keeps there expires.",
        )
    if not _is_private(url):
        return warns(
            "Redis",
            "it answers, but over a network without a password or without TLS.",
            side="the settings",
            todo="Whoever can write to it can run code in the site. Give it a password, use rediss:// where "
            "the network isn't yours alone, and let nobody else reach it.",
        )
    return good("Redis", "it answers.")


def _is_private(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "unix" or parts.hostname in ("localhost", "127.0.0.1", "::1"):
        return True
    return bool(parts.password)


async def processes(settings: Settings) -> Finding:
    """How many processes serve the site now."""
    try:
        async with attached(settings) as db:
            count = int(is_claimed(db.path)) if db.path else await _alive(db)
    except StoreError as error:
        return fails("Workers", str(error), side="the database")
    if not count:
        return fails(
            "Workers",
            "no process serves the site.",
            side="this site",
            todo="Start it ('chat-ui serve', or its service), and read its log if it ends by itself.",
        )
    if count > 1 and settings.redis_url is None:
        return fails(
            "Workers",
            f"{count} processes serve the site, and these settings name no Redis.",
            side="the settings",
            todo="Set CHAT_UI_REDIS_URL for all of them, or run one.",
        )
    served = "one process serves" if count == 1 else f"{count} processes serve"
    taken = f" They open up to {count * CONNECTIONS_EACH} connections to PostgreSQL." if count > 1 else ""
    return good("Workers", f"{served} the site.{taken}")


async def _alive(db: Database) -> int:
    before = await _beats(db)
    await asyncio.sleep(TWO_BEATS_S)
    after = await _beats(db)
    return sum(number > before.get(id, -1) for id, number in after.items())


async def _beats(db: Database) -> dict[str, int]:
    async with db.read() as tx:
        return await workers.beats(tx)


async def gateways(settings: Settings, *, ask: bool) -> list[Finding]:
    """Whether each gateway is there and takes its key.

    Args:
        settings: that name them.
        ask: whether to have each write a word, which may cost a little; lists are free.
    """
    try:
        profiles = profiles_from(settings, connections.load(settings.data_dir))
    except (SettingsError, StoreError, GatewayError) as error:
        return [fails("Gateways", str(error), side="the settings")]
    if not profiles:
        return [
            warns(
                "Gateways",
                "none is set, so that only the demo model answers.",
                side="the settings",
                todo="Set CHAT_UI_GATEWAY_URL and CHAT_UI_GATEWAY_KEY, or connect one on the page.",
            )
        ]
    return list(await asyncio.gather(*(_gateway(profile, ask=ask) for profile in profiles)))


async def _gateway(profile: GatewayProfile, *, ask: bool) -> Finding:
    about = f"Gateway {profile.name}"
    patience = Patience(retries=0)
    try:
        if ask and not profile.x402:
            found = await probe(profile, patience=patience)
            return good(about, f"{found.model} answers.")
        gateway = Gateway(profile, patience=patience)
        try:
            listed = len(await gateway.models())
        finally:
            await gateway.aclose()
    except (NoModels, NotFound):
        return warns(
            about, "it has no list of models.", side="the gateway", todo="Ask it with 'chat-ui doctor --ask'."
        )
    except GatewayError as error:
        return fails(about, str(error), side="the gateway, or its address and key in the settings")
    return good(about, f"it lists {listed} models.")
