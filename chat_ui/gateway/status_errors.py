"""What a gateway's answer says by its status: the branch ``StatusError`` of the tree in ``errors``."""
# ruff: noqa: N818 - these names say what happened; "Error" on each would only make them longer.

from __future__ import annotations

from chat_ui.gateway.errors import GatewayError
from chat_ui.words import say

__all__ = [
    "BadRequest",
    "ContextTooLong",
    "Forbidden",
    "GatewayDown",
    "ModelNotFound",
    "NotFound",
    "PaymentRequired",
    "QuotaUsedUp",
    "RateLimited",
    "StatusError",
    "TooLarge",
    "TooManyAtOnce",
    "Unauthorized",
    "UnexpectedRedirect",
]


class StatusError(GatewayError):
    """The gateway answered with a status that says no."""

    summary = say("gateway.status_error")


class BadRequest(StatusError):
    """The gateway doesn't accept the request as it is (400, 422, other 4xx)."""

    summary = say("gateway.bad_request")
    advice = say("gateway.bad_request.advice")


class ContextTooLong(BadRequest):
    """The conversation is longer than the model can read."""

    summary = say("gateway.context_too_long")
    advice = say("gateway.context_too_long.advice")
    side = "you"


class Unauthorized(StatusError):
    """The key is missing or not accepted (401)."""

    summary = say("gateway.unauthorized")
    advice = say("gateway.unauthorized.advice")
    side = "you"


class PaymentRequired(StatusError):
    """The balance is too low (402)."""

    summary = say("gateway.payment_required")
    advice = say("gateway.payment_required.advice")
    side = "you"


class Forbidden(StatusError):
    """The key is known, but not allowed to do this (403)."""

    summary = say("gateway.forbidden")
    advice = say("gateway.forbidden.advice")
    side = "you"


class NotFound(StatusError):
    """There is no such path (404, 405)."""

    summary = say("gateway.not_found")
    advice = say("gateway.not_found.advice")
    side = "you"


class ModelNotFound(NotFound):
    """The path is right; the model isn't known there (404)."""

    summary = say("gateway.model_not_found")
    advice = say("gateway.model_not_found.advice")


class TooLarge(StatusError):
    """The request has too many bytes (413)."""

    summary = say("gateway.too_large")
    advice = say("gateway.too_large.advice")
    side = "you"


class RateLimited(StatusError):
    """Too many requests in a short time (429)."""

    summary = say("gateway.rate_limited")
    advice = say("gateway.rate_limited.advice")


class QuotaUsedUp(RateLimited):
    """A budget or quota is spent, so waiting a little doesn't help (429)."""

    summary = say("gateway.quota_used_up")
    advice = say("gateway.quota_used_up.advice")
    side = "you"


class TooManyAtOnce(RateLimited):
    """As many answers as the gateway allows at a time are on their way (429).

    ai& sends no ``Retry-After`` with this, because the time until one of them ends isn't known.
    """

    summary = say("gateway.too_many_at_once")
    advice = say("gateway.too_many_at_once.advice")
    side = "you"


class GatewayDown(StatusError):
    """The gateway, or the model behind it, failed (5xx, 408)."""

    summary = say("gateway.gateway_down")
    advice = say("gateway.gateway_down.advice")


class UnexpectedRedirect(StatusError):
    """The gateway sends us to another address (3xx), which is not followed: the key would travel along."""

    summary = say("gateway.unexpected_redirect")
    advice = say("gateway.unexpected_redirect.advice")
    side = "you"
