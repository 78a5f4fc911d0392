"""Everything that can go wrong between this site and a gateway, as one tree.

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

__all__ = [
    "BadRequest",
    "BrokenStream",
    "ConnectTimeout",
    "ConnectionFailed",
    "ConnectionLost",
    "ConnectionRefused",
    "ContextTooLong",
    "EmptyAnswer",
    "EventTooLarge",
    "FirstContentTimeout",
    "Forbidden",
    "GatewayDown",
    "GatewayError",
    "HeadersTimeout",
    "HostNotFound",
    "InvalidBaseURL",
    "InvalidKey",
    "ModelNotFound",
    "NoModels",
    "NotAnAPI",
    "NotFound",
    "PaymentRequired",
    "QuotaUsedUp",
    "RateLimited",
    "Side",
    "Stalled",
    "StatusError",
    "StreamCut",
    "StreamError",
    "TLSFailure",
    "TooLarge",
    "TooManyAtOnce",
    "TooSlow",
    "TookTooLong",
    "Unauthorized",
    "UnexpectedRedirect",
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

    summary: str = "The gateway could not be used."
    advice: str = "Try again; if it happens again, tell whoever runs this site."
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
        code = "" if self.status is None else f" (HTTP {self.status})"
        return f"The gateway's own words{code}: “{self.detail}”"


class InvalidBaseURL(GatewayError):
    """The base URL of a gateway can't be used as one."""

    summary = "The gateway's base URL can't be used."
    advice = "Enter the address as the gateway's documentation gives it, such as https://gateway.example/v1."
    side = "you"


class InvalidKey(GatewayError):
    """The key holds characters that no HTTP header can carry."""

    summary = "The key holds characters that a key can't have, such as spaces or curly quotes."
    advice = "Copy the key again from the gateway's own page."
    side = "you"


class ConnectionFailed(GatewayError):
    """No answer came back; the subclasses know why."""

    summary = "The gateway can't be reached."
    advice = "Check the network and the base URL, then try again."
    side = "network"


class HostNotFound(ConnectionFailed):
    """The name has no address (DNS)."""

    summary = "The gateway's host name can't be found."
    advice = "Check the spelling of the base URL, then the network's name service (DNS)."


class ConnectionRefused(ConnectionFailed):
    """The host is there, and nothing listens on the port."""

    summary = "The gateway's host is there, but refuses the connection."
    advice = "Check the port in the base URL, and that the gateway is running."
    side = "gateway"


class TLSFailure(ConnectionFailed):
    """No secure connection could be agreed on."""

    summary = "No secure connection to the gateway could be made."
    advice = "A server without TLS, as many local ones are, needs a base URL that begins with http://."
    side = "gateway"


class ConnectTimeout(ConnectionFailed):
    """No connection came about in time."""

    summary = "The gateway's host doesn't answer."
    advice = "Check the base URL, and that no firewall is in the way."


class ConnectionLost(ConnectionFailed):
    """The connection closed before anything of the answer had come."""

    summary = "The gateway closed the connection before it answered."
    advice = "Try again in a moment."
    side = "gateway"


class TooSlow(GatewayError):
    """The gateway took the request and then was silent for too long."""

    summary = "The gateway took too long."
    advice = "Try again, or choose another model."


class HeadersTimeout(TooSlow):
    """Not even the status of an answer came in time."""

    summary = "The gateway took the request and then said nothing at all."


class FirstContentTimeout(TooSlow):
    """Nothing of an answer came in time: no text, no reasoning, no tool call."""

    summary = "The gateway took the request, but no answer began in time."


class Stalled(TooSlow):
    """Data stopped coming in the middle. What came before is good."""

    summary = "The gateway stopped sending in the middle of its answer."
    advice = "What came is kept; ask again, or ask it to go on."


class TookTooLong(TooSlow):
    """The answer went on for longer than any answer may. What came is good."""

    summary = "The answer took longer than this site waits for one."
    advice = "What came is kept; ask it to go on, or for a shorter answer."
    side = "site"


class StatusError(GatewayError):
    """The gateway answered with a status that says no."""

    summary = "The gateway refused the request."


