"""One process serves the site from a SQLite file, until it is gone."""

from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from chat_ui.store import Database, StoreError
from chat_ui.store.claim import claimed

HOLDER = """
import asyncio, sys
from pathlib import Path
from chat_ui.store.claim import claimed

async def main():
    async with claimed(Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_second_copy_is_refused_in_words_until_the_first_is_gone(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    async with claimed(database):
        with pytest.raises(
            StoreError, match=r"Another copy of the site is running .* CHAT_UI_DATA_DIR"
        ) as told:
            async with claimed(database, patience=0):
                pytest.fail("it is served already")
        assert str(database) in str(told.value)
    async with claimed(database, patience=0):
        assert stat.S_IMODE((tmp_path / "chat.db.lock").stat().st_mode) == 0o600


async def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, database, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(StoreError):
        async with claimed(database, patience=0):
            pytest.fail("another process holds it")
    holder.kill()
    await holder.wait()
    async with claimed(database, patience=0):
        pass


async def test_one_that_is_being_replaced_is_waited_for(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    async with claimed(database):
        waiting = asyncio.create_task(claimed(database).__aenter__())
        await asyncio.sleep(0)
    await waiting


async def test_a_lock_that_can_not_be_opened_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "chat.db.lock").mkdir()
    with pytest.raises(StoreError, match=r"chat\.db\.lock can't be opened"):
        async with claimed(tmp_path / "chat.db"):
            pytest.fail("nobody can tell whether it is served")


async def test_only_a_file_is_served_by_one(db: Database, kind: str) -> None:
    async with db.served() as alone:
        assert alone is (kind == "sqlite")
