"""``chat-ui export`` and ``chat-ui import``, from one site's terminal to another's."""

from __future__ import annotations

import asyncio
import dataclasses
import resource
import stat
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chat_ui import settings
from chat_ui.cli import main
from chat_ui.store import Database, users, whole
from chat_ui.transfer import own
from tests.database import put_new_database

from .test_own import small

Sites = tuple[Path, Path]


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    """A local site with one conversation, and one without."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        put_new_database(folder / "chat.db")
    asyncio.run(begin(here, small("Tea")))
    return here, there


async def begin(folder: Path, kept: whole.Whole, name: str | None = None) -> None:
    db = await Database.open(folder / "chat.db")
    async with db.write() as tx:
        person = await (users.create(tx, name=name) if name else users.local_user(tx))
        await whole.add(tx, person.id, kept)
    await db.close()


def at(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str, **env: str) -> None:
    """Type a command where a site's data lies."""
    for name, value in {"CHAT_UI_DATA_DIR": str(folder), **env}.items():
        monkeypatch.setenv(name, value)
    settings.get_settings.cache_clear()
    main(arguments)


def test_conversations_move_from_one_site_to_another(
    sites: Sites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = sites
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    at(monkeypatch, here, "export", str(first))
    at(monkeypatch, there, "import", str(first))
    at(monkeypatch, there, "import", str(first))
    at(monkeypatch, there, "export", str(second))
    assert capsys.readouterr().out.splitlines() == [
        f"Conversations exported to {first}: 1.",
        "Conversations imported: 1; here already: 0.",
        "Conversations imported: 0; here already: 1.",
        f"Conversations exported to {second}: 1.",
    ]
    assert second.read_bytes() == first.read_bytes()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_on_a_hosted_site_one_says_whose(
    sites: Sites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = sites
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    asyncio.run(begin(there, small("Coffee"), "ada"))
    at(monkeypatch, here, "export", str(first))
    hosted = {"CHAT_UI_HOSTED": "1", "CHAT_UI_PUBLIC_URL": "http://localhost:3000"}
    at(monkeypatch, there, "import", str(first), "--person", "Ada", **hosted)
    at(monkeypatch, there, "export", str(second), "--person", "ada")
    assert second.read_text().count('"title"') == 2
    for person, said in ((), "name one with --person"), (("--person", "eve"), "nobody called eve"):
        with pytest.raises(SystemExit, match=said):
            at(monkeypatch, there, "import", str(first), *person)


def test_where_there_is_no_room_for_all_of_it_no_half_is_left(
    sites: Sites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = sites
    long, file = small("Long"), tmp_path / "half.jsonl"
    question, answer = long.messages
    said = dataclasses.replace(question, text="word " * 200_000)
    asyncio.run(begin(here, dataclasses.replace(long, messages=(said, answer))))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        with pytest.raises(SystemExit, match="can't be written: File too large"):
            at(monkeypatch, here, "export", str(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not file.exists()


def test_what_is_not_yet_whole_has_another_name(
    sites: Sites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = sites
    file = tmp_path / "chats.jsonl"
    seen: list[set[str]] = []
    give_out = own.give_out

    def chats() -> set[str]:
        return {each.name for each in tmp_path.glob("chats*")}

    async def watched(db: Database, owner: str) -> AsyncGenerator[bytes]:
        async for line in give_out(db, owner):
            yield line
            seen.append(chats())

    monkeypatch.setattr(own, "give_out", watched)
    at(monkeypatch, here, "export", str(file))
    assert seen == [{"chats.jsonl.part"}] * 2
    assert chats() == {"chats.jsonl"}
    (tmp_path / "more.jsonl.part").write_text("from a run that was killed")
    with pytest.raises(SystemExit, match=r"more\.jsonl\.part is there already: another export"):
        at(monkeypatch, here, "export", str(tmp_path / "more.jsonl"))
    assert (tmp_path / "more.jsonl.part").read_text() == "from a run that was killed"


def test_nothing_is_taken_from_a_folder_that_is_misspelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="There is no database"):
        at(monkeypatch, tmp_path / "hre", "export", str(tmp_path / "chats.jsonl"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "{here}/chat.db"), "is there already"),
        (("import", "{here}/none.jsonl"), "can't be opened: No such file"),
        (("import", "{here}/chat.db"), "no file of Chat UI's"),
        (("export", "{here}/none/x.jsonl"), "can't be opened: No such file"),
        (("export", "x.jsonl", "--person", "ada"), "Leave --person away"),
    ],
)
def test_what_can_not_be_done_is_said(
    sites: Sites, arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = sites
    with pytest.raises(SystemExit, match=said):
        at(monkeypatch, here, *(each.format(here=here) for each in arguments))
