"""An answer such as models write: markdown with lists, tables and long code, in pieces the size of tokens."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import count, islice

__all__ = ["pieces"]

WORDS = re.findall(
    r"\w+",
    """
    a about after again all also an and any are as at be because before between both but by can comes does
    each end every few first follows for from given has have here how if in into is it its keeps last less
    like may means more most much needs never no not now of often on once one only or order other out over
    part per same second several since so some such than that the their then there these they this those
    through time to two under until use what when where which while with without would buffer cache café
    client column connection cost decoder default descriptor element error event example function gateway
    handler implementation index iterator latency library limit message method model naïve network number
    object operating option parameter performance piece process protocol query queue record request response
    result row schedule server signal socket statement stream structure synchronization table task thread
    throughput timeout token transaction value variable version worker
    """,
)
NAMES = ("count", "items", "limit", "offset", "payload", "queue", "result", "retries", "session", "total")
CALLS = ("decode", "encode", "fetch", "measure", "parse", "publish", "resolve", "store", "wait_for")
MARKS = ("✓", "→", "≤", "😀", "日本語")

# As byte-pair encoders cut: a word with the space before it, long words in parts, digits by threes.
PIECE = re.compile(r" ?[^\W\d_]{1,7}|\d{1,3}|\n+ *| +(?= )| ?[^\s\w]{1,3}|_+|\s")


def pieces(number: int, seed: int = 1) -> list[str]:
    """The first so many pieces of the answer that belongs to the seed; the end may cut a code block."""
    return list(islice(_endless(random.Random(seed)), number))


def _endless(chance: random.Random) -> Iterator[str]:
    sections: tuple[Callable[[random.Random], str], ...]
    sections = (_prose, _list, _prose, _table, _prose, _code, _quote)
    for number in count(1):
        yield from PIECE.findall(f"## {number}. {_sentence(chance, 4)}\n\n")
        for section in sections:
            yield from PIECE.findall(section(chance) + "\n\n")


def _prose(chance: random.Random) -> str:
    return " ".join(_sentence(chance, chance.randint(8, 20)) for _ in range(chance.randint(3, 6)))


def _list(chance: random.Random) -> str:
    items = [f"- **{_sentence(chance, 2)}** {_sentence(chance, chance.randint(6, 14))}" for _ in range(4)]
    nested = [f"  {number}. {_sentence(chance, 6)}" for number in range(1, 4)]
    return "\n".join([*items[:2], *nested, *items[2:]])


def _table(chance: random.Random) -> str:
    rows = [[*chance.sample(WORDS, 2), str(chance.randint(1, 9999)), chance.choice(MARKS)] for _ in range(8)]
    lines = [["Name", "Kind", "Count", "Good"], [":---", ":---", "---:", ":---:"], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(chance: random.Random) -> str:
    lines = ["```python", "import asyncio"]
    for number in range(6):
        (first, second), (call, other) = chance.sample(NAMES, 2), chance.sample(CALLS, 2)
        lines += [
            "",
            "",
            f"async def {call}_{number}({first}: int, {second}: list[str]) -> dict[str, int]:",
            f'    """{_sentence(chance, 7)}"""',
            f"    found = {{name: {first} for name in {second} if name}}  # {_sentence(chance, 4)}",
            f"    for {first} in range({chance.randint(2, 500)}):",
            f"        if {first} % {chance.randint(2, 9)} == 0 and len(found) <= {chance.randint(10, 99)}:",
            f'            found[f"{chance.choice(NAMES)}-{{{first}}}"] = await {other}_{number}(found)',
            "    return found",
        ]
    return "\n".join([*lines, "```"])


def _quote(chance: random.Random) -> str:
    mark = chance.choice(MARKS)
    return f"> {_sentence(chance, 16)} `{chance.choice(CALLS)}()` {mark} {_sentence(chance, 8)}"


def _sentence(chance: random.Random, words: int) -> str:
    said = [chance.choice(WORDS) for _ in range(words)]
    if words > 8:
        said[words // 2] += ","
    return " ".join(said).capitalize() + "."
