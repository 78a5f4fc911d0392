"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Integer, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

__all__ = ["ExactDecimal", "UtcTime", "Words", "bytes_in", "storable"]

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Make a text one that a database can keep.

    NUL characters (which PostgreSQL refuses) and lone surrogates (which have no UTF-8 form, but which
    a gateway's JSON may hold) become U+FFFD, so that one bad character can't lose an answer.
    """
    return _UNSTORABLE.sub("\ufffd", text)


class Words(TypeDecorator[str]):
    """Text of any length, made ``storable``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make a text storable."""
        return None if value is None else storable(value)


class UtcTime(TypeDecorator[datetime]):
    """A moment, in UTC. A naive datetime is refused with a ``ValueError``, because it names no moment."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a moment into what the database keeps."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"a stored time needs a time zone; {value.isoformat()} has none")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what the database keeps into an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.utcoffset() is None else value.astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """An amount, kept as text, because SQLite's numbers are binary fractions."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Turn an amount into its digits; infinities and NaN are refused with a ``ValueError``."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"a stored amount must be finite, not {value}")
        return str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Turn digits into an amount."""
        return None if value is None else Decimal(value)


class bytes_in(FunctionElement[int]):  # noqa: N801 - it is written like the database's own functions
    """How many bytes a text is in UTF-8."""

    type = Integer()
    inherit_cache = True


@compiles(bytes_in)
def _octets(element: bytes_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"octet_length({compiler.process(element.clauses, **options)})"


@compiles(bytes_in, "sqlite")
def _octets_of_sqlite(element: bytes_in, compiler: SQLCompiler, **options: Any) -> str:
    # Its own octet_length is younger than the SQLite of many systems.
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"
