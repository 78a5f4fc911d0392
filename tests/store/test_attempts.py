"""Attempts are counted for all processes together, however many come at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

from chat_ui.accounts.errors import TooOften
from chat_ui.accounts.throttle import Pace, Throttle
from chat_ui.store import Database


async def test_a_burst_gains_nothing(db: Database) -> None:
    throttle = Throttle(db, account=Pace(5, timedelta(minutes=1)), address=Pace(9, timedelta(minutes=1)))
    of_one = [throttle.try_account("bob", f"192.0.2.{n}") for n in range(30)]
    came = await asyncio.gather(*of_one, return_exceptions=True)
    assert Counter(map(type, came)) == {type(None): 5, TooOften: 25}
    of_all = [throttle.try_account(f"name{n}", "198.51.100.1") for n in range(30)]
    came = await asyncio.gather(*of_all, return_exceptions=True)
    assert Counter(map(type, came)) == {type(None): 9, TooOften: 21}