class BadRequest(StatusError):
    """The gateway doesn't accept the request as it is (400, 422, other 4xx)."""

    summary = "The gateway doesn't accept the request."
    advice = "Choose another model or other settings; the gateway's own words say more."


class ContextTooLong(BadRequest):
    """The conversation is longer than the model can read."""

    summary = "The conversation is longer than this model can read."
    advice = "Start a new chat, shorten the message, or choose a model with a larger context window."
    side = "you"


class Unauthorized(StatusError):
    """The key is missing or not accepted (401)."""

    summary = "The gateway doesn't accept the key."
    advice = "Check the gateway's key; a new one may take a few seconds to work."
    side = "you"


class PaymentRequired(StatusError):
    """The balance is too low (402)."""

    summary = "The balance at the gateway is too low for this request."
    advice = "Top up the balance there, or choose a cheaper model or a shorter answer."
    side = "you"


class Forbidden(StatusError):
    """The key is known, but not allowed to do this (403)."""

    summary = "The key isn't allowed to do this at the gateway."
    advice = "Choose another model, or allow it for this key at the gateway."
    side = "you"


class NotFound(StatusError):
    """There is no such path (404, 405)."""

    summary = "The gateway has nothing at this address."
    advice = "Check the base URL: it usually ends in /v1."
    side = "you"


class ModelNotFound(NotFound):
    """The path is right; the model isn't known there (404)."""

    summary = "The gateway doesn't know this model."
    advice = "Choose another model from the gateway's list."


class TooLarge(StatusError):
    """The request has too many bytes (413)."""

    summary = "The request is too large for the gateway."
    advice = "Shorten the message, or start a new chat."
    side = "you"


class RateLimited(StatusError):
    """Too many requests in a short time (429)."""

    summary = "The gateway gets too many requests at the moment."
    advice = "Wait a little, then try again."


class QuotaUsedUp(RateLimited):
    """A budget or quota is spent, so waiting a little doesn't help (429)."""

    summary = "The budget or quota at the gateway is used up."
    advice = "Raise it at the gateway, or choose another gateway."
    side = "you"


class TooManyAtOnce(RateLimited):
    """As many answers as the gateway allows at a time are on their way (429).

    ai& sends no ``Retry-After`` with this, because the time until one of them ends isn't known.
    """

    summary = "The gateway writes as many answers at once as it allows."
    advice = "Wait until another answer has ended, or stop one, then try again."
    side = "you"


class GatewayDown(StatusError):
    """The gateway, or the model behind it, failed (5xx, 408)."""

    summary = "The gateway has a problem of its own."
    advice = "Try again in a moment, or choose another model."


class UnexpectedRedirect(StatusError):
    """The gateway sends us to another address (3xx), which is not followed: the key would travel along."""

    summary = (
        "The gateway points to another address, which isn't followed because the key would go there too."
    )
    advice = "If the other address is the right one, make it the base URL."
    side = "you"


class NotAnAPI(GatewayError):
    """What answered isn't a gateway: a web page, or bytes that mean nothing here."""

    summary = "What answers at this address isn't a chat gateway."
    advice = "Check the base URL: it usually ends in /v1."
    side = "you"


class NoModels(GatewayError):
    """The gateway works, and lists no model."""

    summary = "The gateway lists no models."
    advice = "Enable a model at the gateway, or name one in the settings."


class BrokenStream(GatewayError):
    """The gateway agreed to answer and then failed."""

    summary = "The answer broke off."
    advice = "Try again, or choose another model."


class EmptyAnswer(BrokenStream):
    """The gateway agreed, and nothing came."""

    summary = "The gateway sent an empty answer."
    advice = "Try again; a conversation that is too long for the model can also cause this."


class StreamCut(BrokenStream):
    """The connection was lost in the middle of the answer. What came before is good."""

    summary = "The connection to the gateway was lost in the middle of the answer."
    advice = "What came is kept; ask again, or ask it to go on."
    side = "network"


class StreamError(BrokenStream):
    """The gateway reported an error inside its answer."""

    summary = "The gateway reported an error while it answered."


class EventTooLarge(BrokenStream):
    """One event was larger than any real one is."""

    summary = "The gateway sent a single piece of more than 8 MB."
