"""The addresses of the site's pages."""

from __future__ import annotations

__all__ = ["ADMIN", "CONVERSATION", "CONVERSATION_PREFIX", "NEW_CHAT", "NOWHERE", "SETTINGS", "conversation"]

ADMIN = "/admin"
NEW_CHAT = "/"
SETTINGS = "/settings"
# All other addresses, as Reflex calls them.
NOWHERE = "404"
CONVERSATION_PREFIX = "/c/"
CONVERSATION = f"{CONVERSATION_PREFIX}[conversation]"


def conversation(conversation_id: str) -> str:
    """The address of one conversation."""
    return f"{CONVERSATION_PREFIX}{conversation_id}"
