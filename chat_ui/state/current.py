"""The chat that this process runs, for the event handlers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx

from chat_ui.chat.service import Chat, open_chat
from chat_ui.settings import get_settings

__all__ = ["current_chat", "owner_of", "run_chat", "serving"]

_running: list[Chat] = []


@asynccontextmanager
async def serving(chat: Chat) -> AsyncIterator[None]:
    """Make a chat the one that event handlers use, for as long as the context is open."""
    _running.append(chat)
    try:
        yield
    finally:
        _running.remove(chat)


@asynccontextmanager
async def run_chat() -> AsyncIterator[None]:
    """Open the chat with this process and close it with it: a lifespan task of the app."""
    async with open_chat(get_settings()) as chat, serving(chat):
        yield


def current_chat() -> Chat:
    """The running chat."""
    return _running[-1]


def owner_of(state: rx.State) -> str:
    """Whose rows an event of this state may touch.

    Locally that is the one person of the site, whoever asks: only this machine can ask.
    """
    del state
    return current_chat().person.id
