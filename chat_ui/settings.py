"""Every setting of the site, typed, in one place.

Settings come from the environment (``CHAT_UI_…``). With none at all the site runs locally, for one
person, on the built-in demo model.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings", "SettingsError", "get_settings", "load_settings"]

OPENAI_BASE_URL = "https://api.openai.com/v1"


class SettingsError(Exception):
    """A setting has a value that the site can't use; the text names it and says what fits."""


class Settings(BaseSettings):
    """The settings, read once at start.

    Args:
        gateway_url: base URL of an OpenAI-compatible gateway, ``/v1`` included.
        gateway_key: its key; kept on the server and never sent to a browser.
        gateway_model: the model that a new conversation starts with; the gateway's first one otherwise.
        gateway_dialect: what the gateway speaks.
        gateway_trust_env: whether ``HTTP(S)_PROXY`` and ``.netrc`` apply to calls to the gateway.
        data_dir: where conversations, backups and connections lie.
        database_url: an SQLAlchemy URL in place of the SQLite file in ``data_dir``.
        max_message_chars: the longest message a person may send, in characters.
    """

    model_config = SettingsConfigDict(env_prefix="CHAT_UI_", env_ignore_empty=True, extra="ignore")

    gateway_url: str | None = None
    gateway_key: SecretStr | None = None
    gateway_model: str | None = None
    gateway_dialect: Literal["openai"] = "openai"
    gateway_trust_env: bool = False
    data_dir: Path = Field(default_factory=lambda: user_data_path("chat-ui", appauthor=False))
    database_url: str | None = None
    max_message_chars: int = Field(default=200_000, ge=1, le=300_000)

    @field_validator("gateway_url", "gateway_key", "gateway_model", "database_url", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: object) -> object:
        return value.strip() or None if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()


def _with_openai_fallback(settings: Settings) -> Settings:
    """Fill the gateway from ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY`` where no own one is named."""
    url = os.environ.get("OPENAI_BASE_URL", "").strip()
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if settings.gateway_url is not None or not (url or key):
        return settings
    return settings.model_copy(
        update={
            "gateway_url": url or OPENAI_BASE_URL,
            "gateway_key": settings.gateway_key or (SecretStr(key) if key else None),
        }
    )


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: a value can't be used. The values themselves are left out of the text, because
            one of them may be a key.
    """
    try:
        return _with_openai_fallback(Settings())
    except ValidationError as error:
        lines = [f"CHAT_UI_{e['loc'][0]!s}".upper() + f": {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(lines)) from None


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process."""
    return load_settings()
