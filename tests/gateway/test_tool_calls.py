from __future__ import annotations

from typing import Any

import pytest

from chat_ui.gateway import Finish, StreamEvent, ToolCallDelta

from .wire import chunk, decoded


def calls(*deltas: Any) -> list[StreamEvent]:
    return decoded(*[chunk({"tool_calls": delta}) for delta in deltas])


def call(index: Any, call_id: Any = None, name: Any = None, arguments: Any = None) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "function", "function": {"name": name, "arguments": arguments}}
    if index is not None:
        entry["index"] = index
    return {**entry, "id": call_id}


def test_pieces_of_one_call() -> None:
    events = calls([call(0, "a", "look", "")], [call(0, None, None, '{"x"')], [call(0, None, None, ":1}")])
    assert events == [
        ToolCallDelta(0, "a", "look", ""),
        ToolCallDelta(0, None, None, '{"x"'),
        ToolCallDelta(0, None, None, ":1}"),
    ]


def test_repeated_names_and_ids_are_told_once() -> None:
    events = calls([call(0, "a", "look", '{"x"')], [call(0, "a", "look", ":1}")], [call(0, "a", "look", "")])
    assert events == [ToolCallDelta(0, "a", "look", '{"x"'), ToolCallDelta(0, None, None, ":1}")]


def test_repeated_names_without_ids_are_one_call() -> None:
    events = calls([call(0, None, "look", "{}")], [call(0, None, "look", " ")])
    assert {e.index for e in events if isinstance(e, ToolCallDelta)} == {0}


def test_null_arguments_and_empty_lists() -> None:
    assert calls([], None, [call(0, "a", "look", None)], []) == [ToolCallDelta(0, "a", "look", "")]


def test_arguments_as_an_object() -> None:
    assert calls([call(0, "a", "look", {"x": 1})]) == [ToolCallDelta(0, "a", "look", '{"x": 1}')]


def test_parallel_calls_by_index() -> None:
    events = calls([call(0, "a", "f", "{"), call(1, "b", "g", "{")], [call(0, None, None, "}")])
    assert [e.index for e in events if isinstance(e, ToolCallDelta)] == [0, 1, 0]


def test_parallel_calls_that_all_have_index_0() -> None:
    events = calls([call(0, "a", "f", '{"x":1}')], [call(0, "b", "f", "")], [call(0, None, None, "{}")])
    assert events == [
        ToolCallDelta(0, "a", "f", '{"x":1}'),
        ToolCallDelta(1, "b", "f", ""),
        ToolCallDelta(1, None, None, "{}"),
    ]


def test_a_new_id_within_a_call_is_no_new_call() -> None:
    events = calls([call(0, "a", "f", '{"x"')], [call(0, "b", "f", ":1}")])
    assert [e.index for e in events if isinstance(e, ToolCallDelta)] == [0, 0]


def test_without_an_index_the_id_tells() -> None:
    events = calls([call(None, "a", "f", "{}")], [call(None, "b", "g", "{")], [call(None, "b", None, "}")])
    assert [e.index for e in events if isinstance(e, ToolCallDelta)] == [0, 1, 1]


def test_without_index_and_id_it_is_more_of_the_last_call() -> None:
    events = calls([call(None, None, "f", "{")], [call(None, None, None, "}")], [call(None, None, "g", "{}")])
    assert [e.index for e in events if isinstance(e, ToolCallDelta)] == [0, 0, 1]


def test_an_index_may_start_at_1() -> None:
    events = calls([call(1, "a", "f", "{")], [call(1, None, None, "}")])
    assert [e.index for e in events if isinstance(e, ToolCallDelta)] == [1, 1]


def test_the_older_function_call() -> None:
    events = decoded(chunk({"function_call": {"name": "f", "arguments": "{}"}}), chunk({}, "function_call"))
    assert events == [ToolCallDelta(0, None, "f", "{}"), Finish("tool_calls")]


@pytest.mark.parametrize("entry", [None, 3, {}, {"index": 0}, {"index": [], "function": None}])
def test_entries_that_say_nothing(entry: object) -> None:
    assert calls([entry]) == []
