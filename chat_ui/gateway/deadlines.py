"""Several clocks over one wait; the one that runs out first says what was too slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType

from chat_ui.gateway.errors import TooSlow

__all__ = ["Deadlines"]


class Deadlines:
    """A block that may be entered once, and ends when one of its clocks runs out.

    ``expired`` then names the clock: the error that it stands for.
    """

    def __init__(self) -> None:
        self._timeout = asyncio.timeout(None)
        self._due: dict[type[TooSlow], float] = {}
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return await self._timeout.__aexit__(kind, error, traceback)

    @property
    def expired(self) -> type[TooSlow] | None:
        """The clock that ran out first, if the block ended because of one."""
        return min(self._due, key=self._due.__getitem__) if self._timeout.expired() else None

    def start(self, clock: type[TooSlow], seconds: float) -> None:
        """Set a clock, or set it again; one of which less than a hundredth has run goes on as it is."""
        due = self._loop.time() + seconds
        if 0 <= due - self._due.get(clock, 0.0) < seconds / 100:
            return
        self._due[clock] = due
        self._apply()

    def stop(self, *clocks: type[TooSlow]) -> None:
        """Take clocks away."""
        for clock in clocks:
            self._due.pop(clock, None)
        self._apply()

    @asynccontextmanager
    async def standing_still(self) -> AsyncGenerator[None]:
        """Stop every clock for as long as the context is open."""
        since = self._loop.time()
        self._timeout.reschedule(None)
        yield
        waited = self._loop.time() - since
        self._due = {clock: due + waited for clock, due in self._due.items()}
        self._apply()

    def _apply(self) -> None:
        self._timeout.reschedule(min(self._due.values(), default=None))
