"""Where rounds are played: one gateway, one site with its disk, and the people of a round."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType

from chat_ui.gateway.lease import WARM
from tests.chaos import evidence
from tests.chaos.evidence import Database
from tests.chaos.gateway import Gateway, Script
from tests.chaos.mishaps import full_disk, locked_database, small_disk
from tests.chaos.page import Page, Seen
from tests.chaos.patience import PATIENCE_S, until
from tests.chaos.plan import Conversation, Mishap, Round
from tests.chaos.site import Server

__all__ = ["Stage", "Tally"]

RECOVERY_S = 1.0
# Where the site stands at rest: it looks for what is to be purged now and then.
PURGES = "trash.keep_purging"
GREETING = "Is anybody there?"
HEALTHY = Script((), ("Yes.",), pause=0, stall=0, slice_bytes=100_000, refusals=0, ending="finish")


@dataclass(slots=True)
class Tally:
    """What was done in all rounds, to be told at their end."""

    has_small_disk: bool = False
    rounds: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    most_lost: int = 0


class Stage:
    """A running site, for one round after the other.

    Args:
        folder: where everything of it lies.
        tally: counts what happens.
    """

    def __init__(self, folder: Path, tally: Tally) -> None:
        self._folder = folder
        self._tally = tally
        self._lives = 0
        self._around = AsyncExitStack()

    async def __aenter__(self) -> Stage:
        self._lives += 1
        place = self._folder / f"site-{self._lives}"
        disk = place / "disk"
        self._tally.has_small_disk = self._around.enter_context(small_disk(disk))
        self._gateway = await self._around.enter_async_context(Gateway())
        self._server = Server(place / "server", disk / "data", self._gateway.port)
        self._around.callback(self._server.kill)
        await asyncio.to_thread(self._server.start)
        self._at_rest = await self._tasks_at_rest()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._around.aclose()

    async def start_over(self) -> None:
        """Begin with a new site, after a round that may have left this one broken."""
        await self._around.aclose()
        await self.__aenter__()

    @property
    def log(self) -> str:
        """What the site has printed."""
        return self._server.log

    async def play(self, played: Round) -> None:
        """Play a round to its end, and check what it left behind.

        Raises:
            AssertionError: something doesn't hold.
        """
        self._gateway.scripts.update(played.questions)
        self._said_before, self._over = self._gateway.said, asyncio.Event()
        self._outage, self._died_in_outage = asyncio.Lock(), False
        printed = len(self._server.log)
        seen = Seen()
        pages = [
            [Page(self._server.port, seen) for _ in range(1 if each.second is None else 2)]
            for each in played.conversations
        ]
        everybody = [page for tabs in pages for page in tabs]
        try:
            async with asyncio.TaskGroup() as going_wrong:
                for mishap in played.mishaps:
                    going_wrong.create_task(self._befall_site(mishap))
                async with asyncio.TaskGroup() as talking:
                    for conversation, tabs in zip(played.conversations, pages, strict=True):
                        talking.create_task(self._converse(conversation, tabs, going_wrong))
                self._over.set()
            self._server.set_clock(0)
            await self._check_stored(played, seen)
            await self._check_pages(pages, seen)
        finally:
            self._over.set()
            for page in everybody:
                await page.close()
        await self._check_at_rest()
        assert "Traceback" not in self._server.log[printed:], "the site's log has an exception"
        self._tally.rounds += 1

    async def _converse(self, conversation: Conversation, tabs: list[Page], group: asyncio.TaskGroup) -> None:
        page = tabs[0]
        for tab, mishaps in zip(tabs, (conversation.mishaps, conversation.second or ()), strict=False):
            for mishap in mishaps:
                group.create_task(self._befall_page(mishap, tab))
        for question, script in conversation.turns:
            await page.send(question, sending=conversation.sending)
            for tab in tabs[1:]:
                await tab.go(page.path)
            await self._hear_out(page, question, script)

    async def _hear_out(self, page: Page, question: str, script: Script) -> None:
        """Wait for the end of an answer; press "Stop" where it would never come."""

        def ended() -> bool:
            answer = page.answer_to(question)
            return answer is not None and answer.status != "streaming"

        def said_all() -> bool:
            answer, text = page.answer_to(question), "".join(script.words)
            return answer is not None and page.texts.get(answer.id, {}).get("text") == text

        if script.ending == "hang":
            await until(lambda: ended() or said_all(), f"all that is said to {question!r}")
            async with asyncio.timeout(PATIENCE_S):
                while not ended():
                    await page.stop()
                    await asyncio.sleep(0.5)
        await until(ended, f"the end of the answer to {question!r}")

    async def _befall_page(self, mishap: Mishap, page: Page) -> None:
        if not await self._comes_to(mishap):
            return
        match mishap.kind:
            case "cut":
                page.cut()
            case "reload":
                page.reload()
            case "pause":
                await page.pause(mishap.seconds)
            case "stop":
                await page.stop()

    async def _befall_site(self, mishap: Mishap) -> None:
        if not await self._comes_to(mishap):
            return
        match mishap.kind:
            case "kill":
                self._died_in_outage = self._outage.locked()
                await asyncio.to_thread(self._server.kill)
                # No site starts on a full disk.
                async with self._outage:
                    await asyncio.sleep(mishap.seconds)
                    await asyncio.to_thread(self._server.start)
            case "lock":
                await self._take_storage(locked_database, mishap.seconds)
            case "fill" if self._tally.has_small_disk:
                await self._take_storage(full_disk, mishap.seconds)
            case "step":
                self._server.set_clock(int(mishap.seconds))

    async def _take_storage(
        self, take: Callable[[Path], AbstractAsyncContextManager[None]], seconds: float
    ) -> None:
        async with self._outage:
            async with take(self._server.database):
                await asyncio.sleep(seconds)
            # What has waited is written now.
            await asyncio.sleep(RECOVERY_S)

    async def _comes_to(self, mishap: Mishap) -> bool:
        """Wait for a mishap's moment; tell whether it comes before the round is over."""
        while self._gateway.said - self._said_before < mishap.after:
            if self._over.is_set():
                return False
            await asyncio.sleep(0.005)
        self._tally.mishaps[mishap.kind] += 1
        return True

    async def _check_stored(self, played: Round, seen: Seen) -> None:
        database = Database(self._server.database)
        await until(lambda: not database.unended(), "every run has a final status")
        prefix = f"Round {played.seed},"
        evidence.check_sends(database.questions(prefix), played.questions)
        answers = database.answers(prefix)
        assert len(answers) == len(played.questions), "a question has not exactly one answer"
        for answer in answers:
            lost = evidence.check_answer(
                answer,
                played.questions[answer.question],
                self._gateway.tellings.get(answer.question, []),
                seen,
                may_be_stopped=played.draws_stop(answer.question),
                outage=self._died_in_outage,
            )
            self._tally.answers[answer.status] += 1
            if not self._died_in_outage:
                self._tally.most_lost = max(self._tally.most_lost, lost)
        faults = database.faults()
        assert not faults, f"the database is not in order: {faults}"

    async def _check_pages(self, pages: list[list[Page]], seen: Seen) -> None:
        """Every page that is open shows what is stored, one that is opened now too; and the site answers."""
        database = Database(self._server.database)
        for tabs in pages:
            path = tabs[0].path
            stored = database.heads(path.rpartition("/")[2])
            late = Page(self._server.port, seen, path)
            for number, page in enumerate((*tabs, late), start=1):
                await until(
                    partial(evidence.shows, page, stored),
                    f"page {number} (of {len(tabs)}, and a late one) shows what {path} has",
                    instead=partial(evidence.differences, page, stored),
                )
            await late.close()
        self._gateway.scripts[GREETING] = HEALTHY
        page = Page(self._server.port, Seen())
        await page.send(GREETING)
        await until(lambda: (answer := page.answer_to(GREETING)) and answer.status == "complete", "an answer")
        await page.close()

    async def _tasks_at_rest(self) -> Counter[str]:
        # What it does first it does once: it stands elsewhere meanwhile, on a busy machine for a while.
        until_when = time.monotonic() + PATIENCE_S
        while PURGES not in (tasks := await self._server.tasks()):
            assert time.monotonic() < until_when, f"the site doesn't come to rest: {tasks}"
        return Counter(tasks)

    async def _check_at_rest(self) -> None:
        """Nothing is left of pages that are closed and answers that have ended: no socket, no task."""
        server, gateway = self._server, self._gateway
        await until(lambda: server.sockets_of_pages() == 0, "the server lets go of the pages' sockets")
        await until(lambda: gateway.busy == 0, "no answer is on its way")
        await until(
            lambda: server.sockets_to_gateway() == gateway.connections <= WARM,
            "the server holds only such connections to the gateway as can serve again",
        )
        until_when = time.monotonic() + PATIENCE_S
        while left := Counter(await server.tasks()) - self._at_rest:
            assert time.monotonic() < until_when, f"tasks that nobody waits for: {left}"
