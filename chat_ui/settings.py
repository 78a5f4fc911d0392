"""Every setting of the site, typed, in one place.

Settings come from the environment (``CHAT_UI_…``), then from a file, ``chat_ui.toml``, which may also name
any number of gateways. With none at all the site runs locally, for one person, on the built-in demo model.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chat_ui.setting_file import SettingsError, config_file, followed, values_in, variable
from chat_ui.setting_tables import DialectName, GatewayTable, PriceTable, complaint

__all__ = [
    "KEY_VARIABLES",
    "GatewayTable",
    "PriceTable",
    "Settings",
    "SettingsError",
    "SignUp",
    "get_settings",
    "load_settings",
]

OPENAI = "openai"
# The key of the wallet that pays it is taken from the environment only, and never sent as a gateway's key.
WALLET_VARIABLE = "X402_PRIVATE_KEY"
X_ROUTER = "x-router"
OPENAI_BASE_URL = "https://api.openai.com/v1"

# Setting one of these switches the gateway of that name on; chat_ui/gateway/presets.py says what it is.
KEY_VARIABLES = {
    "TOKENHUB_KEY": "token-hub",
    "AIAND_API_KEY": "aiand",
    "LLMHUB_API_KEY": "llmhub",
    "OPENAI_API_KEY": OPENAI,
    "ANTHROPIC_API_KEY": "anthropic",
    "OPENROUTER_API_KEY": "openrouter",
}
SHORTEST_TOKEN = 16
NOT_IN_FILE = {"config", "x402_private_key"}
# As SQLAlchemy has it: three slashes, and a path that begins with none.
RELATIVE_FILE = re.compile(r"(sqlite[^:]*:///)(?!/|:memory:|file:)(.+)")

SignUp: TypeAlias = Literal["closed", "invite", "open"]


class Settings(BaseSettings):
    """The settings, read once at start.

    Args:
        gateway_url: base URL of an OpenAI-compatible gateway, ``/v1`` included.
        gateway_key: its key; kept on the server and never sent to a browser.
        gateway_model: the model that a new conversation starts with; the gateway's first one otherwise.
        gateway_dialect: what the gateway speaks, where it isn't one known by its host.
        gateway_trust_env: whether ``HTTP(S)_PROXY`` and ``.netrc`` apply to calls to the gateway.
        gateways: more gateways, in the order in which the model menu shows them.
        config: the file that was read, if one was.
        data_dir: where conversations, backups and connections lie.
        database_url: an SQLAlchemy URL of a SQLite file or a PostgreSQL database, in place of the file in
            ``data_dir``.
        redis_url: a Redis server, by which several workers of the site tell each other what happens.
        hosted: whether the site is for many people, who sign in; otherwise it is for one, on this machine.
        public_url: where a hosted site is reached from outside, as in ``https://chat.example.com``.
        sign_up: who may make an account on a hosted site.
        session_idle_days: after how long unused somebody has to sign in again.
        session_days: after how long somebody has to sign in again in any case.
        private_hosts: names and addresses inside one's own network that an admin may enter as a gateway; in
            the environment separated by commas.
        trusted_proxies: how many proxies of one's own stand before a hosted site, each of which adds to
            ``X-Forwarded-For``.
        messages_per_minute: how many messages a person may send within a minute on a hosted site.
        messages_per_minute_per_address: how many may come from one network address.
        answers_at_once: how many answers to a person may be written at the same time.
        tokens_per_day: how many tokens a person may use in a day (UTC), read and written; an admin may allow
            somebody else more or less.
        tokens_per_month: the same for a calendar month.
        dollars_per_day: for how many dollars a person may use models in a day.
        dollars_per_month: the same for a calendar month.
        prices: what models cost; they come before what a gateway says.
        max_message_chars: the longest message a person may send, in characters.
        grace_seconds: how long answers that are being written may go on when the site is told to end.
        metrics_token: lets whoever sends it read ``/metrics``; without, only this machine can, and nobody
            where the site stands behind TLS.
        log_format: how log lines are written; as JSON where nothing is said and the site is hosted.
        log_level: the least level of the site's own lines; ``info`` on a hosted one, else ``warning``.
        x402_private_key: of the wallet that pays gateways which charge per request; set as
            ``X402_PRIVATE_KEY``, in the environment only.
        x402_mainnet: whether real money may be paid; otherwise only that of test networks.
        x402_per_message: the most that one answer may cost, in dollars.
        x402_per_conversation: the most that all answers in a conversation may cost, in dollars.
        x402_per_day: the most that a person may spend in 24 hours, in dollars.
    """

    model_config = SettingsConfigDict(env_prefix="CHAT_UI_", env_ignore_empty=True, extra="ignore")

    gateway_url: str | None = None
    gateway_key: SecretStr | None = None
    gateway_model: str | None = None
    gateway_dialect: DialectName = "openai"
    gateway_trust_env: bool = False
    gateways: Annotated[tuple[GatewayTable, ...], NoDecode] = ()
    config: Path | None = None
    data_dir: Path = Field(default_factory=lambda: user_data_path("chat-ui", appauthor=False))
    database_url: str | None = None
    redis_url: SecretStr | None = None
    hosted: bool = False
    public_url: str | None = None
    sign_up: SignUp = "invite"
    session_idle_days: float = Field(default=14, gt=0, le=365)
    session_days: float = Field(default=90, gt=0, le=365)
    private_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: int = Field(default=0, ge=0, le=9)
    messages_per_minute: int = Field(default=20, ge=1)
    messages_per_minute_per_address: int = Field(default=60, ge=1)
    answers_at_once: int = Field(default=4, ge=1)
    tokens_per_day: int | None = Field(default=None, ge=0)
    tokens_per_month: int | None = Field(default=None, ge=0)
    dollars_per_day: Decimal | None = Field(default=None, ge=0)
    dollars_per_month: Decimal | None = Field(default=None, ge=0)
    prices: Annotated[tuple[PriceTable, ...], NoDecode] = ()
    max_message_chars: int = Field(default=200_000, ge=1, le=300_000)
    grace_seconds: float = Field(default=2.0, ge=0, le=600)
    metrics_token: SecretStr | None = None
    log_format: Literal["text", "json"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    x402_private_key: SecretStr | None = Field(default=None, validation_alias=WALLET_VARIABLE)
    x402_mainnet: bool = False
    x402_per_message: Decimal = Field(default=Decimal("0.10"), ge=0, le=1000)
    x402_per_conversation: Decimal = Field(default=Decimal(1), ge=0, le=10_000)
    x402_per_day: Decimal = Field(default=Decimal(5), ge=0, le=10_000)

    @field_validator(
        "gateway_url",
        "gateway_key",
        "gateway_model",
        "database_url",
        "redis_url",
        "config",
        "public_url",
        "metrics_token",
        mode="before",
    )
    @classmethod
    def _blank_is_unset(cls, value: object) -> object:
        return value.strip() or None if isinstance(value, str) else value

    @field_validator("metrics_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"it takes at least {SHORTEST_TOKEN} characters")
        return value

    @field_validator("database_url")
    @classmethod
    def _of_a_database(cls, value: str | None) -> str | None:
        # A path would be taken as well, and with it whatever is no URL at all.
        if value and "://" not in value:
            raise ValueError(
                "it takes a URL, as in postgresql://user:password@host/database or sqlite:////path/to/file.db"
            )
        if value and (relative := RELATIVE_FILE.fullmatch(value)):
            return relative[1] + str(Path(relative[2]).resolve())
        return value

    @field_validator("redis_url")
    @classmethod
    def _of_a_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        # Not at the top: most sites have no use for it.
        from redis.connection import parse_url  # noqa: PLC0415

        try:
            parse_url(value.get_secret_value())
        except ValueError:
            # Not its own words: they may quote the password.
            raise ValueError(
                "it takes a URL, as in redis://:password@host:6379/0, or with rediss:// or unix://"
            ) from None
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return followed(value)

    @field_validator("private_hosts", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return value.split(",") if isinstance(value, str) else value

    @field_validator("private_hosts")
    @classmethod
    def _as_addresses_have_them(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.strip().lower() for host in value)

    @field_validator("public_url")
    @classmethod
    def _whole(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        # To ask for the port raises what is wrong with it.
        is_host = parts.hostname and parts.port != 0 and not re.search(r"[\s@]", parts.netloc)
        if value and (parts.scheme not in ("http", "https") or not is_host or parts.path.strip("/")):
            raise ValueError("it takes an address without a path, as in https://chat.example.com")
        # As browsers write it, since it is compared with what they send.
        standard = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
        return f"{parts.scheme}://{parts.netloc.lower().removesuffix(standard)}" if value else None

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the site by TLS."""
        return (self.public_url or "").startswith("https://")

    @field_validator("gateways")
    @classmethod
    def _distinct(cls, value: tuple[GatewayTable, ...]) -> tuple[GatewayTable, ...]:
        names = [table.name for table in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each needs a name of its own; twice there is {', '.join(twice)}")
        return value


def load_settings() -> Settings:
    """Read the settings from the environment and the file.

    Raises:
        SettingsError: a value can't be used. The values themselves are left out of the text, because
            one of them may be a key.
    """
    file = config_file()
    values = {} if file is None else values_in(file, Settings.model_fields.keys() - NOT_IN_FILE)
    try:
        settings = Settings(**{**values, "config": file})
    except ValidationError as error:
        words = (complaint(one, file, values) for one in error.errors())
        raise SettingsError("; ".join(words)) from None
    if settings.hosted and settings.public_url is None:
        raise SettingsError(
            "CHAT_UI_PUBLIC_URL isn't set, and a hosted site needs it to tell its own pages from others'. "
            "Set it to the address that people type, as in https://chat.example.com."
        )
    tables = tuple(_with_key(table, file) for table in settings.gateways)
    return _with_variables(settings.model_copy(update={"gateways": tables}))


def _with_key(table: GatewayTable, file: Path | None) -> GatewayTable:
    if table.key_env is None:
        return table
    where = f"{file}: [[gateways]] '{table.name}', key_env"
    if table.key is not None:
        raise SettingsError(f"{where}: the table has a key as well; one of them is enough.")
    if table.key_env == WALLET_VARIABLE:
        # Whoever has a wallet's key has the wallet; a gateway is sent what the wallet signs, and never this.
        raise SettingsError(f"{where}: {WALLET_VARIABLE} is no gateway's key; leave key_env away.")
    if not (key := variable(table.key_env)):
        raise SettingsError(f"{where}: the variable it names isn't set.")
    return table.model_copy(update={"key": SecretStr(key)})


def _with_variables(settings: Settings) -> Settings:
    """Add the gateways whose keys are in the environment under the names that everybody uses.

    A key goes to its own gateway only: a table that has a key or an address of its own gets none of these.
    """
    found = {gateway: variable(name) for name, gateway in KEY_VARIABLES.items()}
    tables = {table.name: table for table in settings.gateways}
    url = variable("OPENAI_BASE_URL")
    if settings.gateway_url is None and OPENAI not in tables and (url or found[OPENAI]):
        key = SecretStr(found.pop(OPENAI))
        own = {"gateway_url": url or OPENAI_BASE_URL, "gateway_key": settings.gateway_key or key or None}
        settings = settings.model_copy(update=own)
    if settings.x402_private_key is not None and X_ROUTER not in tables:
        tables[X_ROUTER] = GatewayTable(name=X_ROUTER)
    for name, key in found.items():
        table = tables.get(name) or GatewayTable(name=name)
        if not key or table.key is not None or table.base_url is not None:
            continue
        base_url = url if name == OPENAI and url else None
        tables[name] = table.model_copy(update={"key": SecretStr(key), "base_url": base_url})
    return settings.model_copy(update={"gateways": tuple(tables.values())})


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process."""
    return load_settings()
