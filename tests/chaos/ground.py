"""What a site stands on, and what goes wrong with that."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from chat_ui.gateway.lease import WARM
from tests.browser.site import Site
from tests.chaos.evidence import Database
from tests.chaos.gateway import Gateway
from tests.chaos.mishaps import full_disk, locked_database, small_disk
from tests.chaos.patience import PATIENCE_S, until
from tests.chaos.plan import Mishap
from tests.chaos.site import Server

__all__ = ["Ground", "OneProcess"]

RECOVERY_S = 1.0
NO_DISK = "NO FULL DISKS: a small disk can only be mounted by root, on Linux"
# Where the site stands at rest: it looks for what is to be purged now and then.
PURGES = "trash.keep_purging"


class Ground(Protocol):
    """A site with all that it stands on, for as long as the context is open."""

    @property
    def site(self) -> Site:
        """The site."""
        ...

    @property
    def database(self) -> Database:
        """Where it keeps everything."""
        ...

    @property
    def died_in_outage(self) -> bool:
        """Whether the site was killed in this round while the database took no writes."""
        ...

    async def __aenter__(self) -> Self:
        """Start the site."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let nothing go on."""
        ...

    @property
    def lacks(self) -> str:
        """What can't go wrong here, in words; blank where all can."""
        ...

    def begin(self) -> None:
        """Forget the round before."""
        ...

    async def befall(self, mishap: Mishap) -> None:
        """Have something go wrong; returns when that is over."""
        ...

    def settle(self) -> None:
        """Be as before, now that the round is over."""
        ...

    async def check_at_rest(self, gateway: Gateway) -> None:
        """See that nothing is left of pages that are closed and answers that have ended."""
        ...

    def complaints(self, log: str) -> bool:
        """Whether what was printed tells of a mistake of the site's own."""
        ...


class OneProcess:
    """A site of one process, with a small disk of its own.

    Args:
        place: where everything of it lies.
        gateway_port: where its gateway is.
    """

    def __init__(self, place: Path, gateway_port: int) -> None:
        self._around = AsyncExitStack()
        self._disk = place / "disk"
        self.site = Server(place / "server", self._disk / "data", gateway_port)
        self.database = Database(self.site.database)
        self.lacks = ""
        self.begin()

    async def __aenter__(self) -> Self:
        if not self._around.enter_context(small_disk(self._disk)):
            self.lacks = NO_DISK
        self._around.callback(self.site.kill)
        await asyncio.to_thread(self.site.start)
        self._at_rest = await self._tasks_at_rest()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._around.aclose()

    def begin(self) -> None:
        self._outage, self.died_in_outage = asyncio.Lock(), False

    async def befall(self, mishap: Mishap) -> None:
        match mishap.kind:
            case "kill":
                self.died_in_outage = self._outage.locked()
                await asyncio.to_thread(self.site.kill)
                # No site starts on a full disk.
                async with self._outage:
                    await asyncio.sleep(mishap.seconds)
                    await asyncio.to_thread(self.site.start)
            case "lock":
                await self._take_storage(locked_database, mishap.seconds)
            case "fill" if not self.lacks:
                await self._take_storage(full_disk, mishap.seconds)
            case "step":
                self.site.set_clock(int(mishap.seconds))

    async def _take_storage(
        self, take: Callable[[Path], AbstractAsyncContextManager[None]], seconds: float
    ) -> None:
        async with self._outage:
            async with take(self.site.database):
                await asyncio.sleep(seconds)
            # What has waited is written now.
            await asyncio.sleep(RECOVERY_S)

    def settle(self) -> None:
        self.site.set_clock(0)

    def complaints(self, log: str) -> bool:
        return "Traceback" in log

    async def check_at_rest(self, gateway: Gateway) -> None:
        """Nothing is left of pages that are closed and answers that have ended: no socket, no task."""
        site = self.site
        await until(lambda: site.sockets_of_pages() == 0, "the server lets go of the pages' sockets")
        await until(
            lambda: site.sockets_to_gateway() == gateway.connections <= WARM,
            "the server holds only such connections to the gateway as can serve again",
        )
        until_when = time.monotonic() + PATIENCE_S
        while left := Counter(await site.tasks()) - self._at_rest:
            assert time.monotonic() < until_when, f"tasks that nobody waits for: {left}"

    async def _tasks_at_rest(self) -> Counter[str]:
        # What it does first it does once: it stands elsewhere meanwhile, on a busy machine for a while.
        until_when = time.monotonic() + PATIENCE_S
        while PURGES not in (tasks := await self.site.tasks()):
            assert time.monotonic() < until_when, f"the site doesn't come to rest: {tasks}"
        return Counter(tasks)
