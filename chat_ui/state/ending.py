"""How the process ends when it is told to.

The server of HTTP cuts its connections first, and only then ends what lives as long as the process. That
would cut answers off from their readers, and granian 2.8 may break down in between, where a websocket is
open: then nothing is ended at all. So the site ends itself first, its connections still open, and leaves
the rest to the signal.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["ended_by_signals"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ended_by_signals(close: Callable[[], Awaitable[object]]) -> Iterator[None]:
    """Let the process, once it is told to end, close the site and then end as any process would.

    A signal that comes twice, as it does where a whole group of processes is told, is one. Where signals
    can't be handled (on Windows, or outside of the main thread) the server's own way has to do.

    Args:
        close: ends what is running and keeps what it has; called once, in a task.
    """
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    async def end(number: signal.Signals) -> None:
        try:
            await close()
        finally:
            for each in SIGNALS:
                loop.remove_signal_handler(each)
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    def begin(number: signal.Signals) -> None:
        if not ending:
            ending.append(loop.create_task(end(number)))

    for number in SIGNALS:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, begin, number)
    yield
