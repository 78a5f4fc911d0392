"""What is typed by mistake, or taken back while it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chat_ui import settings
from chat_ui.cli import INTERRUPTED, main
from tests.database import put_new_database


@contextmanager
def taken(number: signal.Signals) -> Iterator[None]:
    """Have a signal taken by what is started, though this process may ignore it."""
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("sent", [b"", b'{"format": "chat-ui"'], ids=["silent", "in a line"])
def test_an_import_that_waits_for_a_pipe_ends_at_the_first_interrupt(tmp_path: Path, sent: bytes) -> None:
    put_new_database(tmp_path / "chat.db")
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "chat_ui", "import", str(pipe)]
    env = os.environ | {"CHAT_UI_DATA_DIR": str(tmp_path)}
    with (
        # What a script runs in the background ignores Ctrl-C, and leaves that to what it starts: not here.
        taken(signal.SIGINT),
        subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as running,
        # It is opened once somebody reads it, and stays so: what is read has no end.
        pipe.open("wb", buffering=0) as writer,
    ):
        writer.write(sent)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    assert said == "Ended before it was done. Nothing is half done: type it again.\n"
    assert running.returncode == INTERRUPTED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        # As by a script whose variable is empty: a link for somebody new is not what it asked for.
        (["--reset", ""], "There is nobody called"),
        (["--reset", "eve"], "There is nobody called eve"),
        (["--reset", "eve", "--admin"], "not allowed with"),
    ],
)
def test_a_link_for_nobody_is_not_made(
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put_new_database(tmp_path / "chat.db")
    for name, value in (("DATA_DIR", str(tmp_path)), ("HOSTED", "1"), ("PUBLIC_URL", "http://localhost")):
        monkeypatch.setenv(f"CHAT_UI_{name}", value)
    settings.get_settings.cache_clear()
    with pytest.raises(SystemExit) as ended:
        main(["invite", *arguments])
    found = capsys.readouterr()
    assert said in f"{ended.value.code} {found.err}"
    assert found.out == ""
