"""The gateway that a person connected by hand, kept in a file of the data folder."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chat_ui.store.errors import StoreError

__all__ = ["FILE_NAME", "SavedConnection", "forget", "load", "save", "stamp"]

FILE_NAME = "gateway.json"


@dataclass(frozen=True, slots=True)
class SavedConnection:
    """A gateway as a person entered it; the key stays out of its repr.

    Args:
        base_url: base URL of the gateway, ``/v1`` included.
        key: its key; None where it wants none.
        model: the model that a new conversation starts with; None for the gateway's first.
    """

    base_url: str
    key: str | None = field(repr=False)
    model: str | None


def load(data_dir: Path) -> SavedConnection | None:
    """Read the connection; None where there is none.

    Raises:
        StoreError: the file can't be read or understood. The text never quotes it, for the key's sake.
    """
    file = data_dir / FILE_NAME
    advice = f"Connect the gateway again, or delete {file}."
    try:
        content = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"The saved connection {file} can't be read: {error.strerror}. {advice}") from error
    except ValueError:
        raise StoreError(f"The saved connection {file} isn't JSON. {advice}") from None
    connection = _connection(content)
    if connection is None:
        raise StoreError(f"The saved connection {file} doesn't say what it should. {advice}")
    return connection


def stamp(data_dir: Path) -> tuple[int, int] | None:
    """What is another whenever the connection is; None where there is none, or it can't be seen."""
    try:
        found = (data_dir / FILE_NAME).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def save(data_dir: Path, connection: SavedConnection) -> None:
    """Keep a connection in place of the one before, readable for this user only.

    Raises:
        StoreError: the file can't be written; the one before is still there.
    """
    file = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(file, json.dumps(asdict(connection), indent=2).encode())
    except OSError as error:
        raise StoreError(
            f"The connection can't be saved as {file}: {error.strerror}. Let the user that runs the site "
            "write there, or choose another folder with CHAT_UI_DATA_DIR.",
            "connection",
        ) from error


def forget(data_dir: Path) -> None:
    """Delete the connection, if there is one.

    Raises:
        StoreError: the file can't be deleted.
    """
    file = data_dir / FILE_NAME
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        words = f"The saved connection {file} can't be deleted: {error.strerror}."
        raise StoreError(words, "connection") from error


def _connection(content: Any) -> SavedConnection | None:
    match content:
        case {"base_url": str(base_url), "key": str() | None as key, "model": str() | None as model}:
            return SavedConnection(base_url=base_url, key=key, model=model)
        case _:
            return None


def _replace(file: Path, content: bytes) -> None:
    """Write a file so that, whatever happens, either the old or the new one is there as a whole."""
    descriptor, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    # It is there; only a power cut could still take it back, where a folder can't be synced (as on Windows).
    with suppress(OSError):
        _sync(file.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
