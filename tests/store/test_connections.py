from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from chat_ui.store import StoreError
from chat_ui.store.connections import FILE_NAME, SavedConnection, forget, load, save

KEY = "sk-very-secret"
CONNECTION = SavedConnection(base_url="https://gateway.example/v1", key=KEY, model="some-model")


@pytest.mark.parametrize(
    "connection",
    [
        CONNECTION,
        SavedConnection("http://127.0.0.1:1234/v1", None, None),
        SavedConnection("é", "ключ", "模型"),
    ],
)
def test_a_connection_comes_back(tmp_path: Path, connection: SavedConnection) -> None:
    save(tmp_path / "data", connection)
    assert load(tmp_path / "data") == connection


def test_a_connection_is_for_its_owner_only(tmp_path: Path) -> None:
    save(tmp_path / "data", CONNECTION)
    assert [file.name for file in (tmp_path / "data").iterdir()] == [FILE_NAME]
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / FILE_NAME).stat().st_mode) == 0o600


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(CONNECTION)


def test_a_later_connection_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    save(tmp_path, CONNECTION)
    (tmp_path / FILE_NAME).chmod(0o644)
    later = SavedConnection("https://other.example/v1", None, None)
    save(tmp_path, later)
    assert load(tmp_path) == later
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_no_connection_is_none(tmp_path: Path) -> None:
    assert load(tmp_path / "nowhere") is None
    forget(tmp_path / "nowhere")


def test_a_connection_is_forgotten(tmp_path: Path) -> None:
    save(tmp_path, CONNECTION)
    forget(tmp_path)
    assert load(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"base_url": "https://gateway.example/v1", "key": "sk-very-secret"',
        b'{"key": "sk-very-secret", "model": null}',
        b'{"base_url": 1, "key": "sk-very-secret", "model": null}',
        b'{"base_url": "x", "key": ["sk-very-secret"], "model": null}',
    ],
)
def test_a_broken_file_is_an_error_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(StoreError, match="Connect the gateway again") as caught:
        load(tmp_path)
    assert str(tmp_path / FILE_NAME) in str(caught.value)
    assert KEY not in str(caught.value)


def test_what_can_not_be_read_written_or_deleted_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StoreError, match="can't be read"):
        load(tmp_path)
    with pytest.raises(StoreError, match="can't be saved") as caught:
        save(tmp_path, CONNECTION)
    assert KEY not in str(caught.value)
    with pytest.raises(StoreError, match="can't be deleted"):
        forget(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


def test_a_folder_that_can_not_be_opened_keeps_nothing_from_being_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_folders(path: Path, flags: int, mode: int = 0o777) -> int:
        # As Windows has it.
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode)

    real = os.open
    monkeypatch.setattr(os, "open", without_folders)
    save(tmp_path, CONNECTION)
    assert load(tmp_path) == CONNECTION
