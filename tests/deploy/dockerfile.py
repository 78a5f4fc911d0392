"""Follows the steps of a Dockerfile without an engine: each stage in a folder of its own.

A path of the image becomes one beneath that folder, so it takes Dockerfiles whose paths lie where no program
of the machine would be meant. What only an engine does (the base image, users, volumes, health checks) is
noted and not done.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Image", "followed"]

# The image's own folders, as they are named in every step.
OWN = ("/srv/chat-ui", "/var/lib/chat-ui")
MOST_TEXT = 1_000_000
NOT_COPIED = shutil.ignore_patterns("__pycache__", "external")


@dataclass
class Image:
    """What a stage came to.

    Args:
        root: stands for ``/``.
        env: of the steps, and of whoever runs the image.
        noted: what else was said, by instruction.
    """

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    noted: dict[str, str] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """A text with the image's paths where they are here."""
        for path in OWN:
            text = text.replace(path, f"{self.root}{path}")
        return text

    def command(self) -> list[str]:
        """What the image runs."""
        return [*json.loads(self.noted["ENTRYPOINT"]), *json.loads(self.noted["CMD"])]


def followed(file: Path, context: Path, folder: Path, path: str) -> Image:
    """Follow a Dockerfile to its end.

    Args:
        file: the Dockerfile.
        context: what it copies from.
        folder: where the stages are made.
        path: where the programs of the base image are.

    Returns:
        The last stage.
    """
    stages: dict[str, Image] = {}
    image = Image(folder)
    for instruction, words in _steps(file.read_text()):
        if instruction == "FROM":
            name = words.partition(" AS ")[2] or "last"
            image = stages[name] = Image(folder / name, {"PATH": path, "HOME": str(folder / "home")})
        elif instruction == "ENV":
            for each in shlex.split(words):
                name, _, value = each.partition("=")
                image.env[name] = image.here(value.replace("$PATH", image.env["PATH"]))
        elif instruction == "COPY":
            _copy(words, context, image, stages)
        elif instruction == "RUN" and not words.startswith("useradd"):
            where = image.here(image.noted["WORKDIR"])
            command = ["bash", "-euo", "pipefail", "-c", image.here(words)]
            done = subprocess.run(
                command, cwd=where, env=image.env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        else:
            image.noted[instruction] = words
            if instruction == "WORKDIR":
                Path(image.here(words)).mkdir(parents=True, exist_ok=True)
    return image


def _steps(text: str) -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1].strip()) for line in lines if line.strip()]


def _copy(words: str, context: Path, image: Image, stages: dict[str, Image]) -> None:
    *sources, target = words.split()
    if sources[0].startswith("--from="):
        other = stages[sources.pop(0).removeprefix("--from=")]
        # Links within the image stay links.
        shutil.copytree(other.here(sources[0]), image.here(target), symlinks=True)
        _moved(Path(image.here(target)), str(other.root), str(image.root))
        return
    where = Path(image.here(image.noted["WORKDIR"]))
    for source in sources:
        origin = context / source
        if origin.is_dir():
            shutil.copytree(origin, where / target, ignore=NOT_COPIED)
        else:
            shutil.copy2(origin, where / target)


def _moved(folder: Path, before: str, now: str) -> None:
    """Let links and texts that name the folder name it where it is now, as both are one path in an image."""
    for path in folder.rglob("*"):
        if path.is_symlink():
            target = str(path.readlink())
            if target.startswith(before):
                path.unlink()
                path.symlink_to(target.replace(before, now, 1))
        elif path.is_file() and path.stat().st_size < MOST_TEXT:
            content = path.read_bytes()
            if before.encode() in content and b"\0" not in content:
                path.write_bytes(content.replace(before.encode(), now.encode()))
