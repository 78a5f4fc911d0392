"""An answer whose every token says which it is, so that one sees on a page how far it has come.

It has what answers have, in the proportions of a long one: paragraphs, headings, nested lists, tables, code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, cycle, islice

__all__ = ["CODE_LINES", "numbered", "one_of_everything"]

CODE_LINES = 30
BREAK = "\n\n"


def numbered(tokens: int, mark: str, code_lines: int = CODE_LINES) -> list[str]:
    """So many tokens, each a word made of the mark and its number: ``k0``, ``k1`` …

    Args:
        tokens: how many.
        mark: the letter that the words begin with.
        code_lines: the length of each code block; a line has five tokens.
    """
    words = (f"{mark}{number}" for number in count())
    # What stands around a word comes with it; nothing but spaces comes after the last sign of a word.
    return [shape.format(next(words)) for shape in islice(_shapes(code_lines), tokens)]


def one_of_everything(code_lines: int) -> int:
    """After how many tokens such an answer has had each of what answers have."""
    return sum(len(section()) for section in _sections(code_lines))


def _sections(code_lines: int) -> tuple[Callable[[], list[str]], ...]:
    return (_heading, _prose, _list, _prose, _table, _prose, lambda: _code(code_lines), _quote)


def _shapes(code_lines: int) -> Iterator[str]:
    before = ""
    for section in cycle(_sections(code_lines)):
        for number, shape in enumerate(section()):
            yield shape if number else before + shape
        before = BREAK


def _heading() -> list[str]:
    return ["## {}", *_words(3)]


def _prose() -> list[str]:
    sentence = ["{}", *_words(7), " {},", " **{}", " {}**", *_words(5), " `{}`", " {}."]
    return [*sentence, *[" {}", *sentence[1:]] * 2]


def _list() -> list[str]:
    item = ["- **{}**", *_words(8), " {}."]
    nested = ["\n  1. {}", *_words(6)]
    return [*item, *["\n" + item[0], *item[1:]], *nested * 3, *["\n" + item[0], *item[1:]] * 2]


def _table() -> list[str]:
    row = ["| {} |", " {} |", " {} |"]
    head = [row[0], row[1], f"{row[2]}\n| :--- | ---: | :---: |"]
    return [*head, *["\n" + row[0], *row[1:]] * 8]


def _code(lines: int) -> list[str]:
    line = ["\n    {} =", " {}(", '"{}",', " {})", "  # {}"]
    return ["```python\ndef {}", "({}):", *line * (lines - 2), "\n    return {}\n```"]


def _quote() -> list[str]:
    return ["> {}", *_words(14), " {}."]


def _words(number: int) -> list[str]:
    return [" {}"] * number
