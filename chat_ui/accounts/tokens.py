"""Tokens: what a browser or a link holds, and what the site keeps of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets

__all__ = ["derived", "form_token", "id_of", "is_same", "new_token"]


def new_token() -> str:
    """A new token: 256 random bits, safe in a cookie and in an address."""
    return secrets.token_urlsafe(32)


def id_of(token: str) -> str:
    """What the site keeps of a token. No salt: nobody guesses 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def derived(id: str, purpose: str) -> str:
    """Another secret that whoever holds the token has, for one purpose; it doesn't tell the id."""
    return hmac.new(id.encode(), purpose.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def form_token(secret: str) -> str:
    """What a form carries to show that it was ours, for a browser with this secret, or session of this id."""
    return derived(secret, "form")


def is_same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that doesn't tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
