"""What the tables are made of: one ``metadata``, one base, and columns that mean the same everywhere."""

from typing import Any, ClassVar, get_args

from sqlalchemy import CheckConstraint, MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chat_ui.store.columns import UtcTime, Words

__all__ = [
    "Table",
    "key",
    "metadata",
    "one_of",
    "parent",
    "time",
    "time_or_none",
    "words",
    "words_or_none",
]

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def one_of(column: str, choices: Any) -> CheckConstraint:
    """A check that a column holds one of the words of a ``Literal``."""
    choice_words = ", ".join(f"'{choice}'" for choice in get_args(choices))
    return CheckConstraint(f"{column} IN ({choice_words})", name=column)


def key() -> Any:
    """A text that is the primary key, or part of it."""
    return Field(primary_key=True, sa_type=Words)


def parent(column: str) -> Any:
    """A row of another table, with which this one goes."""
    return Field(foreign_key=column, ondelete="CASCADE", sa_type=Words)


def words() -> Any:
    """A text."""
    return Field(sa_type=Words)


def words_or_none() -> Any:
    """A text, or none."""
    return Field(default=None, sa_type=Words)


def time() -> Any:
    """A moment."""
    return Field(sa_type=UtcTime)


def time_or_none() -> Any:
    """A moment, or none."""
    return Field(default=None, sa_type=UtcTime)


class Table(SQLModel, registry=registry(metadata=metadata)):
    """Base of every row; all tables are of one ``metadata``."""

    __tablename__: ClassVar[Any]
