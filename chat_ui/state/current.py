"""The chat that this process runs, for the event handlers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from reflex.constants import CompileContext
from reflex.utils.exec import get_compile_context

from chat_ui.accounts.caller import Caller, caller
from chat_ui.accounts.errors import NotAllowed
from chat_ui.chat.errors import Closing
from chat_ui.chat.service import Chat, check_chat
from chat_ui.monitoring import logs
from chat_ui.monitoring.lasting import InALine
from chat_ui.settings import SettingsError, get_settings
from chat_ui.state.ending import end_by_signals
from chat_ui.state.garbage import seek_again_and_again, seek_in_what_is_new
from chat_ui.state.opening import open_when_possible
from chat_ui.store.errors import StoreError

__all__ = [
    "caller_now",
    "current_chat",
    "is_running",
    "owner_of",
    "refuse_a_false_start",
    "run_chat",
    "serving",
]

USE_SERVE = (
    "A hosted site isn't run by 'reflex run', which is for one person on one machine. Start it with "
    "'chat-ui serve', or take CHAT_UI_HOSTED away."
)
# How much longer than the grace period the process may take to save what it has.
ENDED_WITHIN_S = 15

_running: list[Chat] = []


@contextmanager
def serving(chat: Chat) -> Iterator[None]:
    """Make a chat the one that event handlers use, for as long as the context is open."""
    _running.append(chat)
    try:
        yield
    finally:
        _running.remove(chat)


@asynccontextmanager
async def run_chat() -> AsyncIterator[None]:
    """Open the chat with this process and close it with it: a lifespan task of the app.

    Raises:
        SystemExit: the database or a setting can't be used; the text says which and what to do.
    """
    async with AsyncExitStack() as stack:
        try:
            settings = get_settings()
            logs.set_up(settings, InALine())
            chat = await open_when_possible(settings, stack)
        except (StoreError, SettingsError) as error:
            raise SystemExit(f"Chat UI can't start. {error}") from None
        stack.enter_context(serving(chat))
        if chat.accounts is not None:
            watching = asyncio.create_task(chat.accounts.sessions.watch())
            stack.callback(watching.cancel)

        async def close() -> None:
            # Those who read along see the answers to their end: until then the chat is there for them.
            await chat.runs.drain()
            await stack.aclose()

        seek_in_what_is_new()
        seeking = asyncio.create_task(seek_again_and_again(lambda: not chat.runs.is_busy))
        stack.callback(seeking.cancel)
        end_by_signals(close, within_s=settings.grace_seconds + ENDED_WITHIN_S)
        yield


def refuse_a_false_start() -> None:
    """End ``reflex run`` with a word and a code where the chat can't be opened, before it serves anything.

    Left to the server's own process, the same failure would leave the page running without a site.

    Raises:
        SystemExit: the database or a setting can't be used; the text says which and what to do.
    """
    if get_compile_context() != CompileContext.RUN:
        return
    try:
        settings = get_settings()
        check_chat(settings)
    except (StoreError, SettingsError) as error:
        raise SystemExit(f"Chat UI can't start. {error}") from None
    if settings.hosted:
        raise SystemExit(f"Chat UI can't start. {USE_SERVE}")


def is_running() -> bool:
    """Whether this process runs a chat: not before it has started, and not once it has ended."""
    return bool(_running)


def current_chat() -> Chat:
    """The running chat.

    Raises:
        Closing: it has ended, as it does before the connections of its pages.
    """
    if not _running:
        raise Closing
    return _running[-1]


def owner_of() -> str:
    """Whose rows the event that is being handled may touch.

    Locally that is the one person of the site, whoever asks: only this machine can ask. On a hosted site it
    is whoever the event's websocket belongs to, as the door found out just before (``state/door.py``).

    Raises:
        NotAllowed: nobody was let in.
    """
    return caller_now().person.id


def caller_now() -> Caller:
    """Who sends the event that is being handled.

    Raises:
        NotAllowed: nobody was let in.
    """
    if local := current_chat().person:
        return Caller(local)
    if (who := caller()) is None:
        raise NotAllowed
    return who
