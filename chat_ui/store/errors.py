"""Errors of the store.

Every text says which file or row it is about, what is wrong and what to do next::

    StoreError            the database, or a file beside it, can't be used
    ├── NotFoundError     there is no such row, or it is another person's
    └── ConflictError     a row contradicts those already stored
"""

from __future__ import annotations

__all__ = ["ConflictError", "NotFoundError", "StoreError"]


class StoreError(Exception):
    """The database, or a file beside it, can't be used; the text says why and what to do."""


class NotFoundError(StoreError):
    """There is no such row, or it is another person's: the two are never told apart."""


class ConflictError(StoreError):
    """A row contradicts those already stored: its id or client id is taken, or its parent is missing."""
