"""A SQLite database as a site has it that has just started for the first time: made once, then copied."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from chat_ui.store import Database

__all__ = ["put_new_database"]


def put_new_database(path: Path) -> Path:
    """Put one there, where none is yet, and return where."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(_made(), path)
    return path


@cache
def _made() -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "new.db"
    # In a thread, because the test may have an event loop that waits for this.
    with ThreadPoolExecutor() as elsewhere:
        elsewhere.submit(asyncio.run, _make(path)).result()
    return path


async def _make(path: Path) -> None:
    await (await Database.open(path)).close()
