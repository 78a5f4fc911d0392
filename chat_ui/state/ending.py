"""How the process ends when it is told to.

A server of HTTP cuts its connections first, and only then ends what lives as long as the process. That would
cut answers off from their readers; and granian 2.8, which ``reflex run`` has, may break down in between if a
websocket is open: then nothing is ended at all. So the site ends itself first, its connections still open,
and with it the process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

__all__ = ["end_by_signals"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = logging.getLogger(__name__)


def end_by_signals(close: Callable[[], Awaitable[object]], *, within_s: float) -> None:
    """From now on, let the process, once it is told to end, close the site and then end.

    It ends with 0 where all was closed. A signal that comes twice, as it does where a whole group of
    processes is told, is one. Where signals can't be handled (on Windows, or outside of the main thread) the
    server's own way has to do.

    Args:
        close: ends what is running and keeps what it has; called once, in a task.
        within_s: the longest that this may take.
    """
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    async def end() -> None:
        code = 1
        try:
            async with asyncio.timeout(within_s):
                await close()
            code = 0
        except Exception:
            log.exception("The site could not be ended as it should be")
        finally:
            logging.shutdown()
            # Nothing is left to be ended, nor should the server try.
            os._exit(code)

    def begin() -> None:
        if not ending:
            ending.append(loop.create_task(end()))

    for number in SIGNALS:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, begin)
