"""What somebody does in one tab: how soon another shows it, and how soon Stop hangs up on the gateway.

The tabs are bare websocket clients of one person, on a hosted site with two workers: two tabs on one worker,
one on the other. Everything is on the same machine, and nobody else is there.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import uvloop

from bench import hosted, measure, report
from bench.gateway import question
from bench.page import THREAD, Page, open_page
from bench.processes import worker_of
from bench.signing import Member, members
from chat_ui.state.sidebar import SidebarState

__all__ = ["PAGE", "add_arguments", "run"]

PAGE = "docs/benchmarks/hosted.md"
SIDEBAR = SidebarState.get_full_name()
ROUNDS = 30
RATE, TOKENS = 30.0, 900
MOST_TABS = 20
BETWEEN_S = 0.3
SAME, OTHER = "same worker", "another worker"
HANGS_UP = "Stop: the gateway's socket is closed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's own options."""
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="%(default)s")


def run(arguments: argparse.Namespace) -> str:
    """Measure, and return the result as markdown."""
    with hosted.serving(workers=2) as site:
        waits = uvloop.run(_measured(site, arguments.rounds))
    header = ["", "on", "p50 ms", "p99 ms", "max ms"]
    rows = [
        [what, where, *(f"{figure:.0f}" for figure in measure.tail(measured))]
        for (what, where), measured in waits.items()
    ]
    circumstances = report.circumstances("reflex", "uvicorn", "redis", "asyncpg")
    return "\n\n".join((circumstances, _conditions(arguments.rounds), report.table(header, rows)))


def _conditions(rounds: int) -> str:
    return (
        f"One person has three tabs open, two on one worker, one on the other. {rounds} times each: from the "
        "moment a tab's message leaves until the websocket of another brings what it changed; and from Stop "
        f"until the gateway sees its socket closed, in mid answer at {RATE:g} tokens/s."
    )


async def _measured(site: hosted.Site, rounds: int) -> dict[tuple[str, str], list[float]]:
    [person] = await members(site.database_url, 1)
    async with _three_tabs(site, person) as tabs:
        bench = Tabs(*tabs)
        await bench.begin()
        for number in range(rounds):
            await bench.act(str(number))
    left = {stream["question"]: stream["left"] for stream in site.gateway.log()}
    for (asked, where), pressed in bench.pressed.items():
        bench.waits[HANGS_UP, where].append((left[asked] - pressed) / 1e6)
    return bench.waits


@asynccontextmanager
async def _three_tabs(site: hosted.Site, person: Member) -> AsyncIterator[tuple[Page, Page, Page]]:
    """Two tabs on one worker, and one on another: whoever connects isn't asked where to."""
    async with AsyncExitStack() as stack:
        on: defaultdict[int, list[Page]] = defaultdict(list)
        for _ in range(MOST_TABS):
            page = await stack.enter_async_context(open_page(site.port, cookie=person.cookie))
            on[worker_of(site.pid, page.local_port)].append(page)
            if len(on) > 1 and max(map(len, on.values())) > 1:
                break
        most, fewest = sorted(on.values(), key=len, reverse=True)
        yield most[0], most[1], fewest[0]


class Tabs:
    """Three tabs of one person with the same conversation.

    Args:
        acting: the one in which things are done.
        beside: one on the same worker.
        across: one on another worker.
    """

    def __init__(self, acting: Page, beside: Page, across: Page) -> None:
        self.waits: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self.pressed: dict[tuple[str, str], int] = {}
        self._acting = acting
        self._others = {SAME: beside, OTHER: across}

    async def begin(self) -> None:
        """Have a conversation that all of them show."""
        asked = question(2, 0, "k")
        await self._acting.ask(asked)
        await self._acting.until(partial(_has_ended, self._acting))
        for page in self._others.values():
            await page.follow(self._acting.conversation)
            await page.until(partial(_has_ended, page))
        # What is renamed has to be listed.
        await self._acting.emit(f"{SIDEBAR}.follow")
        await self._acting.until(lambda: bool(self._acting.known(SIDEBAR, "rows")))

    async def act(self, round_name: str) -> None:
        """Do everything once: send, stop, edit, stop from the tab on the other worker, rename."""
        sent = await self._answered("send", f"{round_name} sent")
        await self._stopped(self._acting, SAME, f"{round_name} sent", "stop")
        await self._answered("edit", f"{round_name} edited", replaces=sent)
        await self._stopped(self._others[OTHER], OTHER, f"{round_name} edited")
        wanted = {"id": round_name, "conversation_id": self._acting.conversation, "text": round_name}
        left = await self._acting.emit(f"{SIDEBAR}.rename", wanted=wanted)
        await self._seen("rename", left, lambda page: page.known(THREAD, "title") == round_name)

    async def _answered(self, what: str, name: str, **draft: str) -> str:
        """Send a message and wait until its answer grows; returns the message's id."""
        known = {head["id"] for head in self._acting.heads}
        here = self._acting.conversation
        left = await self._acting.send(_asked(name), conversation_id=here, **draft)
        await self._seen(
            what, left, lambda page: _status(page) == "streaming" and page.heads[-1]["id"] not in known
        )
        await asyncio.sleep(BETWEEN_S)
        return self._acting.heads[-2]["id"]

    async def _stopped(self, page: Page, where: str, name: str, what: str = "") -> None:
        """Press Stop in a tab and wait until all show it."""
        left = await page.emit(f"{THREAD}.stop", message_id=page.heads[-1]["id"])
        self.pressed[_asked(name), where] = left
        await self._seen(what, left, lambda page: _status(page) == "stopped")

    async def _seen(self, what: str, left: int, shows: Callable[[Page], bool]) -> None:
        """Wait until all tabs show something, and keep how long the others took, if it has a name."""
        tabs = {"": self._acting, **self._others}
        came = await asyncio.gather(*(page.until(partial(shows, page)) for page in tabs.values()))
        for where, at in zip(tabs, came, strict=True):
            if what and where:
                self.waits[what, where].append((at - left) / 1e6)
        await asyncio.sleep(BETWEEN_S)


def _asked(name: str) -> str:
    return f"{question(TOKENS, RATE, 'k')} in round {name}"


def _has_ended(page: Page) -> bool:
    return _status(page) == "complete"


def _status(page: Page) -> str:
    return page.heads[-1]["status"] if page.heads else ""
