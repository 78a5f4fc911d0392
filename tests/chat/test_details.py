from __future__ import annotations

from decimal import Decimal

from chat_ui.chat.details import details_of
from chat_ui.chat.live import Stopwatch
from chat_ui.store.messages import Message


def test_all_that_is_known_is_told_in_words() -> None:
    answer = Message(
        conversation_id="c",
        role="assistant",
        gateway="hub",
        model="large",
        served_model="large-2",
        finish_reason="length",
        input_tokens=12_000,
        cached_tokens=8_000,
        output_tokens=101,
        reasoning_tokens=40,
        cost=Decimal("0.0123"),
        currency="usd",
        receipt="transaction 0x1",
        request_id="r-1",
        route_reason="cheapest",
        first_token_ms=500,
        duration_ms=2500,
    )
    facts = dict(details_of(answer, "hub.example"))
    assert (facts["Model"], facts["Asked for"]) == ("large-2", "large")
    assert facts["Gateway"] == "hub.example"
    assert facts["Tokens read"] == "12,000, 8,000 from the cache"
    assert facts["Tokens written"] == "101, 40 of them reasoning"
    assert (facts["First token after"], facts["Finished after"]) == ("0.50 s", "2.5 s")
    assert facts["Speed"] == "50 tokens a second"
    assert "longest length" in facts["Ended"]
    assert facts["Chosen because"] == "cheapest"
    assert "0.0123" in facts["Cost"]
    assert (facts["Payment"], facts["Request"]) == ("transaction 0x1", "r-1")


def test_what_nobody_said_is_left_out() -> None:
    answer = Message(conversation_id="c", role="assistant", gateway="demo", model="demo", status="stopped")
    assert details_of(answer, "") == [("Model", "demo"), ("Ended", "You stopped it")]


def test_a_stopwatch_adds_up_what_it_ran() -> None:
    watch = Stopwatch()
    assert watch.total(9.0) is None
    watch.set(True, 1.0)
    watch.set(True, 2.0)
    assert watch.total(3.0) == 2.0
    watch.set(False, 4.0)
    assert watch.total(9.0) == 3.0
    watch.set(True, 10.0)
    assert watch.total(11.0) == 4.0
