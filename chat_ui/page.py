"""The page: compiled once from its sources, and then served to wherever it is asked for."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["ROOT", "address_page", "compile_page", "environment"]

ROOT = Path(__file__).resolve().parent.parent
# What a page is made of, the pins of its packages included.
SOURCES = ("chat_ui", "assets", "reflex.lock", "rxconfig.py", "pyproject.toml")
GENERATED = {"__pycache__", "external"}
# One of the site's addresses in a script, quoted however the compiler likes.
ADDRESS = re.compile(r"""(?P<quote>["'`])(?P<scheme>http|ws)://localhost:\d+(?P<path>/[^"'`]*)(?P=quote)""")


def compile_page(directory: Path, inherited: Mapping[str, str], port: int) -> None:
    """Compile the page, unless it was compiled there from the same sources before.

    Args:
        directory: where; nothing in it is written where the page is there already.
        inherited: the environment to add to.
        port: any; the compiler wants one.

    Raises:
        SystemExit: it can't be compiled; the text is what the compiler said, or why it was not asked.
    """
    try:
        _compile(directory, inherited, port)
    except OSError as error:
        raise SystemExit(
            f"The page can't be compiled: {error.filename or directory}: {error.strerror}. Run "
            "'chat-ui compile' as the user whose checkout this is, with room on the disk."
        ) from None


def _compile(directory: Path, inherited: Mapping[str, str], port: int) -> None:
    fingerprint = digest_of_sources()
    compiled = directory / "compiled-from"
    if compiled.exists() and compiled.read_text() == fingerprint:
        return
    print("Compiling the page; this takes half a minute, once.", file=sys.stderr, flush=True)
    directory.mkdir(exist_ok=True)
    compiled.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"],
        cwd=ROOT,
        env=environment(directory, inherited, port),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"The page can't be compiled.\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    address_page(directory)
    compiled.write_text(fingerprint)


def address_page(directory: Path) -> None:
    """Let a compiled page speak to wherever it came from.

    Reflex compiles one address into a script, and guesses from it: with TLS only the standard port would do,
    without TLS only the port that the site itself listens on, whatever proxy stands before it.

    Raises:
        SystemExit: there is no such script, so this isn't a page that Reflex compiled.
    """
    scripts = list((directory / "build" / "client" / "assets").glob("reflex-env-*.js"))
    if not scripts:
        raise SystemExit(f"{directory} holds no compiled page; delete it and start again.")
    for script in scripts:
        addressed = ADDRESS.sub(_from_here, script.read_text(encoding="utf-8")).encode()
        script.write_bytes(addressed)
        script.with_name(f"{script.name}.gz").write_bytes(gzip.compress(addressed))


def _from_here(address: re.Match[str]) -> str:
    origin = "location.origin" + ('.replace("http","ws")' if address["scheme"] == "ws" else "")
    return f"`${{{origin}}}{address['path']}`"


def environment(directory: Path, inherited: Mapping[str, str], port: int) -> dict[str, str]:
    """What Reflex has to be told, added to an environment: where the page lies, and on which port."""
    # The JavaScript runtime, bun, lies beside this Python; nobody need have activated its environment.
    beside = str(Path(sys.executable).parent)
    return dict(inherited) | {
        "PATH": os.pathsep.join(filter(None, (beside, inherited.get("PATH")))),
        "REFLEX_WEB_WORKDIR": str(directory),
        "REFLEX_FRONTEND_PORT": str(port),
        "REFLEX_API_URL": f"http://localhost:{port}",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }


def digest_of_sources() -> str:
    """What a compiled page depends on, as one short text."""
    digest = hashlib.sha256()
    for path in sorted(file for source in SOURCES for file in _files(ROOT / source)):
        digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _files(source: Path) -> Iterator[Path]:
    for path in (source, *source.rglob("*")):
        if path.is_file() and not GENERATED.intersection(path.relative_to(ROOT).parts):
            yield path
