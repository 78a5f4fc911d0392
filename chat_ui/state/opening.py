"""How the chat of a process is opened where the servers that it shares with others may be away."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

from chat_ui.chat.redis_feed import RedisAwayError
from chat_ui.chat.service import Chat, open_chat
from chat_ui.settings import Settings
from chat_ui.state.ending import end_by_signals
from chat_ui.store.errors import StoreError

__all__ = ["open_when_possible"]

FIRST_PAUSE_S = 1
LONGEST_PAUSE_S = 30
ENDED_WITHIN_S = 5
PASSING = {"away", "busy", "full"}

log = logging.getLogger(__name__)


async def open_when_possible(settings: Settings, stack: AsyncExitStack) -> Chat:
    """Open the chat until the stack is closed, once the database and Redis can be used.

    A process that may be one of several, as Redis tells, waits for them until it is told to end. It may have
    been begun in place of one that died, and uvicorn would end the whole site where it can't start. One that
    is surely alone ends, for whoever started it to start it again.

    Args:
        settings: of this process.
        stack: what closes the chat.

    Raises:
        StoreError: the database can't be used, and waiting won't help.
        SettingsError: a gateway or Redis can't be used, and waiting won't help.
    """
    pause = FIRST_PAUSE_S
    while True:
        if settings.redis_url is not None:
            # The server would look whether it is to end only once this is done.
            end_by_signals(stack.aclose, within_s=ENDED_WITHIN_S)
        try:
            return await stack.enter_async_context(open_chat(settings))
        except (StoreError, RedisAwayError) as error:
            if settings.redis_url is None or not _passes(error):
                raise
            log.warning("Chat UI can't start yet. %s It is tried again in %d s.", error, pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


def _passes(error: StoreError | RedisAwayError) -> bool:
    return isinstance(error, RedisAwayError) or error.trouble in PASSING
