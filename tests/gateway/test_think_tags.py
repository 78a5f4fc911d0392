from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ui.gateway import StreamEvent

from .wire import chunk, decoded, ends, said, text, thought


def told(*payloads: Any) -> tuple[str, str]:
    """Reasoning and text of a whole stream."""
    events: list[StreamEvent] = decoded(*payloads, "[DONE]")
    assert ends(events) == ["stop"]
    return thought(events), said(events)


def pieces(content: str, size: int) -> list[Any]:
    return [text(content[start : start + size]) for start in range(0, len(content), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 100])
@pytest.mark.parametrize(
    ("content", "reasoning", "answer"),
    [
        ("<think>Hm</think>Yes", "Hm", "Yes"),
        ("\n <think>\nHm.\n\nSo\n</think>\n\nYes ", "Hm.\n\nSo", "Yes "),
        ("<think>\n\n</think>\n\nYes", "", "Yes"),
        ("<think>a < b </thi c</think>Yes", "a < b </thi c", "Yes"),
        ("<think>Hm</think>Yes <think>no</think>", "Hm", "Yes <think>no</think>"),
        ("<think>never closed", "never closed", ""),
        ("<think>half closed</thi", "half closed</thi", ""),
        ("<think>", "", ""),
        ("<thin", "", "<thin"),
        ("<thinking>Hm", "", "<thinking>Hm"),
        ("Use <think>…</think> tags", "", "Use <think>…</think> tags"),
        ("```\n<think>x</think>\n```", "", "```\n<think>x</think>\n```"),
        ("\n\n  code", "", "\n\n  code"),
        ("</think>", "", "</think>"),
    ],
)
def test_tags(content: str, reasoning: str, answer: str, size: int) -> None:
    assert told(*pieces(content, size)) == (reasoning, answer)


def test_reasoning_is_told_as_it_comes() -> None:
    assert thought(decoded(text("<think>Let me"), text(" see"))) == "Let me see"


@pytest.mark.parametrize("size", [1, 5, 100])
def test_the_same_reasoning_under_its_own_name_is_told_once(size: int) -> None:
    named = chunk({"reasoning_content": "Hm. So"})
    assert told(named, *pieces("<think>\nHm. So\n</think>\n\nYes", size)) == ("Hm. So", "Yes")


def test_both_may_grow_together() -> None:
    deltas = [
        chunk({"reasoning_content": "Hm", "content": "<think>Hm"}),
        chunk({"reasoning_content": ". So", "content": ". So"}),
        chunk({"content": "</think>Yes"}),
    ]
    assert told(*deltas) == ("Hm. So", "Yes")


def test_tags_first_and_the_name_later_is_told_once() -> None:
    assert told(text("<think>Hm</think>"), chunk({"reasoning": "Hm"}), text("Yes")) == ("Hm", "Yes")


def test_tags_around_something_else_than_the_named_reasoning_are_text() -> None:
    content = "<think>an element of my own</think> is what you asked for"
    assert told(chunk({"reasoning": "Easy."}), *pieces(content, 4)) == ("Easy.", content)


def test_a_long_text_in_tags_is_not_held_for_ever() -> None:
    content = "<think>" + "words " * 100
    assert said(decoded(chunk({"reasoning": "Easy."}), text(content))) == content


def test_what_a_cut_stream_told_twice_is_told_once() -> None:
    assert told(chunk({"reasoning": "Hm. So"}), text("<think>Hm.")) == ("Hm. So", "")


def test_a_whole_message_with_tags() -> None:
    body = {"choices": [{"index": 0, "message": {"content": "<think>Hm</think>\nYes"}}]}
    assert told(body) == ("Hm", "Yes")


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "ink>", " ", "\n", "a", "</"]), max_size=12)
)
def test_any_split_of_any_text_tells_the_same_and_loses_no_word(parts: list[str]) -> None:
    whole = "".join(parts)
    split = told(*map(text, parts))
    assert split == told(text(whole)) == told(*pieces(whole, 1))
    kept = "".join(split[0] + split[1]).split()
    tags = whole.replace("<think>", "", 1).replace("</think>", "", 1) if split != ("", whole) else whole
    assert sorted("".join(kept)) == sorted("".join(tags.split()))
