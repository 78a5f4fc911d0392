"""Which Chromium the browser tests drive, and how it is started."""

import os
import shutil
from pathlib import Path

from playwright.async_api import Playwright

# The shell first: the same engine without a browser around it, at a fourth of the processor time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find(playwright: Playwright) -> str | None:
    """The browser to drive: the system's, else the one that Playwright brought, else none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def is_required() -> bool:
    """Whether its absence is a failure rather than a reason to skip."""
    return bool(os.environ.get("CI"))
