"""The folder where several processes of a site put what they count, for whichever of them is asked."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDER_VARIABLE", "fresh_folder"]

# By which prometheus_client learns of it.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def fresh_folder(folder: Path) -> Path:
    """Make the folder, with nothing in it of the processes of before.

    Raises:
        SystemExit: it can't be made; the text says why and what to do.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.db"):
            file.unlink()
    except OSError as error:
        words = f"Chat UI can't start. {error.filename} can't be written: {error.strerror}."
        raise SystemExit(f"{words} Let this user write there, or name another CHAT_UI_DATA_DIR.") from None
    return folder
