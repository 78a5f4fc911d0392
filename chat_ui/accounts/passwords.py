"""Passwords: what is a good one, and how one is kept and checked."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from chat_ui.accounts.errors import TooBusy, UnfitPassword
from chat_ui.words import say

__all__ = ["LONGEST", "SHORTEST", "Passwords", "check"]

SHORTEST = 12
LONGEST = 256
DISTINCT = 5
# How far behind everything else hashing stands in line for a processor: as one to ten.
NICENESS = 10
# Longer than the shortest, and still on every list of passwords to try first.
KNOWN = frozenset(
    {
        "123456789012",
        "1234567890123",
        "1234567890qwerty",
        "1q2w3e4r5t6y",
        "abcdefghijkl",
        "administrator",
        "adminadmin12",
        "changeme1234",
        "iloveyou1234",
        "letmein12345",
        "password1234",
        "password12345",
        "passwordpassword",
        "qwerty123456",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdfghjkl",
        "welcome12345",
    }
)

T = TypeVar("T")


def check(password: str, name: str) -> None:
    """Refuse a password that is too easily guessed.

    Length counts, not kinds of characters: https://pages.nist.gov/800-63-4/sp800-63b.html, section 3.1.1.

    Raises:
        UnfitPassword: what is wrong with it, in words.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UnfitPassword(say("accounts.password_length", shortest=SHORTEST, longest=LONGEST))
    plain = password.casefold()
    if plain in KNOWN or len(set(plain)) < DISTINCT or (len(name) > 3 and name in plain):
        raise UnfitPassword(say("accounts.password_guessed"))


class Passwords:
    """Hashes and checks passwords with Argon2id, a few at a time and beside the event loop.

    The cost is what OWASP asks for at least
    (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html); 19 MB and about
    20 ms each, so that a flood of sign-ins takes neither the memory nor the loop. Where the system can do
    that, it is done with the time that answers leave.

    Args:
        at_once: how many are hashed at the same time.
        waiting: how many more may wait for that; everybody else is told to come back.
    """

    def __init__(self, *, at_once: int = 2, waiting: int = 40) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
        self._threads = ThreadPoolExecutor(at_once, "passwords", initializer=_stand_back)
        self._most = at_once + waiting
        self._inside = 0
        # Of the same cost as everybody's, so that nobody can tell that there was none to compare with.
        self._nobodys = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The hash of a password, with its salt and cost.

        Raises:
            TooBusy: too many wait already.
        """
        return await self._beside(lambda: self._hasher.hash(_bounded(password)))

    async def fits(self, password: str, hash: str | None) -> bool:
        """Whether a password is the one that was hashed; where there is none, it takes as long to say no.

        Raises:
            TooBusy: too many wait already.
        """
        fits = await self._beside(lambda: self._verify(hash or self._nobodys, password))
        return fits and hash is not None

    def is_dated(self, hash: str) -> bool:
        """Whether a hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(hash)

    def _verify(self, hash: str, password: str) -> bool:
        with suppress(VerificationError, InvalidHashError):
            return self._hasher.verify(hash, _bounded(password))
        return False

    async def _beside(self, work: Callable[[], T]) -> T:
        if self._inside >= self._most:
            raise TooBusy
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._inside -= 1


def _stand_back() -> None:
    """Let everybody else go first; only Linux has that for one thread (``man 2 setpriority``)."""
    if sys.platform == "linux":
        niceness = os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


def _bounded(password: str) -> bytes:
    """The bytes that count; more than any password that ``check`` lets pass has."""
    return password.encode("utf-8", "surrogatepass")[: 4 * LONGEST]
