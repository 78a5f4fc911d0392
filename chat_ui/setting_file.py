"""Where settings come from: a file, and the environment, which comes before it."""

from __future__ import annotations

import logging
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from platformdirs import user_data_path

__all__ = ["SettingsError", "config_file", "followed", "values_in", "variable"]

CONFIG_FILE = "chat_ui.toml"

log = logging.getLogger(__name__)


class SettingsError(Exception):
    """A setting has a value that the site can't use; the text names it and says what fits."""


def config_file() -> Path | None:
    """The file that ``CHAT_UI_CONFIG`` names, else the first one that is there.

    Raises:
        SettingsError: one that may be there can't be looked for, and must not be passed over.
    """
    name = "CHAT_UI_CONFIG" if variable("CHAT_UI_CONFIG") else "CHAT_UI_DATA_DIR"
    try:
        named = followed(Path(variable(name) or user_data_path("chat-ui", appauthor=False)))
        if name == "CHAT_UI_CONFIG":
            return named
        places = (Path(CONFIG_FILE), named / CONFIG_FILE)
        return next((file.resolve() for file in places if file.is_file()), None)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from None
    except OSError as error:
        raise SettingsError(
            f"{error.filename} can't be looked for: {error.strerror}. Run this as a user who may look into "
            "its folder, or name the file with CHAT_UI_CONFIG."
        ) from None


def followed(path: Path) -> Path:
    """A path from the root on.

    Raises:
        ValueError: it leads nowhere.
    """
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError) as error:
        raise ValueError(f"it takes a path that leads somewhere ({str(error).rstrip('.')})") from None


def values_in(file: Path, known: Collection[str]) -> dict[str, Any]:
    """What a file sets and the environment doesn't.

    Args:
        file: TOML.
        known: what it may set.

    Raises:
        SettingsError: it can't be read, or sets something else.
    """
    try:
        content = file.read_bytes()
        readable_by_others = os.name == "posix" and file.stat().st_mode & 0o077
        values = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file} isn't UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        # Not the rest of its words: they may quote the line.
        where = re.search(r"at (line \d+, column \d+|end of document)\)$", str(error))
        raise SettingsError(f"{file} isn't TOML{f' ({where[1]})' if where else ''}.") from None
    if unknown := sorted(values.keys() - set(known)):
        raise SettingsError(
            f"{file}: there is no setting {', '.join(_meant(name, known) for name in unknown)}."
        )
    if readable_by_others and _holds_key(values):
        log.warning("%s holds keys and can be read by other users of this machine: chmod 600 it.", file)
    return {name: value for name, value in values.items() if not variable(f"CHAT_UI_{name}".upper())}


def _meant(name: str, known: Collection[str]) -> str:
    """A name that is none, with the one that it is most like."""
    close = get_close_matches(name, sorted(known), n=1)
    return f"{name} (did you mean {close[0]}?)" if close else name


def _holds_key(values: Mapping[str, Any]) -> bool:
    tables = values.get("gateways")
    rows = cast("list[Any]", tables) if isinstance(tables, list) else []
    return "gateway_key" in values or any(isinstance(row, dict) and "key" in row for row in rows)


def variable(name: str) -> str:
    """What an environment variable says; blank where it isn't set."""
    return os.environ.get(name, "").strip()
