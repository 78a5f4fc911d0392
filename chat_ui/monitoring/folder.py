"""The folder where several processes of a site put what they count, for whichever of them is asked."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDER_VARIABLE", "fresh_folder"]

# By which prometheus_client learns of it.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def fresh_folder(folder: Path) -> Path:
    """Make the folder, with nothing in it of the processes of before."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
    return folder
