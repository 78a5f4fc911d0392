"""Reading JSON of which nothing is certain: what has another type than expected counts as absent."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, cast

__all__ = [
    "LARGEST_COUNT",
    "as_amount",
    "as_count",
    "as_list",
    "as_mapping",
    "as_text",
    "first_count",
    "parse_json",
    "storable",
]

# What every database takes for a whole number; nothing that is counted here comes near it.
LARGEST_COUNT = 2**31
LARGEST_AMOUNT = Decimal(10**12)
LONGEST_AMOUNT = 40
WHITE_SPACE = " \t\n\r"
DECODER = json.JSONDecoder()
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def parse_json(text: str | bytes) -> Any:
    """Parse JSON.

    Raises:
        ValueError: it isn't JSON, or it is nested so deeply that nobody means it.
    """
    try:
        if isinstance(text, bytes):
            return json.loads(text)
        # The same without the options of json.loads, which take a third of its time where the text is short.
        value, end = DECODER.raw_decode(text := text.strip(WHITE_SPACE))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if end != len(text):
        raise ValueError("more than one value")
    return value


def as_mapping(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """The value, made storable, if it is a string with anything in it."""
    return storable(value) if isinstance(value, str) and value else None


def as_count(value: object) -> int | None:
    """The value if it is a whole number from zero up, and of a size that can be stored."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LARGEST_COUNT:
        return None
    return int(value) if value == int(value) else None


def first_count(*values: object) -> int | None:
    """The first of the values that is such a number."""
    return next((count for value in values if (count := as_count(value)) is not None), None)


def as_amount(value: object) -> Decimal | None:
    """The value if it is an amount of money from zero up; several gateways write theirs as strings."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        written = str(value).strip()
        amount = Decimal(written) if len(written) <= LONGEST_AMOUNT else Decimal(-1)
    except (InvalidOperation, ValueError):
        return None
    if not amount.is_finite() or not 0 <= amount < LARGEST_AMOUNT:
        return None
    # 1E-999999 has few characters, and a million digits where it is written out.
    return amount if amount.adjusted() > -LONGEST_AMOUNT else None


def storable(text: str) -> str:
    r"""Replace what a database refuses by U+FFFD: NUL, and surrogates without their other half.

    JSON may say ``"\ud83d"`` alone; Python takes that as a string which UTF-8 can't hold.
    """
    if text.isascii() and "\0" not in text:
        return text
    if not UNSTORABLE.search(text):
        return text
    whole = text.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass")
    return whole.decode("utf-16-le", "replace")
