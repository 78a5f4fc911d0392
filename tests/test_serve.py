"""``chat-ui serve``: what an operator sees of it."""

from __future__ import annotations

import gzip
import os
import socket
import sys
from pathlib import Path

import pytest

from chat_ui import cli, page
from chat_ui.settings import load_settings

COMPILER = """#!/bin/sh
mkdir -p "$REFLEX_WEB_WORKDIR/build/client/assets" && cd "$REFLEX_WEB_WORKDIR/build/client/assets"
echo 'export {"EVENT": "ws://localhost:1/_event", "PING": `http://localhost:1/ping`};' > reflex-env-1.js
"""


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, list[str], dict[str, str]]]:
    """What the process became, with a page that is compiled already."""
    became: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(cli, "PAGE_DIR", tmp_path / "page")
    monkeypatch.setattr(cli, "compile_page", lambda *_: None)
    monkeypatch.setattr(cli.os, "execve", lambda *call: became.append(call))
    monkeypatch.chdir(tmp_path)
    return became


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_becomes_the_server_of_the_compiled_page(
    spied: list[tuple[str, list[str], dict[str, str]]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    port = free_port()
    cli.main(["serve", "--port", str(port)])
    [(program, command, environment)] = spied
    assert program == command[0]
    assert command[1:3] == ["-m", "chat_ui.served"]
    assert f"--port={port}" in command
    assert "--host=127.0.0.1" in command
    assert environment["REFLEX_WEB_WORKDIR"] == str(tmp_path / "page")
    assert environment["REFLEX_API_URL"] == f"http://localhost:{port}"
    # Whether it listens is for the server to say.
    assert capsys.readouterr().out == ""
    assert environment["PATH"].startswith(str(Path(sys.executable).parent))
    assert Path.cwd() == cli.ROOT


@pytest.mark.parametrize(
    ("libc", "inherited", "allocator", "tunables"),
    [
        ("glibc", {}, "malloc", "glibc.malloc.hugetlb=1"),
        ("glibc", {"PYTHONMALLOC": "debug"}, "debug", "glibc.malloc.hugetlb=1"),
        # Another C library's allocator may be slower than Python's own, and has no such pages.
        ("", {}, None, None),
    ],
)
def test_its_memory_is_in_huge_pages_where_nobody_wants_it_otherwise(
    spied: list[tuple[str, list[str], dict[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
    libc: str,
    inherited: dict[str, str],
    allocator: str | None,
    tunables: str | None,
) -> None:
    for name in ("PYTHONMALLOC", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in inherited.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cli, "libc_ver", lambda: (libc, ""))
    cli.main(["serve", "--port", str(free_port())])
    [(_, _, environment)] = spied
    assert (environment.get("PYTHONMALLOC"), environment.get("GLIBC_TUNABLES")) == (allocator, tunables)


def test_the_server_finds_what_lies_where_it_was_started(
    spied: list[tuple[str, list[str], dict[str, str]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = "max_message_chars = 1234", 'database_url = "sqlite:///kept/chats.db"'
    (tmp_path / "chat_ui.toml").write_text("\n".join(lines))
    monkeypatch.setenv("CHAT_UI_DATA_DIR", "chats")
    cli.main(["serve", "--port", str(free_port())])
    [(_, _, environment)] = spied
    for name in ("CHAT_UI_DATA_DIR", "CHAT_UI_CONFIG", "CHAT_UI_DATABASE_URL"):
        monkeypatch.setenv(name, environment[name])
    found = load_settings()
    assert (found.data_dir, found.max_message_chars) == (tmp_path / "chats", 1234)
    assert found.database_url == f"sqlite:///{tmp_path}/kept/chats.db"


@pytest.mark.parametrize(
    ("host", "is_warned"),
    [("localhost", False), ("127.0.0.2", False), ("0.0.0.0", True)],  # noqa: S104
)
def test_a_site_without_accounts_that_others_can_reach_says_so(
    spied: list[tuple[str, list[str], dict[str, str]]],
    capsys: pytest.CaptureFixture[str],
    host: str,
    is_warned: bool,
) -> None:
    cli.main(["serve", "--host", host, "--port", str(free_port())])
    assert ("no accounts" in capsys.readouterr().out) == is_warned


def test_a_port_that_is_taken_is_said(spied: list[tuple[str, list[str], dict[str, str]]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"can't listen on 127.0.0.1, port {port}: Address already"):
            cli.main(["serve", "--port", str(port)])
    assert spied == []


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"CHAT_UI_REDIS_URL": "redis://localhost"},
        {"CHAT_UI_DATABASE_URL": "postgresql:///chat"},
        {"CHAT_UI_DATABASE_URL": "sqlite:////tmp/x.db", "CHAT_UI_REDIS_URL": "redis://localhost"},
    ],
)
def test_several_workers_without_what_they_share_are_refused_in_words(
    spied: list[tuple[str, list[str], dict[str, str]]], env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=r"2 workers need .* PostgreSQL .* Redis .* leave --workers away"):
        cli.main(["serve", "--port", str(free_port()), "--workers", "2"])
    assert spied == []


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_of_this_machine_and_of_others_share_their_pages_by_redis(
    spied: list[tuple[str, list[str], dict[str, str]]], monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setenv("CHAT_UI_DATABASE_URL", "postgresql:///chat")
    monkeypatch.setenv("CHAT_UI_REDIS_URL", "redis://:secret@localhost/3")
    cli.main(["serve", "--port", str(free_port()), "--workers", str(workers)])
    [(_, command, environment)] = spied
    assert ("--workers=3" in command) is (workers == 3)
    assert not [word for word in command if "secret" in word]
    assert environment["REFLEX_REDIS_URL"] == "redis://:secret@localhost/3"
    assert environment["REFLEX_STATE_MANAGER_MODE"] == "redis"
    assert environment["REFLEX_OPLOCK_ENABLED"] == "true"


def test_a_folder_for_figures_that_can_not_be_is_said(
    spied: list[tuple[str, list[str], dict[str, str]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHAT_UI_DATA_DIR", str(tmp_path / "file"))
    monkeypatch.setenv("CHAT_UI_DATABASE_URL", "postgresql:///chat")
    monkeypatch.setenv("CHAT_UI_REDIS_URL", "redis://localhost")
    with pytest.raises(
        SystemExit, match=r"can't start\. .*file.* can't be written: Not a directory\. Let this"
    ):
        cli.main(["serve", "--port", str(free_port()), "--workers", "2"])
    assert spied == []


def test_no_address_is_not_every_address(spied: list[tuple[str, list[str], dict[str, str]]]) -> None:
    with pytest.raises(SystemExit, match="--host names no address"):
        cli.main(["serve", "--host", "", "--port", str(free_port())])
    assert spied == []


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "", "٣٠٠٠", "3_000", " 3000", "9" * 5000])
def test_a_port_is_a_number(
    spied: list[tuple[str, list[str], dict[str, str]]], port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", f"--port={port}"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "--port" in said
    assert "number" in said


def test_a_page_is_compiled_once_for_its_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made, root = tmp_path / "page", tmp_path / "root"
    made.mkdir()
    (root / "assets" / "external").mkdir(parents=True)
    runs: list[object] = []
    compiler = root / "compiler"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    monkeypatch.setattr(page, "ROOT", root)
    monkeypatch.setattr(page.sys, "executable", str(compiler))
    for change in ("", "", "more css", "more css"):
        (root / "assets" / "page.css").write_text(change)
        (root / "assets" / "external" / "made.js").write_text(change * 2)
        before = (made / "compiled-from").read_text() if (made / "compiled-from").exists() else ""
        page.compile_page(made, {"PATH": os.defpath}, 3000)
        runs.append((made / "compiled-from").read_text() != before)
    assert runs == [True, False, True, False]


def test_a_page_speaks_to_wherever_it_came_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    monkeypatch.setattr(page, "ROOT", tmp_path)
    monkeypatch.setattr(page.sys, "executable", str(compiler))
    script = tmp_path / "build" / "client" / "assets" / "reflex-env-1.js"
    page.compile_page(tmp_path, {"PATH": os.defpath}, 3000)
    assert script.read_text() == (
        'export {"EVENT": `${location.origin.replace("http","ws")}/_event`, '
        '"PING": `${location.origin}/ping`};\n'
    )
    assert gzip.decompress(script.with_name("reflex-env-1.js.gz").read_bytes()) == script.read_bytes()
    # What is compiled isn't written again: it may lie where nothing can be written.
    before = script.stat().st_mtime_ns
    page.compile_page(tmp_path, {"PATH": os.defpath}, 3055)
    assert script.stat().st_mtime_ns == before


def test_what_is_no_page_can_not_be_addressed(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no compiled page"):
        page.address_page(tmp_path)


def test_a_compiler_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\necho no such icon >&2\nexit 3\n")
    compiler.chmod(0o755)
    monkeypatch.setattr(page, "ROOT", tmp_path)
    monkeypatch.setattr(page.sys, "executable", str(compiler))
    with pytest.raises(SystemExit, match="no such icon"):
        page.compile_page(tmp_path, {}, 3000)
    assert not (tmp_path / "compiled-from").exists()


def test_where_no_page_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        SystemExit, match=r"can't be compiled: .*page: Not a directory\. Run 'chat-ui compile'"
    ):
        page.compile_page(tmp_path / "file" / "page", {}, 3000)
