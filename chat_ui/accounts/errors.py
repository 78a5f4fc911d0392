"""What can go wrong with accounts, in words for whoever meets it.

::

    AccountError
    ├── NotLetIn            wrong name or password, or somebody who may not come in: never told apart
    ├── WrongPassword       of somebody who is in, and has to show that it is them
    ├── TooOften            more attempts than anybody needs
    ├── TooBusy             more people sign in than the site can check at once
    ├── LinkIsDead          a link that was used, is too old, or never was one
    ├── NameIsTaken
    ├── UnfitName
    ├── UnfitPassword
    ├── LastAdmin           nobody would be left to run the site
    ├── NoSuchPerson
    ├── NotAllowed          only admins may
    └── OverLimit, OverBudget, PriceUnknown     of ``accounts/limits.py``
"""
# ruff: noqa: N818 - these names say what happened; "Error" on each would only make them longer.

from __future__ import annotations

from datetime import timedelta

from chat_ui.words import say

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
    "WrongPassword",
    "in_words",
]


class AccountError(Exception):
    """Base of this tree; the text says what happened and what to do next."""


class NotLetIn(AccountError):
    """The name and the password don't belong together, or the person may not come in."""

    def __init__(self) -> None:
        super().__init__(say("accounts.not_let_in"))


class WrongPassword(AccountError):
    """Whoever is signed in doesn't know the account's password."""

    def __init__(self) -> None:
        super().__init__(say("accounts.wrong_password"))


class TooOften(AccountError):
    """Too many attempts in a while.

    Args:
        wait: until the next one is looked at.
    """

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(say("accounts.too_often", wait=in_words(wait)))


class TooBusy(AccountError):
    """The site checks as many passwords as it can."""

    def __init__(self) -> None:
        super().__init__(say("accounts.too_busy"))


class LinkIsDead(AccountError):
    """A link that lets nobody in."""

    def __init__(self) -> None:
        super().__init__(say("accounts.link_is_dead"))


class NameIsTaken(AccountError):
    """Somebody else has that name."""

    def __init__(self) -> None:
        super().__init__(say("accounts.name_is_taken"))


class UnfitName(AccountError):
    """A name that nobody can sign in with."""

    def __init__(self) -> None:
        super().__init__(say("accounts.unfit_name"))


class UnfitPassword(AccountError):
    """A password that is too easily guessed, or too long to check."""


class LastAdmin(AccountError):
    """The site needs somebody who runs it."""

    def __init__(self) -> None:
        super().__init__(say("accounts.last_admin"))


class NoSuchPerson(AccountError):
    """There is nobody of that id."""

    def __init__(self) -> None:
        super().__init__(say("accounts.no_such_person"))


class NotAllowed(AccountError):
    """Only admins may do this."""

    def __init__(self) -> None:
        super().__init__(say("accounts.not_allowed"))


def in_words(wait: timedelta) -> str:
    """How long somebody has to wait, rounded up, as in ``40 seconds`` or ``3 minutes``."""
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds > size:
            number = -(-seconds // size)
            return say(f"time.{unit}" if number == 1 else f"time.{unit}s", count=number)
    return say("time.second" if seconds == 1 else "time.seconds", count=seconds)
