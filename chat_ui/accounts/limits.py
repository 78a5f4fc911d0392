"""How much one person may ask for: how often, how many at once, and for how much.

What is left is read, and what an answer may take set aside, in the transaction that stores the answer. So
many tabs, or many processes, can't each spend what is there once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.accounts.errors import AccountError, in_words
from chat_ui.settings import Settings
from chat_ui.store import usage, users
from chat_ui.store.usage import MILLION, Allowance, Reservation, Spent, cost_of
from chat_ui.words import say

__all__ = [
    "Limits",
    "OverBudget",
    "OverLimit",
    "PriceUnknown",
    "allowance_from",
    "start_of_day",
    "start_of_month",
]

MINUTE = timedelta(minutes=1)
# What is set aside for an answer whose length nobody bounds, and the least that is worth asking for.
USUAL_ANSWER = 4096
SHORTEST_ANSWER = 64


class OverLimit(AccountError):  # noqa: N818
    """More messages, or more at once, than one may send."""


class OverBudget(AccountError):  # noqa: N818
    """What may be used in a day or a month is used up."""


class PriceUnknown(AccountError):  # noqa: N818
    """Nobody says what a model costs, and what may be spent is limited."""

    def __init__(self, model: str) -> None:
        super().__init__(say("limits.price_unknown", model=model))


@dataclass(frozen=True, slots=True)
class Limits:
    """What everybody may do.

    Args:
        per_minute: messages of one person.
        per_minute_and_address: messages from one address.
        at_once: answers to one person that are being written.
        everybody: what a person may use that has no allowance of their own.
    """

    per_minute: int
    per_minute_and_address: int
    at_once: int
    everybody: Allowance

    async def admit(self, tx: AsyncConnection, wanted: Reservation, *, bounded: int | None) -> int | None:
        """Set aside what an answer may take, in the transaction that has just stored its run.

        Args:
            tx: a write transaction.
            wanted: the answer, with the tokens that it reads; how many it may write is found here.
            bounded: how many tokens it may have at most, where somebody has said so.

        Returns:
            The longest that the answer may get, in tokens; None where nothing bounds it.

        Raises:
            OverLimit: too many messages, or too many answers at once.
            OverBudget: too little is left of a day's or a month's.
            PriceUnknown: money is limited, and nobody says what this costs.
        """
        # From here on, one after the other; two at once would both find the same left.
        await users.lock(tx, wanted.owner_id)
        await self._check_pace(tx, wanted, datetime.now(UTC))
        return await self.set_aside(tx, wanted, bounded=bounded)

    async def set_aside(self, tx: AsyncConnection, wanted: Reservation, *, bounded: int | None) -> int | None:
        """Do what ``admit`` does for what nobody sends a message for, and raise what it raises of budgets."""
        owner, now = wanted.owner_id, datetime.now(UTC)
        await users.lock(tx, owner)
        may = await usage.allowance_of(tx, owner) or self.everybody
        if may == usage.UNLIMITED:
            output, longest = bounded or USUAL_ANSWER, bounded
        else:
            output = longest = await _fitting(tx, wanted, may, bounded or USUAL_ANSWER, now)
        cost = wanted.micros or cost_of(wanted.input_tokens, output, wanted.input_price, wanted.output_price)
        await usage.reserve(tx, owner, replace(wanted, output_tokens=output, micros=cost))
        return longest

    async def _check_pace(self, tx: AsyncConnection, wanted: Reservation, now: datetime) -> None:
        mine = await usage.sent(tx, now - MINUTE, owner=wanted.owner_id)
        _check_minute(mine, self.per_minute, now, "limits.minute")
        if wanted.address:
            ours = await usage.sent(tx, now - MINUTE, address=wanted.address)
            _check_minute(ours, self.per_minute_and_address, now, "limits.minute.network")
        if await usage.running(tx, wanted.owner_id) > self.at_once:
            words = "limits.at_once.one" if self.at_once == 1 else "limits.at_once"
            raise OverLimit(say(words, count=self.at_once))


def _check_minute(sent: list[datetime], most: int, now: datetime, words: str) -> None:
    if len(sent) >= most:
        wait = in_words(sent[-most] + MINUTE - now)
        raise OverLimit(say(words, most=most, wait=wait))


async def _fitting(
    tx: AsyncConnection, wanted: Reservation, may: Allowance, output: int, now: datetime
) -> int:
    """How many tokens an answer may have, so that all of it fits in what is left."""
    day, month = start_of_day(now), start_of_month(now)
    used_in_day = await usage.spent(tx, wanted.owner_id, day)
    used_in_month = await usage.spent(tx, wanted.owner_id, month)
    tomorrow, next_month = day + timedelta(days=1), start_of_month(month + timedelta(days=32))
    for limit, spent, words, until in (
        ((may.tokens_per_day, may.micros_per_day), used_in_day, "limits.today", tomorrow),
        ((may.tokens_per_month, may.micros_per_month), used_in_month, "limits.this_month", next_month),
    ):
        fits = _longest(wanted, limit, spent)
        if fits is not None:
            if fits < min(output, SHORTEST_ANSWER):
                raise OverBudget(say(words, left=_left(limit, spent), wait=in_words(until - now)))
            output = min(output, fits)
    return output


def _longest(wanted: Reservation, limit: tuple[int | None, int | None], spent: Spent) -> int | None:
    """The longest answer that a limit leaves room for, in tokens; None where there is no limit."""
    tokens, micros = limit
    fits: list[int] = []
    if tokens is not None:
        fits.append(tokens - spent.tokens - wanted.input_tokens)
    if micros is not None:
        left = micros - spent.micros
        if wanted.micros:
            fits.append(USUAL_ANSWER if wanted.micros <= left else -1)
        elif wanted.input_price is None or wanted.output_price is None:
            raise PriceUnknown(wanted.model)
        else:
            left -= cost_of(wanted.input_tokens, 0, wanted.input_price, 0)
            if left < 0:
                fits.append(-1)
            elif wanted.output_price:
                fits.append(left * MILLION // wanted.output_price)
    return min(fits, default=None)


def _left(limit: tuple[int | None, int | None], spent: Spent) -> str:
    tokens, micros = limit
    left: list[str] = []
    if tokens is not None:
        left.append(say("limits.left.tokens", left=max(0, tokens - spent.tokens), of=tokens))
    if micros is not None:
        dollars = max(0, micros - spent.micros) / MILLION
        left.append(say("limits.left.dollars", left=dollars, of=micros / MILLION))
    return say("limits.left.and").join(left)


def allowance_from(settings: Settings) -> Allowance:
    """What everybody may use, as the settings say."""

    def micros(dollars: Decimal | None) -> int | None:
        return None if dollars is None else int(dollars * MILLION)

    return Allowance(
        settings.tokens_per_day,
        settings.tokens_per_month,
        micros(settings.dollars_per_day),
        micros(settings.dollars_per_month),
    )


def start_of_day(now: datetime) -> datetime:
    """When the day began, in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def start_of_month(now: datetime) -> datetime:
    """When the month began, in UTC."""
    return start_of_day(now).replace(day=1)
