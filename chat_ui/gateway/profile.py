"""Which gateway to speak to, and how patiently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import httpx

from chat_ui.gateway.errors import GatewayError, InvalidBaseURL, InvalidKey
from chat_ui.words import say

__all__ = ["Clocks", "Dialect", "GatewayProfile", "Prefill"]

Dialect: TypeAlias = Literal["openai", "anthropic", "tokenhub"]
Prefill: TypeAlias = Literal["plain", "vllm"]

ENDPOINTS: dict[Dialect, str] = {
    "openai": "/chat/completions",
    "anthropic": "/messages",
    "tokenhub": "/chat",
}
PREFILLED_CLAUDE = re.compile(
    r"claude-(?:(?:2|3|instant)\b.*|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8}|-latest|-0)?)"
)
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long to wait, in seconds.

    Args:
        connect: for a connection, and again for its encryption.
        headers: from the request to the answer's status; a server that loads its model first is slow here.
        first_content: from the request to the first text, reasoning or tool call; slow models think long.
        gap: between two pieces of data, keep-alive comments not counted.
        total: from the request to the end. A long answer is a good one as long as it grows, and half an hour
            holds 50,000 tokens at reading speed; this only ends what would never end.
        trailer: after the answer's end, for the usage and metadata that may follow it.
    """

    connect: float = 5.0
    headers: float = 90.0
    first_content: float = 120.0
    gap: float = 60.0
    total: float = 1800.0
    trailer: float = 2.0


@dataclass(frozen=True, slots=True)
class GatewayProfile:
    """One gateway as somebody set it up.

    Args:
        name: short and unique, for settings and URLs.
        base_url: as the gateway documents it, usually ending in ``/v1``; kept without a slash at the end.
        key: sent as a bearer token, or as the dialect wants it; never part of ``repr()`` or of an error.
        dialect: what the gateway speaks; how it answers is seen from the answer.
        label: the name to show, where it differs from ``name``.
        model: the model to begin with; the gateway's first one otherwise.
        trust_env: whether ``HTTPS_PROXY``, ``SSL_CERT_FILE`` and their like apply.
        clocks: how long to wait for it.
        extra_headers: names and values sent with every request, such as ``X-Aiand-Metrics: true``, without
            which ai& says nothing of the cost; a mapping or pairs, kept as pairs.
        allow_directives: whether lines like ``@@tokenhub mode=cheap`` in a message may steer TokenHub, which
            obeys them wherever they stand: a text that somebody pasted could choose the model and raise the
            budget. Otherwise, and by default, messages are sent with ``@ @tokenhub`` in their place.
        prefill: how the gateway lets an answer be continued that is sent as the last message: it simply goes
            on with it (``plain``: llama.cpp, OpenRouter, most of Claude), or is told so as vLLM has it.
            Otherwise the model is asked in words to go on.
        x402: whether it is paid per request from the site's wallet.
        public_only: whether it must be on the open internet, whatever its name leads to.

    Raises:
        InvalidBaseURL: the base URL can't be one; the text says why.
        InvalidKey: the key can't be sent in a header.
        GatewayError: one of the extra headers can't be sent.
    """

    name: str
    base_url: str
    key: str | None = field(default=None, repr=False)
    dialect: Dialect = "openai"
    label: str | None = None
    model: str | None = None
    trust_env: bool = False
    clocks: Clocks = Clocks()
    extra_headers: Mapping[str, str] | tuple[tuple[str, str], ...] = field(default=(), repr=False)
    allow_directives: bool = False
    prefill: Prefill | None = None
    x402: bool = False
    public_only: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _normalized(self.base_url, ENDPOINTS[self.dialect]))
        object.__setattr__(self, "key", _usable(self.key))
        object.__setattr__(self, "extra_headers", _sendable(self.extra_headers))

    def takes_prefill(self, model: str) -> bool:
        """Whether an answer of this model can be continued by sending it as the last message.

        Claude does up to 4.5; later ones refuse ("This model does not support assistant message prefill").
        """
        if self.dialect == "anthropic":
            return PREFILLED_CLAUDE.fullmatch(model) is not None
        return self.prefill is not None

    @property
    def endpoint(self) -> str:
        """Where the gateway is asked for an answer, relative to the base URL."""
        return ENDPOINTS[self.dialect]

    def url(self, path: str) -> str:
        """The address of an endpoint, such as ``/models``."""
        return self.base_url + path


def _normalized(base_url: str, endpoint: str) -> str:
    # The errors never quote the address: somebody may have pasted a password in it.
    try:
        url = httpx.URL(base_url.strip())
    except (httpx.InvalidURL, UnicodeEncodeError):
        raise InvalidBaseURL(say("gateway.url.no_web")) from None
    if url.scheme not in {"http", "https"}:
        raise InvalidBaseURL(say("gateway.url.scheme"))
    if not url.host or "%" in url.host:
        raise InvalidBaseURL(say("gateway.url.host"))
    if url.userinfo:
        raise InvalidBaseURL(say("gateway.url.user"))
    if url.query or url.fragment or "?" in base_url or "#" in base_url:
        raise InvalidBaseURL(say("gateway.url.query"))
    # Documentation often shows the whole endpoint, and people paste that.
    return str(url).rstrip("/").removesuffix(endpoint).rstrip("/")


def _usable(key: str | None) -> str | None:
    key = (key or "").strip()
    if any(not "!" <= character <= "~" for character in key):
        raise InvalidKey
    return key or None


def _sendable(headers: Mapping[str, str] | tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    # The error quotes no value: it may be a second key.
    pairs = tuple((name.lower(), value) for name, value in dict(headers).items())
    for name, value in pairs:
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            raise GatewayError(
                say("gateway.header"),
                advice=say("gateway.header.advice"),
                side="you",
            )
    return pairs
