"""What a message's head says of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from chat_ui.state.heads import head_of
from chat_ui.store.messages import Message


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, ""),
        ({"duration_ms": 12}, ""),
        ({"duration_ms": 50}, "0.1 s"),
        (
            {"output_tokens": 1200, "duration_ms": 2210, "cost": Decimal("0.01"), "currency": "USD"},
            "1,200 tokens · 2.2 s · $0.01",
        ),
    ],
)
def test_figures_are_those_that_say_something(known: dict[str, Any], said: str) -> None:
    assert head_of(Message(conversation_id="c", role="assistant", text="x", **known)).figures == said
