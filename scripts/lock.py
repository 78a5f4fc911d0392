"""Renew every version pin of the project, or say where they disagree.

`uv run scripts/lock.py` finds the newest versions that pyproject.toml allows, and writes them down, thrice:

* Python: `constraint-dependencies` in pyproject.toml (which uv obeys) and requirements.lock (for images).
* The page: reflex.lock/, as Reflex writes it.
* The servers in tests/real: litellm.lock, llama_cpp.lock and bun.lock there.

`uv run scripts/lock.py --check` reads these files only, needs no network, and ends with 1 when they disagree.
uv.lock isn't kept: it names the host that each file came from, which is nobody else's business.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PINS = re.compile(r"^constraint-dependencies = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)
SERVERS = ("litellm", "llama_cpp")
TARBALL = re.compile(r'(?<=@)([^"@]+", )"https?://[^"]*"')


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command and return what it printed; its complaints go to the terminal."""
    # Started by `uv run`, so the environment's own bun and reflex come first on the PATH.
    env = {**os.environ, "REFLEX_TELEMETRY_ENABLED": "false"}
    return subprocess.run(command, cwd=cwd, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


def parse(lines: Iterable[str]) -> Iterator[Requirement]:
    """Read the requirements among the lines of a requirements file; hashes and comments are passed over."""
    for line in lines:
        if line and not line.startswith((" ", "#", "-")):
            yield Requirement(line.removesuffix("\\"))


def renew_python() -> None:
    """Resolve from scratch, for every Python and platform at once, and write the versions down."""
    pyproject = ROOT / "pyproject.toml"
    text = pyproject.read_text()
    with tempfile.TemporaryDirectory() as scratch:
        # Resolved in a copy: without the old pins, and without a word to whoever runs uv here meanwhile.
        here = Path(scratch)
        (here / "pyproject.toml").write_text(PINS.sub("", text))
        for name in ("README.md", "LICENSE"):
            shutil.copy(ROOT / name, here)
        run("uv", "lock", "--quiet", cwd=here)
        export = ("uv", "export", "--quiet", "--frozen", "--no-emit-project", "--no-annotate", "--no-header")
        everything = run(*export, "--all-groups", "--all-extras", "--no-hashes", cwd=here).splitlines()
        image = run(*export, "--no-default-groups", cwd=here)
    requirements = list(parse(everything))
    names = [each.name for each in requirements]
    for each in requirements:
        # A marker is needed only where versions differ; elsewhere the pin holds for all.
        if names.count(each.name) == 1:
            each.marker = None
    pins = "".join(f'  "{str(each).replace(chr(34), chr(39))}",\n' for each in requirements)
    pyproject.write_text(PINS.sub(lambda _: f"constraint-dependencies = [\n{pins}]\n", text))
    (ROOT / "requirements.lock").write_text(image)


def renew_page() -> None:
    """Let Reflex choose the page's packages anew, in a copy of the app that has no reflex.lock/."""
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch) / "app"
        here.mkdir()
        for name in ("rxconfig.py", "pyproject.toml"):
            shutil.copy(ROOT / name, here)
        for name in ("chat_ui", "assets"):
            shutil.copytree(ROOT / name, here / name, ignore=shutil.ignore_patterns("__pycache__"))
        run("reflex", "compile", "--no-rich", cwd=here)
        # Once more, from what the first run wrote: that is the form which later runs leave as it is.
        shutil.rmtree(here / ".web")
        run("reflex", "compile", "--no-rich", cwd=here)
        target = ROOT / "reflex.lock"
        target.mkdir(exist_ok=True)
        for name in ("package.json", "bun.lock"):
            text = (here / "reflex.lock" / name).read_text()
            (target / name).write_text(without_hosts(text))


def renew_servers() -> None:
    """Renew what tests/real starts; it lives apart from the app, which must not inherit its versions."""
    here = ROOT / "tests" / "real"
    command = ("uv", "pip", "compile", "--universal", "--python-version", "3.11", "--quiet")
    with tempfile.TemporaryDirectory() as elsewhere:
        for server in SERVERS:
            # Within the project uv would hold these to the app's pins too.
            pins = run(*command, "--no-annotate", "--no-header", here / f"{server}.in", cwd=Path(elsewhere))
            (here / f"{server}.lock").write_text(pins)
    lock = here / "bun.lock"
    lock.unlink(missing_ok=True)
    run("bun", "install", "--lockfile-only", "--silent", cwd=here)
    lock.write_text(without_hosts(lock.read_text()))


