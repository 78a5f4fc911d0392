"""What is typed by mistake, or taken back while it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from chat_ui import settings
from chat_ui.cli import INTERRUPTED, main
from tests.database import put_new_database


def test_an_import_that_is_interrupted_says_so_in_a_line(tmp_path: Path) -> None:
    put_new_database(tmp_path / "chat.db")
    slow = tmp_path / "slow.jsonl"
    os.mkfifo(slow)
    command = [sys.executable, "-m", "chat_ui", "import", str(slow)]
    env = os.environ | {"CHAT_UI_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as running:
        # It is opened once somebody reads it.
        with slow.open("w"):
            running.send_signal(signal.SIGINT)
            # An empty file is none of this site's, which would be said first. What still reads ends with it.
            with suppress(subprocess.TimeoutExpired):
                running.wait(5)
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
