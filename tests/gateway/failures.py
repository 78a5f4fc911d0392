"""Every failure that a person may meet, and the table of them in docs/gateways.md.

After a change to the words: ``uv run python -m tests.gateway.failures``.
"""

# ruff: noqa: E501 - a table is read by its columns

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx

from chat_ui.gateway import GatewayError, GatewayProfile, Receipt, Side, errors, status_errors
from chat_ui.gateway.classify import from_status, from_transport
from chat_ui.gateway.decode import StreamDecoder
from chat_ui.gateway.models import parse_models
from chat_ui.gateway.payment_errors import (
    CapReached,
    MainnetIsOff,
    OfferRefused,
    PayeeChanged,
    PaymentRejected,
)
from chat_ui.gateway.retry import may_help
from chat_ui.gateway.sse import ServerSentEvent

__all__ = ["DOCS", "FAILURES", "Failure", "documented", "table"]

DOCS = Path(__file__).parents[2] / "docs" / "gateways.md"
BEGIN = "<!-- failures: written by tests/gateway/failures.py -->"
END = "<!-- end of failures -->"
WHOSE: dict[Side, str] = {
    "you": "yours",
    "site": "this site's",
    "gateway": "the gateway's",
    "network": "the network's",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure.

    Args:
        name: what happens, for the docs.
        cause: makes the error as the site does.
        kind: the class it must be.
        side: whose turn it is.
        says: a word of the summary.
        advises: a word of the next step.
    """

    name: str
    cause: Callable[[], GatewayError]
    kind: type[GatewayError]
    side: Side
    says: str
    advises: str


def status(code: int, body: str = "", **headers: str) -> Callable[[], GatewayError]:
    """A status that says no."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: from_status(code, httpx.Headers(named), body.encode())


def connecting(cause: BaseException) -> Callable[[], GatewayError]:
    """An exception in the chain behind httpx's own."""

    def make() -> GatewayError:
        raised = httpx.ConnectError("all attempts failed")
        raised.__cause__ = cause
        return from_transport(raised)

    return make


def transport(raised: httpx.RequestError) -> Callable[[], GatewayError]:
    """What httpx raises."""
    return lambda: from_transport(raised)


def raising(work: Callable[[], object]) -> Callable[[], GatewayError]:
    """What something of the site raises."""

    def make() -> GatewayError:
        try:
            work()
        except GatewayError as error:
            return error
        raise AssertionError("nothing went wrong")

    return make


def sent(data: str, name: str = "message") -> Callable[[], GatewayError]:
    """An event inside an answer."""
    return raising(lambda: StreamDecoder().feed(ServerSentEvent(name, data)))


NO_JSON_LATER = (
    '{"choices": [{"index": 0, "delta": {"content": "Hi"}}]}',
    "half a chu",
)


def unreadable() -> None:
    decoder = StreamDecoder()
    for data in NO_JSON_LATER:
        decoder.feed(ServerSentEvent("message", data))


def paid_in_vain() -> GatewayError:
    error = PaymentRejected(Receipt(None, "0xabc", Decimal("0.10"), "eip155:84532", "0x1"))
    error.paid = True
    return error


def over_the_cap() -> GatewayError:
    return CapReached("day", limit=Decimal(1), spent=Decimal("0.95"), price=Decimal("0.10"))


def other_payee() -> GatewayError:
    return PayeeChanged(old="0x1", new="0x2", host="gateway.example", network="eip155:84532", asset="0x3")


FAILURES: tuple[Failure, ...] = (
    Failure("base URL without http", raising(lambda: GatewayProfile("g", "ftp://x")), errors.InvalidBaseURL, "you", "http://", "address"),
    Failure("key with a curly quote", raising(lambda: GatewayProfile("g", "http://x", key="“sk”")), errors.InvalidKey, "you", "characters", "Copy the key"),
    Failure("no such host (DNS)", connecting(socket.gaierror(-2, "not known")), errors.HostNotFound, "network", "host name", "spelling"),
    Failure("connection refused", connecting(ConnectionRefusedError()), errors.ConnectionRefused, "gateway", "refuses", "port"),
    Failure("network unreachable", connecting(OSError(101, "unreachable")), errors.ConnectionFailed, "network", "reached", "network"),
    Failure("certificate not trusted", connecting(ssl.SSLCertVerificationError()), errors.TLSFailure, "gateway", "certificate", "host name"),
    Failure("TLS to a server without it", connecting(ssl.SSLError()), errors.TLSFailure, "gateway", "secure connection", "http://"),
    Failure("no connection in time", transport(httpx.ConnectTimeout("")), errors.ConnectTimeout, "network", "doesn't answer", "firewall"),
    Failure("proxy refuses", transport(httpx.ProxyError("403")), errors.ConnectionFailed, "network", "proxy", "network"),
    Failure("connection closed before the answer", transport(httpx.ReadError("")), errors.ConnectionLost, "gateway", "closed", "moment"),
    Failure("something that speaks no HTTP", transport(httpx.RemoteProtocolError("illegal status line")), errors.NotAnAPI, "you", "HTTP", "/v1"),
    Failure("no status in time", errors.HeadersTimeout, errors.HeadersTimeout, "gateway", "nothing at all", "another model"),
    Failure("no first word in time", errors.FirstContentTimeout, errors.FirstContentTimeout, "gateway", "no answer began", "another model"),
    Failure("silence in the middle", errors.Stalled, errors.Stalled, "gateway", "stopped sending", "go on"),
    Failure("an answer without end", errors.TookTooLong, errors.TookTooLong, "site", "longer than this site", "shorter"),
    Failure("another address (3xx)", status(307), status_errors.UnexpectedRedirect, "you", "another address", "base URL"),
    Failure("bad request (400, 422)", status(400, '{"error": {"message": "bad"}}'), status_errors.BadRequest, "gateway", "doesn't accept", "other settings"),
    Failure("context too long (400)", status(400, '{"error": {"code": "context_length_exceeded"}}'), status_errors.ContextTooLong, "you", "longer than this model", "new chat"),
    Failure("key refused (401)", status(401), status_errors.Unauthorized, "you", "key", "Check"),
    Failure("key refused by a LiteLLM proxy without a database (400)", status(400, '{"error": {"message": "No connected db.", "type": "no_db_connection", "param": null, "code": "400"}}'), status_errors.Unauthorized, "you", "key", "master key"),
    Failure("balance too low (402)", status(402, '{"error": {"type": "insufficient_balance"}}'), status_errors.PaymentRequired, "you", "balance", "Top up"),
    Failure("paid per request, where no wallet is set up (402)", status(402, '{"x402Version": 1, "accepts": [], "error": "Payment required"}'), status_errors.PaymentRequired, "site", "paid for each request", "wallet"),
    Failure("not allowed (403)", status(403, "insufficient scope"), status_errors.Forbidden, "you", "allowed", "another model"),
    Failure("no such path (404, 405)", status(404), status_errors.NotFound, "you", "nothing at this address", "/v1"),
    Failure("no such model (404)", status(404, '{"error": {"code": "model_not_found"}}'), status_errors.ModelNotFound, "you", "model", "list"),
    Failure("timeout of the gateway's own (408)", status(408), status_errors.GatewayDown, "gateway", "problem of its own", "moment"),
    Failure("too large (413)", status(413), status_errors.TooLarge, "you", "too large", "Shorten"),
    Failure("too many requests (429)", status(429, retry_after="7"), status_errors.RateLimited, "gateway", "too many requests", "Wait"),
    Failure("budget spent (429)", status(429, '{"error": "monthly budget exceeded"}'), status_errors.QuotaUsedUp, "you", "budget", "Raise"),
    Failure("too many answers at once (429)", status(429, x_ratelimit_policy="concurrency"), status_errors.TooManyAtOnce, "you", "at once", "stop one"),
    Failure("gateway failed (500)", status(500), status_errors.GatewayDown, "gateway", "problem of its own", "another model"),
    Failure("no provider left (502)", status(502, "all providers failed"), status_errors.GatewayDown, "gateway", "problem of its own", "another model"),
    Failure("overloaded (503, 529)", status(529), status_errors.GatewayDown, "gateway", "problem of its own", "moment"),
    Failure("provider too slow (504)", status(504), status_errors.GatewayDown, "gateway", "problem of its own", "moment"),
    Failure("a web page", sent("<html>Sign in</html>"), errors.NotAnAPI, "you", "isn't a chat gateway", "/v1"),
    Failure("no models", raising(lambda: parse_models(b'{"data": null}')), errors.NoModels, "gateway", "no models", "Enable"),
    Failure("an empty answer", errors.EmptyAnswer, errors.EmptyAnswer, "gateway", "empty answer", "too long"),
    Failure("an error inside an answer", sent('{"error": "out of memory"}'), errors.StreamError, "gateway", "reported an error", "Try again"),
    Failure("bad JSON in the middle", raising(unreadable), errors.StreamError, "gateway", "unreadable", "Try again"),
    Failure("a piece that never ends", errors.EventTooLarge, errors.EventTooLarge, "gateway", "8 MB", "another model"),
    Failure("cut in the middle", errors.StreamCut, errors.StreamCut, "network", "middle of the answer", "go on"),
    Failure("a payment of another kind than allowed", OfferRefused, OfferRefused, "gateway", "doesn't make", "Nothing was paid"),
    Failure("real money, where only test money is on", MainnetIsOff, MainnetIsOff, "site", "real money", "switch"),
    Failure("another payee than before", other_payee, PayeeChanged, "you", "another address", "Ask the gateway"),
    Failure("a cap reached", over_the_cap, CapReached, "you", "limit per day", "cheaper"),
    Failure("paid, and asked to pay again", paid_in_vain, PaymentRejected, "gateway", "asked for payment again", "0xabc"),
)  # fmt: skip


def table() -> str:
    """The failures as a table in Markdown."""
    rows = [
        "| what happens | what the page says | whose turn | what to do | asked again |",
        "| --- | --- | --- | --- | --- |",
    ]
    for failure in FAILURES:
        error = failure.cause()
        again = "by itself" if may_help(error) else ""
        cells = (failure.name, error.summary, WHOSE[error.side], error.advice, again)
        rows.append("| " + " | ".join(cells).rstrip() + " |")
    return "\n".join(rows)


def documented() -> str:
    """The table as it stands in the docs."""
    return DOCS.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def _write() -> None:
    before, begin, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    DOCS.write_text(f"{before}{begin}\n{table()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    _write()
