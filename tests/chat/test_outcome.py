from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from chat_ui.chat.answer import Answer
from chat_ui.chat.errors import NoSuchModel
from chat_ui.chat.outcome import Times, outcome_of, unsaved_words
from chat_ui.gateway import Finish, FinishReason, GatewayError, Metadata, ReasoningDelta, TextDelta, Usage
from chat_ui.store import StoreError
from chat_ui.store.runs import Outcome


def judged(answer: Answer, failure: BaseException | None = None, *, stopped: bool = False) -> Outcome:
    return outcome_of(answer, failure, stopped=stopped, times=Times(None, 0.25, 1.5))


def answer_of(*events: TextDelta | ReasoningDelta | Finish | Usage | Metadata) -> Answer:
    answer = Answer()
    for event in events:
        answer.add(event)
    return answer


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "content_filter"])
def test_a_stream_that_says_why_it_ends_is_complete(reason: FinishReason) -> None:
    outcome = judged(answer_of(TextDelta("x"), Finish(reason)))
    assert (outcome.status, outcome.finish_reason, outcome.error) == ("complete", reason, None)
    assert (outcome.first_token_ms, outcome.thought_ms, outcome.duration_ms) == (None, 250, 1500)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (GatewayError("It broke."), "It broke."),
        (NoSuchModel("gone"), "'gone' is not connected"),
        (ZeroDivisionError("secret"), "its own fault"),
    ],
)
def test_what_fails_before_the_first_word_has_failed_and_later_is_an_interruption(
    failure: Exception, words: str
) -> None:
    before, after = judged(answer_of(), failure), judged(answer_of(ReasoningDelta("Hm.")), failure)
    assert (before.status, after.status) == ("failed", "interrupted")
    assert words in (before.error or "")
    assert before.error == after.error
    assert "secret" not in (before.error or "")


def test_a_person_who_stops_needs_no_explanation() -> None:
    outcome = judged(answer_of(TextDelta("x")), asyncio.CancelledError(), stopped=True)
    assert (outcome.status, outcome.error, outcome.finish_reason) == ("stopped", None, None)


def test_figures_are_taken_over() -> None:
    metadata = Metadata("r-1", "large", "p", "cheapest", 0.1, "usd")
    outcome = judged(answer_of(Usage(1, 2, 3, 4), metadata, Finish("stop")))
    assert (outcome.input_tokens, outcome.output_tokens) == (1, 2)
    assert (outcome.cached_tokens, outcome.reasoning_tokens) == (3, 4)
    assert (outcome.cost, outcome.currency) == (Decimal("0.1"), "usd")
    assert (outcome.request_id, outcome.served_model, outcome.provider) == ("r-1", "large", "p")
    assert outcome.route_reason == "cheapest"


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), None])
def test_a_cost_that_is_no_amount_is_left_out(cost: float | None) -> None:
    assert judged(answer_of(Metadata(cost=cost), Finish("stop"))).cost is None


def test_only_errors_made_for_readers_are_shown_to_them() -> None:
    full = unsaved_words(StoreError("The file /srv/secret can't grow.", "full"))
    assert "disk is full" in full
    assert "secret" not in full
    assert "secret" not in unsaved_words(ZeroDivisionError("secret"))
