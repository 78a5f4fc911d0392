"""How an open page keeps following, though what it stands on goes away for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from redis.exceptions import RedisError
from reflex_base.utils.exceptions import LockExpiredError

from chat_ui.chat.errors import Closing
from chat_ui.chat.trouble import why
from chat_ui.monitoring.lasting import warn
from chat_ui.state import wire
from chat_ui.store.errors import StoreError
from chat_ui.words import say

__all__ = ["StateLost", "keep_following"]

FOLLOW_AGAIN_S = 2.0
LOOK_FOR_PAGE_S = 15.0
# Where several processes serve the site, Reflex keeps the state of pages in Redis.
AWAY = (RedisError, LockExpiredError, OSError)

log = logging.getLogger(__name__)


class StateLost(Exception):  # noqa: N818 - it says what happened
    """The page's state isn't what this follower has made of it: Redis has lost it. A snapshot mends it."""


async def keep_following(
    follow: Callable[[], Awaitable[None]], tell: Callable[[str], Awaitable[None]]
) -> None:
    """Follow until cancelled or the page has left; from the beginning where the database or Redis was away.

    Args:
        follow: shows what there is, and whatever happens from then on.
        tell: shows what is wrong.
    """
    with _ended_without_page():
        while True:
            try:
                await follow()
            except StateLost:
                continue
            except Closing:
                return
            except StoreError as error:
                with suppress(*AWAY):
                    await tell(say("store.followed", why=why(error)))
            except AWAY as error:
                warn(log, f"A page can't be told what happens; it is tried again. ({error})")
            await asyncio.sleep(FOLLOW_AGAIN_S)


@contextmanager
def _ended_without_page() -> Iterator[None]:
    """Cancel this task once its page has no websocket here any more.

    Reflex does so where the load of a page began the task, but anybody can begin one by its name, and leave.
    """
    follower = asyncio.current_task()
    assert follower is not None
    looking = asyncio.create_task(_end_without_page(follower))
    try:
        yield
    finally:
        looking.cancel()


async def _end_without_page(follower: asyncio.Task[object]) -> None:
    while True:
        await asyncio.sleep(LOOK_FOR_PAGE_S)
        if not wire.has_page():
            follower.cancel()
            return
