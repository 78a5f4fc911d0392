"""Where the page's build finds the scripts that lie beside this module.

``rx.asset(shared=True)`` links a file in the same way, but looks for its caller through the whole stack of
imports, once for each file: that took half the time in which the site starts.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["script"]

HERE = Path(__file__).parent
# Below the app's assets, where Reflex keeps such links and removes those that lead nowhere.
FOLDER = "external/chat_ui/ui/components"


def script(name: str) -> str:
    """What a component imports to get a script of this directory."""
    return f"$/public/{FOLDER}/{name}"


def _link(file: Path, link: Path) -> None:
    if link.is_symlink() and link.readlink() == file:
        return
    # Put in place in one step: other processes may be about it too.
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.symlink_to(file)
    fresh.replace(link)


def _link_all() -> None:
    links = Path.cwd() / "assets" / FOLDER
    links.mkdir(parents=True, exist_ok=True)
    for file in HERE.glob("*.js*"):
        _link(file, links / file.name)


_link_all()
