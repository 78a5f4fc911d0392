from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_ui.chat.answer import Answer, GrowingText
from chat_ui.chat.changes import Piece
from chat_ui.chat.live import LiveRun, Turn
from chat_ui.gateway import (
    ChatRequest,
    Finish,
    Metadata,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from chat_ui.store.runs import JournalEntry

WORDS = st.text(min_size=1, max_size=12) | st.sampled_from(["👩‍👩‍👧", "🇩🇪", "e\u0301", "שלום", "\0", "\n"])
DELTAS = st.lists(st.builds(TextDelta, WORDS) | st.builds(ReasoningDelta, WORDS), max_size=30)
STEPS = st.lists(WORDS | st.none(), max_size=40)


def said(events: list[TextDelta | ReasoningDelta], kind: type[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


@given(STEPS)
def test_pieces_make_up_the_text_without_a_hole(steps: list[str | None]) -> None:
    growing = GrowingText("text")
    pieces: list[Piece] = []
    for step in [*steps, None]:
        if step is not None:
            growing.add(step)
        elif (piece := growing.take_piece("id")) is not None:
            pieces.append(piece)
    assert "".join(piece.text for piece in pieces) == str(growing) == "".join(filter(None, steps))
    end = 0
    for piece in pieces:
        assert piece.offset == end
        assert piece.text
        end += len(piece.text)
    assert growing.take_piece("id") is None


@given(DELTAS, st.lists(st.sampled_from(["", "lost", "unconfirmed"]), max_size=30))
def test_journal_batches_make_up_the_texts_whatever_fails(
    events: list[TextDelta | ReasoningDelta], failures: list[str]
) -> None:
    turn = Turn("run", "owner", "conversation", "message", "demo", ChatRequest("", ()))
    run = LiveRun(turn, journal_chars=10)
    journal: dict[int, JournalEntry] = {}
    for number, event in enumerate(events):
        run.grow(run.answer.add(event))
        batch = run.take_batch()
        failure = failures[number] if number < len(failures) else None
        if failure != "lost":
            journal |= {entry.seq: entry for entry in batch}
        if failure:
            run.answer.add(TextDelta("meanwhile "))
            run.give_back(batch)
    journal |= {entry.seq: entry for entry in run.take_batch()}
    for part in run.answer.parts:
        said = [journal[seq].text for seq in sorted(journal) if journal[seq].part == part.part]
        assert "".join(said) == str(part)


def test_what_is_given_back_comes_before_what_grew_meanwhile() -> None:
    growing = GrowingText("text")
    growing.add("first ")
    failed = growing.take_unsaved()
    growing.add("second")
    growing.give_back(failed)
    assert growing.take_unsaved() == "first second"
    assert growing.take_unsaved() == ""


@given(DELTAS)
def test_reasoning_is_told_before_text(events: list[TextDelta | ReasoningDelta]) -> None:
    answer = Answer()
    grown = sum(answer.add(event) for event in events)
    assert grown == len(str(answer.text)) + len(str(answer.reasoning))
    pieces = answer.take_pieces("id")
    assert [piece.part for piece in pieces] == [
        part
        for part, text in (("reasoning", said(events, ReasoningDelta)), ("text", said(events, TextDelta)))
        if text
    ]


@given(st.lists(st.builds(Usage, st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_the_last_usage_counts(counted: list[Usage]) -> None:
    answer = Answer()
    assert [answer.add(usage) for usage in counted] == [0] * len(counted)
    assert answer.usage == counted[-1]


def test_metadata_adds_up() -> None:
    answer = Answer()
    events: list[StreamEvent] = [
        Metadata(request_id="r-1", model="small"),
        Metadata(model="large", cost=0.25),
        Metadata(provider="p"),
        Finish("stop"),
        ToolCallDelta(0, "id", "name", "{}"),
    ]
    assert [answer.add(event) for event in events] == [0, 0, 0, 0, 19]
    assert answer.metadata == Metadata(request_id="r-1", model="large", provider="p", cost=0.25)
    assert answer.finish_reason == "stop"
