"""What was found, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "fails", "good", "report", "warns"]

MARKS = {"good": "ok  ", "warning": "!   ", "failure": "FAIL"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        about: what, in a word or two.
        state: how it is; a warning is no reason not to open the site.
        words: what was seen.
        side: whose side it is, where something is wrong.
        todo: what to do about it.
    """

    about: str
    state: Literal["good", "warning", "failure"]
    words: str
    side: str = ""
    todo: str = ""

    def __str__(self) -> str:
        lines = [f"{MARKS[self.state]} {self.about}: {self.words}"]
        if self.side:
            lines.append(f"     Whose side: {self.side}")
        if self.todo:
            lines.append(f"     What to do: {self.todo}")
        return "\n".join(lines)


def good(about: str, words: str) -> Finding:
    """It is as it should be."""
    return Finding(about, "good", words)


def warns(about: str, words: str, *, side: str, todo: str) -> Finding:
    """It works, but not as well or as safely as it could."""
    return Finding(about, "warning", words, side, todo)


def fails(about: str, words: str, *, side: str, todo: str = "") -> Finding:
    """It doesn't work; where nothing is said to do, the words say it."""
    return Finding(about, "failure", words, side, todo)


def report(findings: list[Finding]) -> str:
    """All of it, with a last line that sums it up."""
    failures = sum(one.state == "failure" for one in findings)
    warnings = sum(one.state == "warning" for one in findings)
    if failures:
        last = f"{_counted(failures, 'thing')} to mend."
    elif warnings:
        last = f"It works. {_counted(warnings, 'thing')} to look at."
    else:
        last = "All is well."
    return "\n".join([*map(str, findings), "", last])


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("s" if number != 1 else "")
