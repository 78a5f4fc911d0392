"""Which gateway to speak to, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import httpx

from chat_ui.gateway.errors import InvalidBaseURL, InvalidKey

__all__ = ["Clocks", "Dialect", "GatewayProfile"]

Dialect: TypeAlias = Literal["openai"]

ENDPOINT = "/chat/completions"


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long to wait, in seconds.

    Args:
        connect: for a connection, and again for its encryption.
        first_content: from the request to the first text, reasoning or tool call; slow models think long.
        gap: between two pieces of data, keep-alive comments not counted.
        trailer: after the answer's end, for the usage and metadata that may follow it.
    """

    connect: float = 5.0
    first_content: float = 120.0
    gap: float = 60.0
    trailer: float = 2.0


@dataclass(frozen=True, slots=True)
class GatewayProfile:
    """One gateway as somebody set it up.

    Args:
        name: short and unique, for settings and URLs.
        base_url: as the gateway documents it, usually ending in ``/v1``; kept without a slash at the end.
        key: sent as a bearer token; never part of ``repr()`` or of an error.
        dialect: what the gateway speaks.
        label: the name to show, where it differs from ``name``.
        model: the model to begin with; the gateway's first one otherwise.
        trust_env: whether ``HTTPS_PROXY``, ``SSL_CERT_FILE`` and their like apply.
        clocks: how long to wait for it.

    Raises:
        InvalidBaseURL: the base URL can't be one; the text says why.
        InvalidKey: the key can't be sent in a header.
    """

    name: str
    base_url: str
    key: str | None = field(default=None, repr=False)
    dialect: Dialect = "openai"
    label: str | None = None
    model: str | None = None
    trust_env: bool = False
    clocks: Clocks = Clocks()

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _normalized(self.base_url))
        object.__setattr__(self, "key", _usable(self.key))

    def url(self, path: str) -> str:
        """The address of an endpoint, such as ``/models``."""
        return self.base_url + path


def _normalized(base_url: str) -> str:
    # The errors never quote the address: somebody may have pasted a password in it.
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL:
        raise InvalidBaseURL("The gateway's base URL isn't a web address.") from None
    if url.scheme not in {"http", "https"}:
        raise InvalidBaseURL("The gateway's base URL has to begin with http:// or https://.")
    if not url.host or "%" in url.host:
        raise InvalidBaseURL("The gateway's base URL names no host.")
    if url.userinfo:
        raise InvalidBaseURL(
            "The gateway's base URL can't hold a user name or password; the key has its own field."
        )
    if url.query or url.fragment or "?" in base_url or "#" in base_url:
        raise InvalidBaseURL("The gateway's base URL can't have a part after ? or #.")
    # Documentation often shows the whole endpoint, and people paste that.
    return str(url).rstrip("/").removesuffix(ENDPOINT).rstrip("/")


def _usable(key: str | None) -> str | None:
    key = (key or "").strip()
    if any(not "!" <= character <= "~" for character in key):
        raise InvalidKey
    return key or None
