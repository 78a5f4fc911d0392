"""What can go wrong with accounts, in words for whoever meets it.

::

    AccountError
    ├── NotLetIn            wrong name or password, or somebody who may not come in: never told apart
    ├── TooOften            more attempts than anybody needs
    ├── TooBusy             more people sign in than the site can check at once
    ├── LinkIsDead          a link that was used, is too old, or never was one
    ├── NameIsTaken
    ├── UnfitName
    ├── UnfitPassword
    ├── LastAdmin           nobody would be left to run the site
    ├── NoSuchPerson
    └── NotAllowed          only admins may
"""
# ruff: noqa: N818 - these names say what happened; "Error" on each would only make them longer.

from __future__ import annotations

from datetime import timedelta

__all__ = [
    "AccountError",
    "LastAdmin",
    "LinkIsDead",
    "NameIsTaken",
    "NoSuchPerson",
    "NotAllowed",
    "NotLetIn",
    "TooBusy",
    "TooOften",
    "UnfitName",
    "UnfitPassword",
    "in_words",
]


class AccountError(Exception):
    """Base of this tree; the text says what happened and what to do next."""


class NotLetIn(AccountError):
    """The name and the password don't belong together, or the person may not come in."""

    def __init__(self) -> None:
        super().__init__(
            "That name and password don't fit. Try again, or ask an admin of this site for a new password."
        )


class TooOften(AccountError):
    """Too many attempts in a while.

    Args:
        wait: until the next one is looked at.
    """

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(f"Too many attempts. Try again in {in_words(wait)}.")


class TooBusy(AccountError):
    """The site checks as many passwords as it can."""

    def __init__(self) -> None:
        super().__init__("Many people are signing in right now. Try again in a few seconds.")


class LinkIsDead(AccountError):
    """A link that lets nobody in."""

    def __init__(self) -> None:
        super().__init__("This link has been used, or is too old. Ask an admin of this site for a new one.")


class NameIsTaken(AccountError):
    """Somebody else has that name."""

    def __init__(self) -> None:
        super().__init__("That name is taken. Choose another one.")


class UnfitName(AccountError):
    """A name that nobody can sign in with."""

    def __init__(self) -> None:
        super().__init__(
            "A name has 2 to 64 small letters, digits, or any of . _ + @ - and begins with a letter or "
            "digit. An e-mail address is one."
        )


class UnfitPassword(AccountError):
    """A password that is too easily guessed, or too long to check."""


class LastAdmin(AccountError):
    """The site needs somebody who runs it."""

    def __init__(self) -> None:
        super().__init__("This is the only admin. Make somebody else an admin first.")


class NoSuchPerson(AccountError):
    """There is nobody of that id."""

    def __init__(self) -> None:
        super().__init__("There is no such person any more. Reload the page.")


class NotAllowed(AccountError):
    """Only admins may do this."""

    def __init__(self) -> None:
        super().__init__("Only an admin of this site may do that.")


def in_words(wait: timedelta) -> str:
    """How long somebody has to wait, rounded up, as in ``40 seconds`` or ``3 minutes``."""
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds > size:
            number = -(-seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{seconds} second{'s' if seconds > 1 else ''}"
