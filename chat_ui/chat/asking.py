"""Asks a gateway for one answer, and tells the readers what stands in its way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial

from chat_ui.chat.changes import RunPaying, RunWaiting
from chat_ui.chat.feed import Feed, Topic
from chat_ui.chat.gateways import Gateways
from chat_ui.chat.live import LiveRun
from chat_ui.chat.purse import StoredPurse
from chat_ui.gateway import BadRequest, ChatRequest, Waiting
from chat_ui.gateway.fallback import Route, stream_with_fallback
from chat_ui.store.engine import Database
from chat_ui.store.payments import Budget

__all__ = ["Asker"]

Grow = Callable[[int], Awaitable[None]]


class Asker:
    """Asks for the answers of this process.

    Args:
        db: where payments are written down.
        feed: where the readers learn of a wait or a payment.
        gateways: whom to ask.
        budget: what a person may spend on answers that are paid per request.
    """

    def __init__(self, db: Database, feed: Feed, gateways: Gateways, budget: Budget) -> None:
        self._db = db
        self._feed = feed
        self._gateways = gateways
        self._budget = budget

    async def ask(self, run: LiveRun, grow: Grow, breath: Callable[[], float]) -> None:
        """Let an answer grow until its gateway has said all.

        Args:
            run: which answer.
            grow: told by how many code points it grew, whenever it may have.
            breath: how many seconds what the gateway says may gather before it is read.

        Raises:
            GatewayError: the gateway couldn't answer, or not to the end.
            ChatError: there is no such gateway any more.
        """
        turn = run.turn
        async with self._gateways.routes(turn.gateway, turn.request.model) as routes:
            try:
                await self._stream(run, routes, turn.request, grow, breath)
            except BadRequest:
                if turn.retold is None:
                    raise
                run.answer.expect_retelling()
                await self._stream(run, routes, turn.retold, grow, breath)

    async def _stream(
        self,
        run: LiveRun,
        routes: Sequence[Route],
        request: ChatRequest,
        grow: Grow,
        breath: Callable[[], float],
    ) -> None:
        turn = run.turn
        answers = stream_with_fallback(routes, request, purse_of=partial(self._purse, run), breath=breath)
        async with aclosing(answers) as events:
            async for event in events:
                await grow(run.answer.add(event))
                if isinstance(event, Waiting):
                    await self._tell(run, RunWaiting(turn.message_id, event.seconds, event.reason))

    def _purse(self, run: LiveRun, gateway: str) -> StoredPurse:
        turn = run.turn
        return StoredPurse(
            self._db,
            turn.owner,
            conversation_id=turn.conversation_id,
            message_id=turn.message_id,
            gateway=gateway,
            budget=self._budget,
            tell=lambda words: self._tell(run, RunPaying(turn.message_id, words)),
        )

    async def _tell(self, run: LiveRun, hurdle: RunWaiting | RunPaying) -> None:
        run.meet(hurdle)
        await self._feed.publish(Topic("conversation", run.turn.conversation_id), hurdle)
