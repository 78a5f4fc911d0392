from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.chat.joining import SHORTEST_OVERLAP, Join

BEFORE = "The first thing to say about tea is that it"


def joined(before: str, pieces: list[str], *, exactly: bool = False) -> str:
    join = Join(before, continues_exactly=exactly)
    return before + "".join(map(join.feed, pieces)) + join.end()


@pytest.mark.parametrize(
    ("more", "whole"),
    [
        (" is hot.", BEFORE + " is hot."),
        (" about tea is that it is hot.", BEFORE + " is hot."),
        (BEFORE + " is hot.", BEFORE + " is hot."),
        ("is that it is hot.", "The first thing to say about tea is that it is hot."),
        ("about tea is what it is.", BEFORE + "about tea is what it is."),
        # Too short to be more than chance.
        ("it is hot.", BEFORE + "it is hot."),
        ("", BEFORE),
    ],
)
def test_what_is_repeated_of_the_end_is_left_out(more: str, whole: str) -> None:
    for size in (1, 2, 7, 1000):
        assert joined(BEFORE, [more[at : at + size] for at in range(0, len(more), size)]) == whole


@pytest.mark.parametrize(
    ("before", "more", "whole"),
    [
        ("So:\n\n", "\n\n- one", "So:\n\n- one"),
        ("So:\n", "\n\n- one", "So:\n\n- one"),
        ("So: ", " one", "So: one"),
        ("So: ", "one", "So: one"),
        ("So", " so so", "So so so"),
        ("it goes on and on", " and on", "it goes on and on and on"),
    ],
)
def test_a_prefill_is_sent_without_its_white_space(before: str, more: str, whole: str) -> None:
    for size in (1, 3, 1000):
        pieces = [more[at : at + size] for at in range(0, len(more), size)]
        assert joined(before, pieces, exactly=True) == whole


PIECES = st.lists(st.text("ab ", max_size=6), max_size=12)


@given(st.text("ab ", max_size=60), PIECES, st.booleans())
def test_nothing_is_lost_but_an_end_that_is_repeated(before: str, pieces: list[str], exactly: bool) -> None:
    more = "".join(pieces)
    whole = joined(before, pieces, exactly=exactly)
    assert whole.startswith(before)
    assert more.endswith(whole[len(before) :])
    dropped = more[: len(more) - len(whole) + len(before)]
    assert before.endswith(dropped)
    assert exactly or not dropped or len(dropped) >= SHORTEST_OVERLAP
    assert whole == joined(before, [more], exactly=exactly)
