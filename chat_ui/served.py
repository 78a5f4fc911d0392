"""The app as the production server asks for it: at once."""

from __future__ import annotations

import gc

from starlette.types import ASGIApp

__all__ = ["app"]


def app() -> ASGIApp:
    """Import the app, and make what a server of HTTP speaks to.

    Nobody seeks garbage meanwhile, of which importing leaves hardly any: going through all that was imported,
    again and again, took a quarter of the time. ``run_chat`` lets it be sought once the chat is open.
    """
    gc.disable()
    from chat_ui import chat_ui  # noqa: PLC0415

    return chat_ui.app()