def without_hosts(lock: str) -> str:
    """Blank the addresses of packages in a bun.lock; bun then asks the registry it is configured for."""
    return TARBALL.sub(r'\1""', lock)


def disagreements() -> list[str]:
    """Say, a line each, where the pins, the lock files and this environment differ; needs no network."""
    return [*_python(), *_page(), *_servers()]


def _python() -> Iterator[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins: dict[str, list[Requirement]] = {}
    for pin in map(Requirement, project["tool"]["uv"]["constraint-dependencies"]):
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)

    extras = project["project"].get("optional-dependencies", {})
    groups = [project["project"]["dependencies"], *extras.values(), *project["dependency-groups"].values()]
    for wanted in (Requirement(each) for group in groups for each in group if isinstance(each, str)):
        name = canonicalize_name(wanted.name)
        if name not in pins:
            yield f"pyproject.toml asks for {name}, which has no pin"
        for pin in pins.get(name, []):
            if not wanted.specifier.contains(_version(pin), prereleases=True):
                yield f"pyproject.toml asks for {wanted}, but pins {pin}"

    image = {canonicalize_name(each.name): each for each in _read(ROOT / "requirements.lock")}
    for name, each in image.items():
        if _version(each) not in map(_version, pins.get(name, [])):
            yield f"requirements.lock has {each}, pyproject.toml pins {pins.get(name, 'nothing')}"
    for wanted in map(Requirement, project["project"]["dependencies"]):
        if canonicalize_name(wanted.name) not in image:
            yield f"requirements.lock lacks {wanted.name}"

    for installed in metadata.distributions():
        for pin in pins.get(canonicalize_name(installed.name), []):
            if (not pin.marker or pin.marker.evaluate()) and installed.version != _version(pin):
                yield f"{installed.name} {installed.version} is installed, pyproject.toml pins {pin}"


def _page() -> Iterator[str]:
    from reflex_base.constants import PackageJson  # noqa: PLC0415 - heavy, and only needed here

    if not (ROOT / "reflex.lock" / "bun.lock").exists():
        yield "reflex.lock/ is missing"
        return
    yield from _bun(ROOT / "reflex.lock")
    package = json.loads((ROOT / "reflex.lock" / "package.json").read_text())
    locked = {**package.get("devDependencies", {}), **package.get("dependencies", {})}
    for name, version in {**PackageJson.DEV_DEPENDENCIES, **PackageJson.DEPENDENCIES}.items():
        if locked.get(name) != version:
            yield f"Reflex wants {name} {version}, reflex.lock/package.json has {locked.get(name, 'none')}"


def _servers() -> Iterator[str]:
    here = ROOT / "tests" / "real"
    yield from _bun(here)
    for server in SERVERS:
        locked = {canonicalize_name(each.name): each for each in _read(here / f"{server}.lock")}
        for wanted in _read(here / f"{server}.in"):
            pin = locked.get(canonicalize_name(wanted.name))
            if pin is None or not wanted.specifier.contains(_version(pin)):
                yield f"tests/real/{server}.in asks for {wanted}, {server}.lock has {pin or 'none'}"


def _bun(here: Path) -> Iterator[str]:
    package = json.loads((here / "package.json").read_text())
    # bun.lock is JSON but for its trailing commas.
    lock = json.loads(re.sub(r",(\s*[}\]])", r"\1", (here / "bun.lock").read_text()))
    for section in ("dependencies", "devDependencies"):
        if package.get(section, {}) != lock["workspaces"][""].get(section, {}):
            yield f"{here.relative_to(ROOT)}: package.json and bun.lock differ in {section}"


def _read(path: Path) -> list[Requirement]:
    return list(parse(path.read_text().splitlines()))


def _version(pin: Requirement) -> str:
    return next(iter(pin.specifier)).version


def main() -> int:
    """Do what the command line asks for and return the exit status."""
    parser = argparse.ArgumentParser(description="Renew the version pins, or say where they disagree.")
    parser.add_argument("--check", action="store_true", help="only say where they disagree; needs no network")
    parts = {"python": renew_python, "page": renew_page, "servers": renew_servers}
    parser.add_argument("--only", choices=parts, help="renew this part alone")
    arguments = parser.parse_args()
    if not arguments.check:
        for part in [arguments.only] if arguments.only else parts:
            parts[part]()
        print("Renewed. `uv sync` brings this environment up to date.")
        return 0
    found = disagreements()
    print("\n".join(found) or "The pins agree.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
