"""The files of deploy/, as the programs read them that they are for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chat_ui.page import ROOT
from chat_ui.settings import Settings
from tests.postgres import is_required

DEPLOY = ROOT / "deploy"
TO_JSON = "console.log(JSON.stringify(Bun.YAML.parse(await Bun.file(process.argv[1]).text())))"
# Of 10: what systemd calls "OK" ends at 4.
MOST_EXPOSED = 2.0


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        (pytest.fail if is_required() else pytest.skip)(f"NOT CHECKED: {name} isn't installed")
    return found


def composed() -> dict[str, Any]:
    bun = Path(sys.executable).with_name("bun")
    done = subprocess.run(
        [bun, "-e", TO_JSON, DEPLOY / "compose.yaml"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_services_of_compose_are_whole_and_shut_in() -> None:
    file = composed()
    services = file["services"]
    assert set(services) == {"app", "postgres", "redis", "caddy"}
    for service in services.values():
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert set(service.get("depends_on", ())) <= set(services)
        assert set(service["networks"]) <= set(file["networks"])
        named = [volume.split(":")[0] for volume in service.get("volumes", ()) if not volume.startswith(".")]
        assert set(named) <= set(file["volumes"])
    app = services["app"]
    assert app["read_only"]
    assert app["cap_drop"] == ["ALL"]
    # Nobody but Caddy is reached from outside, and the site's stores by nobody but the site.
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    assert {name for name, service in services.items() if "inside" in service["networks"]} == {
        "app",
        "postgres",
        "redis",
    }
    assert file["networks"]["inside"] == {"internal": True}


def test_every_setting_that_is_named_there_is() -> None:
    known = {f"CHAT_UI_{name.upper()}" for name in Settings.model_fields}
    # Those of compose.yaml and the Caddyfile themselves.
    known |= {"CHAT_UI_HOST", "CHAT_UI_SITE", "CHAT_UI_TLS", "CHAT_UI_UPSTREAMS"}
    known |= {"CHAT_UI_HTTP_PORT", "CHAT_UI_CADDY_ADMIN"}
    # And of debian.sh.
    known |= {f"CHAT_UI_{name}" for name in ("APP", "ETC", "PORT", "PYTHON", "NO_PACKAGES", "USER")}
    texts = [path.read_text() for path in DEPLOY.iterdir()] + [(ROOT / "docs" / "hosting.md").read_text()]
    named = {name for text in texts for name in re.findall(r"CHAT_UI_[A-Z_]*[A-Z]", text)}
    assert sorted(named - known) == []


def test_what_compose_has_to_be_given_is_asked_for() -> None:
    wanted = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    asked = set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    assert wanted <= asked


@pytest.mark.parametrize(
    "env",
    [
        {"CHAT_UI_SITE": "chat.example.com"},
        {
            "CHAT_UI_SITE": "chat.localhost:8443",
            "CHAT_UI_TLS": "tls internal",
            "CHAT_UI_UPSTREAMS": "127.0.0.1:3001 127.0.0.1:3002",
        },
    ],
)
def test_caddy_takes_the_caddyfile(env: dict[str, str], tmp_path: Path) -> None:
    command = [tool("caddy"), "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile"]
    done = subprocess.run(
        command,
        env=os.environ | env | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Valid configuration" in done.stdout + done.stderr


def test_systemd_takes_the_unit_and_finds_it_shut_in(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    unit = tmp_path / "chat-ui.service"
    # The program isn't installed here.
    unit.write_text(
        (DEPLOY / "chat-ui.service").read_text().replace("/srv/chat-ui/.venv/bin/python", sys.executable)
    )
    verified = subprocess.run(
        [analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    graded = subprocess.run(
        [analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert graded.returncode == 0, graded.stdout[-300:]
