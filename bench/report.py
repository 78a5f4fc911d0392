"""Results as markdown, and their places in the documents."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

__all__ = ["circumstances", "publish", "table", "tell"]

ROOT = Path(__file__).resolve().parent.parent


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table, its first column to the left and the others to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def circumstances(*packages: str) -> str:
    """When, on what and with which versions something was measured."""
    facts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"Python {platform.python_version()}",
        f"{platform.system()} on {_processor()}, {os.cpu_count()} cores",
        *(f"{package} {version(package)}" for package in packages),
    ]
    return "Measured " + ", ".join(facts) + "."


def tell(words: str) -> str:
    """Say something to whoever waits for the result; returns it."""
    print(words, file=sys.stderr, flush=True)
    return words


def publish(page: str, section: str, text: str) -> None:
    """Put a text in place of what stands between a section's two marks in a document."""
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    path = ROOT / page
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    written, found = marked.subn(lambda _: f"{begin}\n{text}\n{end}", path.read_text())
    if not found:
        raise ValueError(f"{page} has no section {section}")
    path.write_text(written)


def _processor() -> str:
    """The processor's name; Python itself knows it on few systems."""
    facts = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*:\s*(.+)$", facts.read_text(), re.MULTILINE) if facts.exists() else None
    return named[1] if named else platform.processor() or platform.machine()
