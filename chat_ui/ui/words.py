"""The page's words, in one place."""

from __future__ import annotations

__all__ = ["EXAMPLES", "GREETING", "SITE"]

SITE = "Chat UI"
GREETING = "What would you like to know?"

# Each shows something of the demo model too.
EXAMPLES = (
    "Show me what markdown can do",
    "Write a short code example",
    "Compare three options in a table",
    "Explain an integral with math",
)
