"""What every exchange with a gateway shares, whatever it is about."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from chat_ui.gateway.classify import from_status
from chat_ui.gateway.json_values import as_text
from chat_ui.gateway.profile import GatewayProfile
from chat_ui.gateway.sniff import read_body

__all__ = ["MAX_BODY_BYTES", "MAX_ERROR_BYTES", "auth_headers", "raise_for_status", "request_id"]

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024


def auth_headers(profile: GatewayProfile) -> dict[str, str]:
    """The header that carries the key, if there is one."""
    return {"Authorization": f"Bearer {profile.key}"} if profile.key else {}


def request_id(headers: Mapping[str, str]) -> str | None:
    """The gateway's own name for a request."""
    return as_text(headers.get("x-request-id")) or as_text(headers.get("request-id"))


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
