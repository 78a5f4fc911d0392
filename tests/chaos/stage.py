"""Where rounds are played: one gateway, a site on its ground, and the people of a round."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType

from tests.chaos import evidence
from tests.chaos.gateway import Gateway, Script
from tests.chaos.ground import Ground
from tests.chaos.page import Page, Seen
from tests.chaos.patience import PATIENCE_S, until
from tests.chaos.plan import Conversation, Mishap, Round

__all__ = ["Stage", "Tally"]

GREETING = "Is anybody there?"
HEALTHY = Script((), ("Yes.",), pause=0, stall=0, slice_bytes=100_000, refusals=0, ending="finish")


@dataclass(slots=True)
class Tally:
    """What was done in all rounds, to be told at their end."""

    rounds: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    most_lost: int = 0
    lacking: set[str] = field(default_factory=set)


class Stage:
    """A running site, for one round after the other.

    Args:
        folder: where everything of it lies.
        tally: counts what happens.
        ground: makes what the site stands on, in a folder, for the gateway at a port.
    """

    def __init__(self, folder: Path, tally: Tally, ground: Callable[[Path, int], Ground]) -> None:
        self._folder = folder
        self._tally = tally
        self._make_ground = ground
        self._lives = 0
        self._around = AsyncExitStack()

    async def __aenter__(self) -> Stage:
        self._lives += 1
        self._gateway = await self._around.enter_async_context(Gateway())
        ground = self._make_ground(self._folder / f"site-{self._lives}", self._gateway.port)
        self._ground = await self._around.enter_async_context(ground)
        if ground.lacks:
            self._tally.lacking.add(ground.lacks)
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
        return self._ground.site.log

    async def play(self, played: Round) -> None:
        """Play a round to its end, and check what it left behind.

        Raises:
            AssertionError: something doesn't hold.
        """
        self._gateway.scripts.update(played.questions)
        self._said_before, self._over = self._gateway.said, asyncio.Event()
        self._ground.begin()
        printed = len(self.log)
        seen = Seen()
        pages = [
            [Page(self._ground.site.port, seen) for _ in range(1 if each.second is None else 2)]
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
            self._ground.settle()
            await self._check_stored(played, seen)
            await self._check_pages(pages, seen)
        finally:
            self._over.set()
            for page in everybody:
                await page.close()
        await until(lambda: self._gateway.busy == 0, "no answer is on its way")
        await self._ground.check_at_rest(self._gateway)
        assert not self._ground.complaints(self.log[printed:]), "the site's log has an exception"
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
        if await self._comes_to(mishap):
            await self._ground.befall(mishap)

    async def _comes_to(self, mishap: Mishap) -> bool:
        """Wait for a mishap's moment; tell whether it comes before the round is over."""
        while self._gateway.said - self._said_before < mishap.after:
            if self._over.is_set():
                return False
            await asyncio.sleep(0.005)
        self._tally.mishaps[mishap.kind] += 1
        return True

    async def _check_stored(self, played: Round, seen: Seen) -> None:
        database = self._ground.database
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
                outage=self._ground.died_in_outage,
            )
            self._tally.answers[answer.status] += 1
            if not self._ground.died_in_outage:
                self._tally.most_lost = max(self._tally.most_lost, lost)
        faults = database.faults()
        assert not faults, f"the database is not in order: {faults}"

    async def _check_pages(self, pages: list[list[Page]], seen: Seen) -> None:
        """Every page that is open shows what is stored, one that is opened now too; and the site answers."""
        database = self._ground.database
        for tabs in pages:
            path = tabs[0].path
            stored = database.heads(path.rpartition("/")[2])
            late = Page(self._ground.site.port, seen, path)
            for number, page in enumerate((*tabs, late), start=1):
                await until(
                    partial(evidence.shows, page, stored),
                    f"page {number} (of {len(tabs)}, and a late one) shows what {path} has",
                    instead=partial(evidence.differences, page, stored),
                )
            await late.close()
        self._gateway.scripts[GREETING] = HEALTHY
        page = Page(self._ground.site.port, Seen())
        await page.send(GREETING)
        await until(lambda: (answer := page.answer_to(GREETING)) and answer.status == "complete", "an answer")
        await page.close()
