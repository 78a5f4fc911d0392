"""What every exchange with a gateway shares, whatever it is about."""

from __future__ import annotations

import httpx

from chat_ui.gateway.classify import from_status
from chat_ui.gateway.profile import GatewayProfile
from chat_ui.gateway.sniff import read_body

__all__ = ["MAX_BODY_BYTES", "MAX_ERROR_BYTES", "auth_headers", "raise_for_status"]

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
ANTHROPIC_VERSION = "2023-06-01"


def auth_headers(profile: GatewayProfile) -> dict[str, str]:
    """The headers that say who asks and in which dialect: the key, if there is one, and the extra ones."""
    headers = dict(profile.extra_headers)
    if profile.dialect == "anthropic":
        # https://docs.anthropic.com/en/api/versioning
        headers.setdefault("anthropic-version", ANTHROPIC_VERSION)
        return {**headers, "x-api-key": profile.key} if profile.key else headers
    return {**headers, "authorization": f"Bearer {profile.key}"} if profile.key else headers


async def raise_for_status(response: httpx.Response, secret: str | None) -> None:
    """Raise the error that the status stands for, unless it is a 2xx.

    Raises:
        StatusError: with the gateway's own words, if they could be read.
    """
    if response.is_success:
        return
    try:
        body = await read_body(response.aiter_bytes(), MAX_ERROR_BYTES)
    except httpx.RequestError:
        body = b""
    raise from_status(response.status_code, response.headers, body, secret=secret)
