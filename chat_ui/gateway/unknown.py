"""What gateways send that nobody here knows: named in the log, so that the first time teaches something."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["note_unknown", "note_unknown_fields"]

# A gateway that makes its names up anew each time fills no log.
MOST_NOTED = 256
MOST_FIELDS = 12
# What else stands where a name should may be content.
NAME = re.compile(r"[\w.:/-]{1,40}", re.ASCII)

log = logging.getLogger(__name__)
_noted: set[str] = set()


def note_unknown(what: str, name: str = "", fields: Mapping[str, Any] | None = None) -> None:
    """Log a kind of thing once, without its content.

    Args:
        what: the kind: ``event``, ``content block`` and the like.
        name: what the gateway calls it.
        fields: what it holds, of which only the names are told.
    """
    told = f" {_named(name)}" if name else ""
    if fields:
        told += f" with {', '.join(sorted(map(_named, fields))[:MOST_FIELDS])}"
    _note(what + told)


def note_unknown_fields(where: str, fields: Mapping[str, Any], known: frozenset[str]) -> None:
    """Log once each field that isn't among the known ones; cheap where all of them are."""
    if fields.keys() <= known:
        return
    for name in sorted(map(_named, fields.keys() - known)):
        _note(f"field {name} in a {where}")


def _note(what: str) -> None:
    if what not in _noted and len(_noted) < MOST_NOTED:
        _noted.add(what)
        log.info("A gateway sent something unknown: %s", what)


def _named(name: object) -> str:
    return name if isinstance(name, str) and NAME.fullmatch(name) else "(no name)"
