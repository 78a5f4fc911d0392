"""Errors of the store.

Every text says which file or row it is about, what is wrong and what to do next, to whoever runs the
site; the kind of trouble says as much of it as anybody may know::

    StoreError            the database, or a file beside it, can't be used
    ├── NotFoundError     there is no such row, or it is another person's
    ├── ConflictError     a row contradicts those already stored
    ├── OverBudgetError   of ``payments.py``
    └── OtherPayeeError   of ``payees.py``
"""

from __future__ import annotations

from typing import Literal

__all__ = ["ConflictError", "NotFoundError", "StoreError", "Trouble"]

Trouble = Literal["away", "busy", "closing", "conflict", "connection", "full", "missing", "unusable"]


class StoreError(Exception):
    """The database, or a file beside it, can't be used; the text says why and what to do.

    Args:
        text: for whoever runs the site.
        trouble: what kind it is; as its class has it, unless something is known more exactly.
    """

    trouble: Trouble = "unusable"

    def __init__(self, text: str, trouble: Trouble | None = None) -> None:
        super().__init__(text)
        if trouble is not None:
            self.trouble = trouble


class NotFoundError(StoreError):
    """There is no such row, or it is another person's: the two are never told apart."""

    trouble = "missing"


class ConflictError(StoreError):
    """A row contradicts those already stored: its id or client id is taken, or its parent is missing."""

    trouble = "conflict"
