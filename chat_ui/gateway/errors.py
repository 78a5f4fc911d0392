"""Everything that can go wrong between this site and a gateway, as one tree.

The branch ``StatusError`` stands in ``status_errors``; what goes wrong with paying, in ``payment_errors``.

GatewayError
├── InvalidBaseURL            the address can't be one
├── InvalidKey                the key can't be one
├── ConnectionFailed          no answer came back
│   ├── HostNotFound
│   ├── ConnectionRefused
│   ├── TLSFailure
│   ├── ConnectTimeout
│   └── ConnectionLost
├── TooSlow                   connected, then silent
│   ├── HeadersTimeout
│   ├── FirstContentTimeout
│   ├── Stalled
│   └── TookTooLong
├── StatusError               answered with a status that says no
│   ├── BadRequest            400, 422 and other 4xx
│   │   └── ContextTooLong
│   ├── Unauthorized          401
│   ├── PaymentRequired       402
│   ├── Forbidden             403
│   ├── NotFound              404, 405
│   │   └── ModelNotFound
│   ├── TooLarge              413
│   ├── RateLimited           429
│   │   ├── QuotaUsedUp
│   │   └── TooManyAtOnce
│   ├── GatewayDown           5xx, 408
│   └── UnexpectedRedirect    3xx
├── NotAnAPI                  answered with something else than an API would
├── NoModels
└── BrokenStream              said yes, then failed
    ├── EmptyAnswer
    ├── StreamCut
    ├── StreamError
    └── EventTooLarge
"""
# ruff: noqa: N818 - these names say what happened; "Error" on each would only make them longer.

from __future__ import annotations

from typing import Literal, TypeAlias

from chat_ui.words import say

__all__ = [
    "BrokenStream",
    "ConnectTimeout",
    "ConnectionFailed",
    "ConnectionLost",
    "ConnectionRefused",
    "EmptyAnswer",
    "EventTooLarge",
    "FirstContentTimeout",
    "GatewayError",
    "HeadersTimeout",
    "HostNotFound",
    "InvalidBaseURL",
    "InvalidKey",
    "NoModels",
    "NotAnAPI",
    "Side",
    "Stalled",
    "StreamCut",
    "StreamError",
    "TLSFailure",
    "TooSlow",
    "TookTooLong",
]

Side: TypeAlias = Literal["you", "site", "gateway", "network"]


class GatewayError(Exception):
    """Something went wrong with a gateway; ``str()`` of it can be shown to a person.

    Args:
        summary: what happened, as a sentence.
        advice: what to do next, as a sentence.
        side: whose turn it is: the person's, this site's, the gateway's, or the network's between.
        status: the HTTP status, where there was one.
        detail: the gateway's own words, short and without secrets.
        retry_after: seconds after which the gateway wants to be asked again.

    ``paid`` is true where a payment for the request has left: whoever asks again then pays again.
    ``should_retry`` is what the gateway says about asking again at once, where it says something.
    """

    summary: str = say("gateway.error")
    advice: str = say("gateway.error.advice")
    side: Side = "gateway"
    paid: bool = False
    should_retry: bool | None = None

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        summary: str | None = None,
        *,
        advice: str | None = None,
        side: Side | None = None,
        status: int | None = None,
        detail: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.summary = summary or self.summary
        self.advice = advice or self.advice
        self.side = side or self.side
        self.status = status
        self.detail = detail
        self.retry_after = retry_after
        super().__init__(" ".join(filter(None, (self.summary, self.advice, self._own_words()))))

    def _own_words(self) -> str:
        if not self.detail:
            return "" if self.status is None else f"(HTTP {self.status})"
        if self.status is None:
            return say("gateway.own_words", words=self.detail)
        return say("gateway.own_words.status", words=self.detail, status=self.status)


class InvalidBaseURL(GatewayError):
    """The base URL of a gateway can't be used as one."""

    summary = say("gateway.invalid_base_url")
    advice = say("gateway.invalid_base_url.advice")
    side = "you"


class InvalidKey(GatewayError):
    """The key holds characters that no HTTP header can carry."""

    summary = say("gateway.invalid_key")
    advice = say("gateway.invalid_key.advice")
    side = "you"


class ConnectionFailed(GatewayError):
    """No answer came back; the subclasses know why."""

    summary = say("gateway.connection_failed")
    advice = say("gateway.connection_failed.advice")
    side = "network"


class HostNotFound(ConnectionFailed):
    """The name has no address (DNS)."""

    summary = say("gateway.host_not_found")
    advice = say("gateway.host_not_found.advice")


class ConnectionRefused(ConnectionFailed):
    """The host is there, and nothing listens on the port."""

    summary = say("gateway.connection_refused")
    advice = say("gateway.connection_refused.advice")
    side = "gateway"


class TLSFailure(ConnectionFailed):
    """No secure connection could be agreed on."""

    summary = say("gateway.tls_failure")
    advice = say("gateway.tls_failure.advice")
    side = "gateway"


class ConnectTimeout(ConnectionFailed):
    """No connection came about in time."""

    summary = say("gateway.connect_timeout")
    advice = say("gateway.connect_timeout.advice")


class ConnectionLost(ConnectionFailed):
    """The connection closed before anything of the answer had come."""

    summary = say("gateway.connection_lost")
    advice = say("gateway.connection_lost.advice")
    side = "gateway"


class TooSlow(GatewayError):
    """The gateway took the request and then was silent for too long."""

    summary = say("gateway.too_slow")
    advice = say("gateway.too_slow.advice")


class HeadersTimeout(TooSlow):
    """Not even the status of an answer came in time."""

    summary = say("gateway.headers_timeout")


class FirstContentTimeout(TooSlow):
    """Nothing of an answer came in time: no text, no reasoning, no tool call."""

    summary = say("gateway.first_content_timeout")


class Stalled(TooSlow):
    """Data stopped coming in the middle. What came before is good."""

    summary = say("gateway.stalled")
    advice = say("gateway.stalled.advice")


class TookTooLong(TooSlow):
    """The answer went on for longer than any answer may. What came is good."""

    summary = say("gateway.took_too_long")
    advice = say("gateway.took_too_long.advice")
    side = "site"


class NotAnAPI(GatewayError):
    """What answered isn't a gateway: a web page, or bytes that mean nothing here."""

    summary = say("gateway.not_an_api")
    advice = say("gateway.not_an_api.advice")
    side = "you"


class NoModels(GatewayError):
    """The gateway works, and lists no model."""

    summary = say("gateway.no_models")
    advice = say("gateway.no_models.advice")


class BrokenStream(GatewayError):
    """The gateway agreed to answer and then failed."""

    summary = say("gateway.broken_stream")
    advice = say("gateway.broken_stream.advice")


class EmptyAnswer(BrokenStream):
    """The gateway agreed, and nothing came."""

    summary = say("gateway.empty_answer")
    advice = say("gateway.empty_answer.advice")


class StreamCut(BrokenStream):
    """The connection was lost in the middle of the answer. What came before is good."""

    summary = say("gateway.stream_cut")
    advice = say("gateway.stream_cut.advice")
    side = "network"


class StreamError(BrokenStream):
    """The gateway reported an error inside its answer."""

    summary = say("gateway.stream_error")


class EventTooLarge(BrokenStream):
    """One event was larger than any real one is."""

    summary = say("gateway.event_too_large")
