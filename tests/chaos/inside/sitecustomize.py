"""What the chaos suite puts into the server's process: a clock that can be set, and a list of its tasks.

Python imports this before anything else, because its folder is on ``PYTHONPATH``. Everybody in the process
who asks Python for the time of day is told the stepped one; the monotonic clock stays true, as it does where
a machine's clock is set.
"""

import asyncio
import datetime
import json
import mmap
import os
import signal
import struct
import time
from pathlib import Path
from types import FrameType
from typing import Any

with Path(os.environ["CHAOS_CLOCK"]).open("rb") as clock:
    _offset = mmap.mmap(clock.fileno(), 8, access=mmap.ACCESS_READ)
_true_time_ns = time.time_ns
_true_datetime = datetime.datetime


def _time_ns() -> int:
    return _true_time_ns() + struct.unpack("q", _offset[:8])[0] * 1_000_000_000


def _time() -> float:
    return _time_ns() / 1_000_000_000


class _Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _true_datetime)


class _SteppedDatetime(_true_datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return _true_datetime.fromtimestamp(_time(), tz)


time.time_ns, time.time, datetime.datetime = _time_ns, _time, _SteppedDatetime


def _list_tasks(number: int, frame: FrameType | None) -> None:
    """Write down where in the app each task stands that is in it."""
    del number, frame
    stands = sorted(filter(None, (_place_in_app(task.get_coro()) for task in asyncio.all_tasks())))
    report = Path(os.environ["CHAOS_TASKS"])
    unfinished = report.with_suffix(".new")
    unfinished.write_text(json.dumps(stands))
    unfinished.replace(report)


def _place_in_app(awaited: Any) -> str:
    """The innermost function of the app that an awaitable is in; blank if it is in none."""
    place = ""
    while awaited is not None:
        code = _first(awaited, "cr_code", "ag_code", "gi_code")
        if code is not None and "/chat_ui/" in code.co_filename:
            place = f"{Path(code.co_filename).stem}.{code.co_qualname}"
        awaited = _first(awaited, "cr_await", "ag_await", "gi_yieldfrom")
    return place


def _first(thing: Any, *names: str) -> Any:
    return next((value for name in names if (value := getattr(thing, name, None)) is not None), None)


signal.signal(signal.SIGUSR1, _list_tasks)
