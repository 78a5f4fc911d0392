"""Which error it was: from a status and its body, or from what httpx raised."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

import httpx

from chat_ui.gateway import errors, status_errors
from chat_ui.gateway.errors import GatewayError
from chat_ui.gateway.json_values import as_mapping, parse_json
from chat_ui.gateway.offers import parse_challenge
from chat_ui.gateway.status_errors import StatusError
from chat_ui.gateway.words import looks_like_html, quoted, said_in_body
from chat_ui.words import say

__all__ = ["from_status", "from_transport", "retry_after"]

BY_STATUS: dict[int, type[StatusError]] = {
    401: status_errors.Unauthorized,
    402: status_errors.PaymentRequired,
    403: status_errors.Forbidden,
    404: status_errors.NotFound,
    405: status_errors.NotFound,
    408: status_errors.GatewayDown,
    413: status_errors.TooLarge,
    429: status_errors.RateLimited,
}
CONTEXT = re.compile(
    r"context[_ ](length|window)|maximum context|exceeds? the (available )?context|prompt is too long",
    re.IGNORECASE,
)
QUOTA = re.compile(r"insufficient[_ ](quota|balance|credit)|quota|budget|billing", re.IGNORECASE)
AT_ONCE = ("concurrency", "global_concurrency")  # ai&'s two policies without a Retry-After
MODEL = re.compile(r"\bmodel\b|model_not_found", re.IGNORECASE)
# A LiteLLM proxy without a database knows its master key alone, and answers any other one with 400.
NO_DATABASE = "no_db_connection"


def from_status(
    status: int, headers: Mapping[str, str], body: bytes, *, secret: str | None = None
) -> StatusError:
    """The error that an answer with this status stands for.

    Args:
        status: anything but 2xx.
        headers: looked up by lower-case name, as ``httpx.Headers`` allows.
        body: as much of the body as was read.
        secret: the key in use, which must not be quoted.
    """
    said = said_in_body(body)
    detail = quoted(said, secret)
    if said is None and looks_like_html(body.decode("utf-8", "replace")):
        detail = say("gateway.web_page.detail")
    if 300 <= status < 400:
        return status_errors.UnexpectedRedirect(status=status, detail=quoted(headers.get("location"), secret))
    if status == 402 and parse_challenge(headers, body) is not None:
        return status_errors.PaymentRequired(
            say("gateway.unpaid"),
            advice=say("gateway.unpaid.advice"),
            side="site",
            status=status,
            detail=detail,
        )
    wait, code, advice = retry_after(headers), _code_in(body), None
    kind = _refined(_status_error(status), code + " " + (said or ""))
    if kind is status_errors.RateLimited and wait is None and headers.get("x-ratelimit-policy") in AT_ONCE:
        kind = status_errors.TooManyAtOnce
    if kind is status_errors.BadRequest and NO_DATABASE in code:
        kind = status_errors.Unauthorized
        advice = say("gateway.no_database.advice")
    error = kind(status=status, detail=detail, retry_after=wait, advice=advice)
    # The OpenAI and Anthropic SDKs obey it before anything else: openai 3.51, _base_client._should_retry.
    error.should_retry = {"true": True, "false": False}.get(headers.get("x-should-retry", "").lower())
    return error


def _status_error(status: int) -> type[StatusError]:
    if status >= 500:
        return status_errors.GatewayDown
    return BY_STATUS.get(status, status_errors.BadRequest if status >= 400 else StatusError)


def _refined(kind: type[StatusError], said: str) -> type[StatusError]:
    """Some gateways say only in words what decides about the advice."""
    if kind is status_errors.BadRequest and CONTEXT.search(said):
        return status_errors.ContextTooLong
    if kind is status_errors.RateLimited and QUOTA.search(said):
        return status_errors.QuotaUsedUp
    if kind is status_errors.NotFound and MODEL.search(said):
        return status_errors.ModelNotFound
    return kind


def _code_in(body: bytes) -> str:
    try:
        error = as_mapping(as_mapping(parse_json(body)).get("error"))
    except ValueError:
        return ""
    return f"{error.get('code') or ''} {error.get('type') or ''}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from ``Retry-After-Ms`` or ``Retry-After`` (seconds or a date, RFC 9110, 10.2.3).

    A LiteLLM proxy names its provider's wait ``llm_provider-retry-after``, and often none of its own.
    """
    waits = (_wait(headers, prefix) for prefix in ("", "llm_provider-"))
    return next((wait for wait in waits if wait is not None), None)


def _wait(headers: Mapping[str, str], prefix: str) -> float | None:
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(prefix + name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII):
            return float(value) * scale
    try:
        when = parsedate_to_datetime(headers.get(prefix + "retry-after", "")).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, when - time.time())


def from_transport(error: httpx.RequestError | OSError) -> GatewayError:
    """The error behind an exception of httpx, or one that it let through, before anything of the answer came.

    httpx folds a wrong name, a closed port and a failed handshake into one ``ConnectError``; what it was
    stands in the chain of causes.
    """
    causes = list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return errors.HostNotFound()
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return errors.TLSFailure(
            say("gateway.certificate"),
            advice=say("gateway.certificate.advice"),
        )
    # Only while connecting: "want read" is an SSLError too, and stands in the chain of any later failure.
    if isinstance(error, httpx.ConnectError) and any(isinstance(cause, ssl.SSLError) for cause in causes):
        return errors.TLSFailure()
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return errors.ConnectionRefused()
    return _by_kind(error)


def _by_kind(error: Exception) -> GatewayError:
    match error:
        case httpx.ConnectTimeout():
            found = errors.ConnectTimeout()
        case httpx.TimeoutException():
            found = errors.Stalled()
        case httpx.ProxyError():
            found = errors.ConnectionFailed(say("gateway.proxy"))
        case httpx.RemoteProtocolError() if not _was_cut(error):
            found = errors.NotAnAPI(say("gateway.no_http"))
        case httpx.ReadError() | httpx.WriteError() | httpx.CloseError() | httpx.RemoteProtocolError():
            found = errors.ConnectionLost()
        case httpx.DecodingError():
            found = errors.NotAnAPI(say("gateway.compressed"))
        case _:
            found = errors.ConnectionFailed()
    return found


def _was_cut(error: httpx.RemoteProtocolError) -> bool:
    # A broken protocol and a connection that ended early are one kind of error; only its words differ.
    return "disconnected" in str(error) or "without sending complete" in str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it came from; anyio groups one failure per address that it tried."""
    open_ends = [error]
    seen: set[int] = set()
    while open_ends:
        cause = open_ends.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            open_ends.extend(cause.exceptions)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        open_ends.extend(c for c in (cause.__cause__, cause.__context__) if c is not None)
