"""How an open page keeps following, though what it stands on goes away for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from redis.exceptions import RedisError
from reflex_base.utils.exceptions import LockExpiredError

from chat_ui.store.errors import StoreError

__all__ = ["StateLost", "keep_following"]

FOLLOW_AGAIN_S = 2.0
# Where several processes serve the site, Reflex keeps the state of pages in Redis.
AWAY = (RedisError, LockExpiredError, OSError)

log = logging.getLogger(__name__)


class StateLost(Exception):  # noqa: N818 - it says what happened
    """The page's state isn't what this follower has made of it: Redis has lost it. A snapshot mends it."""


async def keep_following(
    follow: Callable[[], Awaitable[None]], say: Callable[[str], Awaitable[None]]
) -> None:
    """Follow until cancelled, from the beginning again wherever the database or Redis was away.

    Args:
        follow: shows what there is, and whatever happens from then on.
        say: shows what is wrong.
    """
    while True:
        try:
            await follow()
        except StateLost:
            continue
        except StoreError as error:
            with suppress(*AWAY):
                await say(str(error))
        except AWAY as error:
            log.warning("A page can't be told what happens; it is tried again. (%s)", error)
        await asyncio.sleep(FOLLOW_AGAIN_S)
