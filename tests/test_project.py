"""What holds for the project as a whole: its pins agree, its files are small, its README tells the truth."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from chat_ui.settings import KEY_VARIABLES, WALLET_VARIABLE

ROOT = Path(__file__).resolve().parent.parent
# Put together here, so that this file doesn't name them either.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("npmmirror", "com"),
        ("yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
)
README_COMMANDS = ("pip install uv && uv run reflex run", "pip install uv && uv run pytest")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
MAX_LINES = 320
MAX_CHARS = 120


def tracked_files() -> Iterator[Path]:
    """List what git keeps or is about to: everything that isn't ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            yield ROOT / name


def lock_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", ROOT / "scripts" / "lock.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pins_lock_files_and_environment_agree():
    assert lock_script().disagreements() == []


def test_the_tests_know_no_gateway_of_whoever_runs_them():
    keys = dict.fromkeys((*KEY_VARIABLES, WALLET_VARIABLE), "sk-real")
    program = "import os, tests.conftest; print([name for name, it in os.environ.items() if it == 'sk-real'])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | keys,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_addresses_are_blanked_in_a_bun_lock():
    entry = '"a/b": ["@a/b@1.0.0", "{}", {{ "bin": "https://x" }}, "sha512-x=="],'
    named = entry.format("https://" + REGISTRY_HOSTS[2] + "/@a/b/-/b-1.0.0.tgz")
    assert lock_script().without_hosts(named) == entry.format("")


def test_no_file_names_a_registry():
    named = [
        f"{path.relative_to(ROOT)} names {host}"
        for path in tracked_files()
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert named == []


def test_modules_stay_readable_in_one_go():
    long = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "chat_ui").rglob("*.py")
        if len(path.read_text().splitlines()) > MAX_LINES
    }
    assert not long


def test_lines_of_scripts_are_short():
    long = [
        f"{path.name}:{number}"
        for path in (ROOT / "chat_ui").rglob("*.js*")
        if path.suffix != ".json"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > MAX_CHARS
    ]
    assert long == []


@pytest.mark.parametrize("command", README_COMMANDS)
def test_readme_has_the_command(command: str):
    # A line of its own, to be copied whole.
    assert re.search(rf"^\s*{re.escape(command)}$", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_nobody_is_told_to_install_what_others_call_by_this_name():
    # Python's index has a package of theirs, which would find the keys of this site in its environment.
    told = re.compile(r"pip install [^`\n]*\bchat-ui\b")
    texts = ((path, path.read_text(encoding="utf-8", errors="replace")) for path in tracked_files())
    assert [path for path, text in texts if told.search(text)] == []


def test_what_signs_payments_is_installed_as_it_is_locked():
    [wanted] = re.findall(r"^x402 = \[\"(.+)\"\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert f"/srv/chat-ui/.venv/bin/pip install '{wanted}'" in (ROOT / "docs" / "gateways.md").read_text()


def test_ci_runs_the_readmes_test_command():
    assert README_COMMANDS[1] in (ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path):
    linked = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", page.read_text())
    assert [path for path in linked if not (page.parent / path).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "docs/reliability.md", "docs/security.md", "docs/hosting.md"])
def test_what_is_named_as_a_test_is_one(page: str):
    named = re.findall(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`", (ROOT / page).read_text())
    for path, name in named:
        assert (ROOT / path).exists(), path
        assert not name or f"def {name}(" in (ROOT / path).read_text(), f"{path}::{name}"
