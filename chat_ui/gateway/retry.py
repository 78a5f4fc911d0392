"""Asks a gateway again where that may help: before an answer has begun, and never once it is paid for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from chat_ui.gateway.errors import ConnectionFailed, GatewayError, TLSFailure
from chat_ui.gateway.events import Metadata, StreamEvent, Usage, Waiting
from chat_ui.gateway.status_errors import QuotaUsedUp, TooManyAtOnce, Unauthorized
from chat_ui.words import say

__all__ = ["RETRIED", "Patience", "Persistence", "may_help"]

# 408 to 504: openai 3.51, _base_client._should_retry; 425 by RFC 8470, 5.2; 529 is Anthropic's "overloaded".
RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})

T = TypeVar("T")
Attempt = Callable[[], AsyncGenerator[StreamEvent, None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to ask again, and how long to wait before.

    Args:
        retries: how often at most.
        longest: the longest wait, in seconds, that a gateway may ask for; rather than wait longer, nobody
            retries. The OpenAI SDK's limit too.
        first: the wait before the first retry where the gateway names none; it doubles with each.
        most: where that doubling ends.
        new_key: the wait after a refused key that never worked: token-hub's new keys take 2 to 3 seconds.
        sleep: waits.
        chance: a number from 0 to 1, that spreads the retries of many.
    """

    retries: int = 2
    longest: float = 120.0
    first: float = 0.5
    most: float = 8.0
    new_key: float = 2.5
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def wait(self, error: GatewayError, attempt: int) -> float | None:
        """Seconds until it is worth asking again; None where the gateway asks for more than is bearable.

        Args:
            error: why the last attempt failed.
            attempt: how many retries there were before, from 0.
        """
        asked_for = error.retry_after
        if asked_for is not None and asked_for > self.longest:
            return None
        if asked_for:
            return asked_for
        return min(self.first * 2**attempt, self.most) * (1 - 0.25 * self.chance())


def may_help(error: GatewayError) -> bool:
    """Whether the same request may succeed a little later; what the gateway says about that comes first."""
    if error.paid or isinstance(error, TooManyAtOnce):
        return False
    if error.should_retry is not None:
        return error.should_retry
    if isinstance(error, QuotaUsedUp | TLSFailure):
        return False
    return isinstance(error, ConnectionFailed) or error.status in RETRIED


class Persistence:
    """The requests to one gateway, each asked again where that may help.

    Args:
        patience: how often, and after how long.
        has_key: whether there is a key, which may be too new to be known yet.
    """

    def __init__(self, patience: Patience | None = None, *, has_key: bool = True) -> None:
        self._patience = patience or Patience()
        self._running: set[asyncio.Event] = set()
        self._key_is_new = has_key

    async def stream(
        self, attempt: Attempt, *, retries: int | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        """One answer, from the first attempt that begins one.

        Args:
            attempt: asks once.
            retries: fewer than ``Patience.retries``, if given.

        Yields:
            A ``Waiting`` before every wait, and what the attempts yield: of one that failed before it began
            an answer, that is no more than metadata and usage.

        Raises:
            GatewayError: the last attempt's. Whatever was yielded before stays good.
        """
        left = self._patience.retries if retries is None else min(retries, self._patience.retries)
        for number in range(self._patience.retries + 1):
            begun, ended = False, asyncio.Event()
            self._running.add(ended)
            try:
                async with aclosing(attempt()) as events:
                    async for event in events:
                        # From here on it is an answer, or a payment that has left.
                        begun = begun or not isinstance(event, Metadata | Usage)
                        self._key_is_new = False
                        yield event
            except GatewayError as error:
                self._running.discard(ended)
                is_last = number == self._patience.retries
                waiting = None if begun or is_last else self._next(error, number, left)
                if waiting is None:
                    raise
            else:
                return
            finally:
                self._running.discard(ended)
                ended.set()
            yield waiting
            await self._wait(waiting)

    async def call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask for something else than an answer; only a new key gets a second chance.

        Raises:
            GatewayError: what ``ask`` raises.
        """
        try:
            return await ask()
        except Unauthorized as error:
            if not self._doubted(error):
                raise
        await self._patience.sleep(self._patience.new_key)
        return await ask()

    def _next(self, error: GatewayError, number: int, left: int) -> Waiting | None:
        """The wait before the next attempt, if there should be one."""
        if error.paid:
            return None
        # Even where others would stand in: none does for a key that is refused.
        if number < max(left, 1) and self._doubted(error):
            return Waiting(self._patience.new_key, say("gateway.new_key"))
        if number >= left:
            return None
        if isinstance(error, TooManyAtOnce):
            return Waiting(None, error.summary) if self._running else None
        if not may_help(error):
            return None
        seconds = self._patience.wait(error, number)
        return None if seconds is None else Waiting(seconds, error.summary)

    def _doubted(self, error: GatewayError) -> bool:
        """Whether a key was refused that may only be too new; true once."""
        doubted = isinstance(error, Unauthorized) and self._key_is_new and error.should_retry is not False
        self._key_is_new = self._key_is_new and not doubted
        return doubted

    async def _wait(self, waiting: Waiting) -> None:
        if waiting.seconds is not None:
            await self._patience.sleep(waiting.seconds)
            return
        ends = [asyncio.ensure_future(ended.wait()) for ended in self._running]
        try:
            if ends:
                await asyncio.wait(ends, timeout=self._patience.longest, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
