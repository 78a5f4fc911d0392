"""What happens in a round: drawn from its seed, and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.chaos.gateway import Script
from tests.chaos.page import Sending

__all__ = ["OF_ONE", "OF_TWO", "Conversation", "Mishap", "Odds", "Round", "draw"]

ReaderMishap = Literal["cut", "pause", "reload", "stop"]
SiteMishap = Literal["kill", "lock", "fill", "step", "redis", "freeze", "hang up"]
Odds = Mapping[SiteMishap, float]
# What happens to a site of one process, and to one of two that share a database server and Redis.
OF_ONE: Odds = {"kill": 0.4, "lock": 0.3, "fill": 0.3, "step": 0.4}
OF_TWO: Odds = {"kill": 0.6, "redis": 0.3, "freeze": 0.2, "hang up": 0.2}
MOST_WORDS = 240
UNUSUAL = ("é", "漢字", "🙂", "👩‍👩‍👧", "e\u0301", "\u2028", "«»")


@dataclass(frozen=True, slots=True)
class Mishap:
    """Something that goes wrong.

    Args:
        after: how many pieces the gateway has said in this round by then.
        kind: a reader's connection is ``cut``, or not read for a while (``pause``), or the page is loaded
            anew (``reload``); a reader presses ``stop``; the server, or one of its processes, is killed
            (``kill``); another program holds the database (``lock``); the disk is full (``fill``); the clock
            is set (``step``); Redis ends and comes back with nothing (``redis``), or stands still
            (``freeze``); the database server drops all its connections (``hang up``).
        seconds: how long it lasts; for a step, how far.
    """

    after: int
    kind: ReaderMishap | SiteMishap
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one person asks, and what happens to their page.

    Args:
        turns: their questions, with how each is answered.
        mishaps: of the page.
        sending: whether every message is sent ``once``, ``twice`` at once, or the page is ``cut`` off before
            it learns whether it is stored.
        second: the mishaps of a second page that reads along; None for no second page.
    """

    turns: tuple[tuple[str, Script], ...]
    mishaps: tuple[Mishap, ...]
    sending: Sending
    second: tuple[Mishap, ...] | None


@dataclass(frozen=True, slots=True)
class Round:
    """Conversations that go on at the same time, and what happens to the site meanwhile."""

    seed: int
    conversations: tuple[Conversation, ...]
    mishaps: tuple[Mishap, ...]

    @property
    def questions(self) -> dict[str, Script]:
        """All that is asked, with how it is answered."""
        return dict(turn for conversation in self.conversations for turn in conversation.turns)

    def draws_stop(self, question: str) -> bool:
        """Whether somebody presses "Stop" in the conversation of this question."""
        asked_in = (each for each in self.conversations if question in dict(each.turns))
        return any(mishap.kind == "stop" for each in asked_in for mishap in each.mishaps)


def draw(seed: int, odds: Odds = OF_ONE) -> Round:
    """The round of a seed.

    Args:
        seed: which.
        odds: what may happen to the site, each with how likely it is.
    """
    chance = Random(seed)  # noqa: S311 - it has to repeat itself
    turns = [
        [
            (f"Round {seed}, person {person}, question {turn}", _script(chance))
            for turn in range(chance.choice((1, 1, 2)))
        ]
        for person in range(chance.randint(2, 4))
    ]
    pieces = sum(len(script.thoughts) + len(script.words) for asked in turns for _, script in asked)
    conversations = tuple(_conversation(chance, tuple(asked), pieces) for asked in turns)
    kinds = [kind for kind, likely in odds.items() if chance.random() < likely]
    return Round(seed, conversations, tuple(_site_mishap(chance, kind, pieces) for kind in kinds))


def _script(chance: Random) -> Script:
    width = chance.choice((0, 20, 240, 240))
    thoughts = chance.choice((0, 0, 20))
    return Script(
        thoughts=tuple(f"t{number} " for number in range(thoughts)),
        words=tuple(_word(chance, number, width) for number in range(chance.randint(20, MOST_WORDS))),
        pause=chance.uniform(0.002, 0.008),
        stall=chance.choice((0.0, 0.0, 0.0, 0.6)),
        slice_bytes=chance.choice((7, 50, 100_000, 100_000)),
        refusals=chance.choice((0, 0, 0, 0, 1)),
        ending=chance.choice(("finish", "finish", "finish", "finish", "cut", "leave", "hang")),
    )


def _word(chance: Random, number: int, width: int) -> str:
    unusual = chance.choice(UNUSUAL) if chance.random() < 0.2 else ""
    return f"w{number}{unusual}{'.' * chance.randint(0, width)} "


def _conversation(chance: Random, turns: tuple[tuple[str, Script], ...], pieces: int) -> Conversation:
    mishaps = _reader_mishaps(chance, pieces)
    if chance.random() < 0.15:
        mishaps += (Mishap(chance.randrange(pieces), "stop"),)
    second = _reader_mishaps(chance, pieces) if chance.random() < 0.4 else None
    return Conversation(turns, mishaps, sending=chance.choice(("once", "twice", "cut")), second=second)


def _reader_mishaps(chance: Random, pieces: int) -> tuple[Mishap, ...]:
    kinds = chance.choices(("cut", "pause", "reload"), k=chance.choice((0, 1, 1, 2)))
    return tuple(Mishap(chance.randrange(pieces), kind, chance.uniform(0.1, 1.0)) for kind in kinds)


def _site_mishap(chance: Random, kind: SiteMishap, pieces: int) -> Mishap:
    seconds = {
        "kill": chance.uniform(0, 0.5),
        "lock": chance.uniform(0.2, 2),
        "fill": chance.uniform(0.2, 1.2),
        "step": chance.choice((-86_400, -3_600, -5, 5, 3_600, 86_400, 40 * 86_400)),
        "redis": chance.uniform(0, 1),
        "freeze": chance.uniform(0.2, 2),
        "hang up": 0.0,
    }[kind]
    # A site that dies early, or before anything else went wrong, shows little.
    earliest, latest = (0.3, 0.9) if kind == "kill" else (0, 0.7)
    return Mishap(int(pieces * chance.uniform(earliest, latest)), kind, seconds)
