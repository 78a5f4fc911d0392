"""How often something may be tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chat_ui.accounts.errors import TooOften
from chat_ui.accounts.tokens import id_of
from chat_ui.store import attempts
from chat_ui.store.engine import Database

__all__ = ["Pace", "Throttle"]


@dataclass(frozen=True, slots=True)
class Pace:
    """At most so many in a while."""

    most: int
    within: timedelta


class Throttle:
    """Counts attempts for all processes together, and before what is tried, so that a burst gains nothing.

    Args:
        db: where they are counted.
        account: how often one account may be tried.
        address: how often one address may try.
    """

    def __init__(
        self,
        db: Database,
        *,
        account: Pace = Pace(10, timedelta(minutes=15)),
        address: Pace = Pace(40, timedelta(minutes=15)),
    ) -> None:
        self._db = db
        self._account = account
        self._address = address

    async def try_account(self, name: str, address: str) -> None:
        """Count an attempt to sign in, whether there is such an account or not.

        Raises:
            TooOften: this is one too many.
        """
        await self._count((_key("account", name), self._account), (_key("address", address), self._address))

    async def try_address(self, address: str) -> None:
        """Count an attempt of another kind.

        Raises:
            TooOften: this is one too many.
        """
        await self._count((_key("address", address), self._address))

    async def forget_account(self, name: str) -> None:
        """Count anew, because whoever tried has got in."""
        async with self._db.write(durable=False) as tx:
            await attempts.forget(tx, _key("account", name))

    async def _count(self, *keys: tuple[str, Pace]) -> None:
        now = datetime.now(UTC)
        async with self._db.write(durable=False) as tx:
            await attempts.hold(tx, [key for key, _ in keys])
            longest = max(self._account.within, self._address.within)
            await attempts.forget_before(tx, now - longest)
            for key, pace in keys:
                number, first = await attempts.count(tx, key, now - pace.within)
                if first is not None and number >= pace.most:
                    raise TooOften(first + pace.within - now)
            for key, _ in keys:
                await attempts.add(tx, key, now)


def _key(kind: str, whose: str) -> str:
    # Hashed: names that were mistyped may well be passwords.
    return f"{kind}:{id_of(whose)}"
