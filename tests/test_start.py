"""A site that can't start says why and ends, in place of serving a page with nothing behind it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.preloaded import Preloaded

ROOT = Path(__file__).resolve().parent.parent
NO_DATABASE = b"This was never a database, however long one looks at it. " * 40


def run_site(data_dir: Path, **env: str) -> tuple[int, str]:
    """Run ``reflex run`` as the README says, in a build folder of its own; what it ended with, and said."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_UI_")}
    # Any two free ports would do: it ends before it opens one. The system gives these to no connection.
    command = ["reflex", "run", "--frontend-port", "18111", "--backend-port", "18112"]
    own = {
        # bun lies beside this Python, whose environment nobody need have activated.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "CHAT_UI_DATA_DIR": str(data_dir),
        "REFLEX_WEB_WORKDIR": str(data_dir.parent / "web"),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }
    log = data_dir.parent / "log"
    site = Preloaded("reflex.reflex:cli", command, inherited | own | env, ROOT, log)
    try:
        return site.wait(timeout=120), log.read_text()
    except subprocess.TimeoutExpired:
        os.killpg(site.pid, signal.SIGKILL)
        raise


@pytest.mark.parametrize(
    ("broken", "env", "words"),
    [
        ("chat.db", {}, ["chat.db", "isn't a SQLite database"]),
        ("gateway.json", {}, ["gateway.json"]),
        (None, {"CHAT_UI_GATEWAY_URL": "gateway.example"}, ["CHAT_UI_GATEWAY_URL", "http://"]),
        (None, {"CHAT_UI_MAX_MESSAGE_CHARS": "many"}, ["CHAT_UI_MAX_MESSAGE_CHARS"]),
        (None, {"CHAT_UI_HOSTED": "1", "CHAT_UI_PUBLIC_URL": "https://a.example"}, ["'chat-ui serve'"]),
        (None, {"CHAT_UI_DATABASE_URL": "sqlite:////proc/nothing/chat.db"}, ["/proc/nothing/chat.db"]),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, broken: str | None, env: dict[str, str], words: list[str]):
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    if broken:
        (data_dir / broken).write_bytes(NO_DATABASE)

    code, printed = run_site(data_dir, **env)

    said = " ".join(printed.split())
    assert code == 1
    assert "Chat UI can't start." in said
    assert all(word in said for word in words)
    assert "Traceback" not in said
