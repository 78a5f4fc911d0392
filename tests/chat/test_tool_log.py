from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.chat.tool_log import SEPARATOR, ToolLog, is_log
from chat_ui.gateway import ToolCallDelta

NAMES = st.none() | st.text(min_size=1, max_size=6)
ARGUMENTS = st.text(st.characters(exclude_characters="\x1e"), max_size=8)
DELTAS = st.lists(st.builds(ToolCallDelta, st.integers(0, 3), NAMES, NAMES, ARGUMENTS), max_size=20)


@dataclass(frozen=True, slots=True)
class ToolCall:
    id: str | None
    name: str | None
    arguments: str


def calls_in(log: str) -> list[ToolCall]:
    """The calls that a log holds, as the page's script reads them."""
    calls: dict[int, ToolCall] = {}
    for entry in log.split(SEPARATOR)[1:]:
        head, newline, arguments = entry.partition("\n")
        if not newline:
            continue
        index, id, name = (*json.loads(head), None, None)[:3]
        known = calls.get(index, ToolCall(None, None, ""))
        grown = replace(known, arguments=known.arguments + arguments)
        calls[index] = replace(grown, id=known.id or id, name=known.name or name)
    return list(calls.values())


@given(DELTAS)
def test_what_is_written_is_read(deltas: list[ToolCallDelta]) -> None:
    log = ToolLog()
    expected: dict[int, ToolCall] = {}
    for delta in deltas:
        known = expected.get(delta.index, ToolCall(None, None, ""))
        expected[delta.index] = ToolCall(
            known.id or delta.id, known.name or delta.name, known.arguments + delta.arguments
        )
    assert calls_in("".join(map(log.write, deltas))) == list(expected.values())


def test_arguments_cost_what_they_are_long() -> None:
    log = ToolLog()
    begun = log.write(ToolCallDelta(0, "call_1", "look_up", ""))
    assert begun == '\x1e[0,"call_1","look_up"]\n'
    assert log.write(ToolCallDelta(0, None, None, '{"q')) == '{"q'
    assert log.write(ToolCallDelta(1, None, "other", "")) == '\x1e[1,null,"other"]\n'
    assert log.write(ToolCallDelta(0, None, None, '":1}')) == '\x1e[0]\n":1}'


def test_a_separator_in_arguments_ends_no_call() -> None:
    assert calls_in(ToolLog().write(ToolCallDelta(0, "a", "b", "x\x1e[1]\ny"))) == [
        ToolCall("a", "b", "x [1]\ny")
    ]


@given(DELTAS, st.data())
def test_a_log_that_was_cut_anywhere_can_be_read(deltas: list[ToolCallDelta], data: st.DataObject) -> None:
    whole = "".join(map(ToolLog().write, deltas))
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    assert is_log(cut)
    assert len(calls_in(cut)) <= len(calls_in(whole))


@pytest.mark.parametrize("text", ["a", "\x1e\n", "\x1e{}\n", "\x1e[]\n", '\x1e["0"]\n', "\x1e[0,1,2]\n"])
def test_what_the_page_could_not_read_is_no_log(text: str) -> None:
    assert not is_log(text)
