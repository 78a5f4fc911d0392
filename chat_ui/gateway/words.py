"""The gateway's own words about an error: found in whatever shape it sent, cleaned of secrets, kept short."""

from __future__ import annotations

import re

from chat_ui.gateway.json_values import as_list, as_mapping, as_text, parse_json, storable

__all__ = ["looks_like_html", "quoted", "said_in_body", "said_in_json"]

LONGEST_WORDS = 300
SHORTEST_KEY = 4  # a shorter "key" is a placeholder, and replacing it would only garble the words

HIDDEN = "[key]"
SECRETS = re.compile(
    r"(?P<lead>\b(?:bearer|basic)\s+)\S+"
    r"|\b(?:sk|pk|rk|gsk|xai|AIza|tokenhub|th)[-_][\w*.\-]{6,}"
    r"|\bAIza[\w\-]{20,}"
    r"|(?P<named>\b(?:x-)?api[-_ ]?key[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]+",
    re.IGNORECASE,
)
HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|center|h1)\b", re.I | re.S)


def scrubbed(text: str, secret: str | None = None) -> str:
    """Replace the given key, and whatever else looks like one, by ``[key]``."""
    if secret and len(secret) >= SHORTEST_KEY:
        text = text.replace(secret, HIDDEN)
    return SECRETS.sub(lambda m: (m["lead"] or m["named"] or "") + HIDDEN, text)


def quoted(text: str | None, secret: str | None = None) -> str | None:
    """Words fit to be shown: storable, on one line, scrubbed, at most about 300 characters."""
    # Scrubbed before it is cut, or half a key could stand at the end.
    words = scrubbed(" ".join(storable(text or "").split()), secret)
    if len(words) > LONGEST_WORDS:
        words = words[:LONGEST_WORDS].rstrip() + "…"
    return words or None


def looks_like_html(text: str) -> bool:
    """Whether a body is a web page, whatever its content type says."""
    return HTML.match(text[:2000]) is not None


def said_in_json(value: object, *, depth: int = 4) -> str | None:
    """The message in an error body.

    Known shapes: ``{"error": {"message": …}}``, ``{"error": "…"}``, ``{"message": …}``, ``{"detail": …}``
    with a string or FastAPI's list of ``{"msg": …}``, and a bare string.
    """
    if isinstance(value, str):
        return as_text(value)
    if depth == 0:
        return None
    for first in as_list(value)[:1]:
        return said_in_json(first, depth=depth - 1)
    body = as_mapping(value)
    for field in ("error", "message", "detail", "msg", "errors", "error_description"):
        if body.get(field) and (words := said_in_json(body[field], depth=depth - 1)):
            return words
    return None


def said_in_body(body: bytes) -> str | None:
    """The message in a body of unknown kind; nothing for a web page, which nobody wants to read as text."""
    text = body.decode("utf-8", "replace").strip()
    if not text or looks_like_html(text):
        return None
    try:
        return said_in_json(parse_json(text))
    except ValueError:
        return text
