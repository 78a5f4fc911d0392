"""What stands in the way of opening a database is said in words: which file, what, and what to do."""

# ruff: noqa: ASYNC240  (nothing else is on the loop that a look at a file could hold up)

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chat_ui.store import Database, StoreError, users
from tests.privileges import open_folder, without_privileges

__all__ = ["open_folder"]


@pytest.fixture
def kind() -> str:
    return "sqlite"


async def refused(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        await Database.open(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


async def filled(path: Path) -> None:
    db = await Database.open(path)
    async with db.write() as tx:
        for number in range(500):
            await users.create(tx, name=f"{number} {'x' * 500}")
    await db.close()


async def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "CHAT_UI_DATA_DIR" in await refused(tmp_path / "data" / "chat.db")


async def test_a_folder_where_the_file_should_be(path: Path) -> None:
    path.mkdir(parents=True)
    assert "isn't a file" in await refused(path)


async def test_a_folder_that_may_not_be_written(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with without_privileges():
        assert "Permission denied" in await refused(open_folder / "chat.db")


@pytest.mark.parametrize("folder_mode", [0o755, 0o777])
async def test_a_file_that_may_not_be_written(open_folder: Path, folder_mode: int) -> None:
    path = open_folder / "chat.db"
    await filled(path)
    path.chmod(0o444)
    open_folder.chmod(folder_mode)
    with without_privileges():
        assert "is read-only" in await refused(path)


async def test_a_file_in_a_folder_that_may_not_be_written(open_folder: Path) -> None:
    path = open_folder / "chat.db"
    await filled(path)
    path.chmod(0o666)
    open_folder.chmod(0o555)
    with without_privileges():
        assert "CHAT_UI_DATA_DIR" in await refused(path)


@pytest.mark.parametrize("content", [b"Dear diary\n" * 500, b"SQLite format 3\0" + b"\xff" * 5_000])
async def test_a_file_of_another_kind(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert "isn't a SQLite database" in await refused(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
async def test_a_damaged_file(path: Path, place: float) -> None:
    await filled(path)
    content = bytearray(path.read_bytes())
    start = int(len(content) * place) // 4096 * 4096
    content[start : start + 4096] = b"\x5a" * 4096
    path.write_bytes(content)
    message = await refused(path)
    assert "is damaged" in message
    assert "backups" in message


async def test_a_truncated_file(path: Path) -> None:
    await filled(path)
    os.truncate(path, path.stat().st_size // 2)
    assert "is damaged" in await refused(path)


async def test_another_programs_tables(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE chat (id)")
    content = path.read_bytes()
    assert "another program's tables" in await refused(path)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("chat",)]
    assert len(path.read_bytes()) == len(content)


async def test_a_full_disk(db: Database, rows: Callable[[str], list[Any]]) -> None:
    async with db.write() as tx:
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
        await tx.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
    with pytest.raises(StoreError, match="disk is full"):
        async with db.write() as tx:
            await users.create(tx, name="x" * 100_000)
    async with db.write() as tx:
        await users.create(tx, name="small")
    assert rows('SELECT name FROM "user"') == [("small",)]


async def test_a_file_damaged_while_open(path: Path, db: Database) -> None:
    async with db.write() as tx:
        await tx.execute(text("PRAGMA writable_schema = ON"))
        await tx.execute(text("UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'user'"))
    with pytest.raises(StoreError, match="is damaged"):
        async with db.read() as tx:
            await tx.execute(text('SELECT * FROM "user"'))


async def test_a_mistake_in_a_query_is_no_trouble_of_the_file(db: Database) -> None:
    with pytest.raises(Exception, match="no such table") as caught:
        async with db.read() as tx:
            await tx.execute(text("SELECT * FROM no_table"))
    assert not isinstance(caught.value, StoreError)


async def test_errors_quote_no_content(db: Database) -> None:
    with pytest.raises(StoreError) as caught:
        async with db.read() as tx:
            await users.create(tx, name="my secret")
    assert "secret" not in str(caught.value)
    assert "secret" not in str(caught.value.__cause__)
