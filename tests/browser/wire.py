"""How much crosses the websocket while an answer streams, as the page receives it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import expect

from tests.browser.fixtures import StartSite
from tests.browser.history import write_history
from tests.browser.person import Person

# What a turn's beginning and end take, however long its answer is.
MOST_BYTES_PER_TURN = 6_000
MOST_BYTES_PER_TOKEN = 35
MOST_FRAMES_PER_TOKEN = 1.05
EARLIER = 50
# The heads of earlier messages, without their texts, come when a turn begins and when it ends.
MOST_BYTES_PER_HEAD = 200


async def an_answer_costs_little(
    tokens: int, start_site: StartSite, visit: Callable[..., Awaitable[Person]], folder: Path
) -> None:
    """Have an answer streamed at 50 tokens/s in a new conversation and in one of many messages, and count."""
    path = "/c/" + await write_history(folder, EARLIER)
    site = start_site(folder)
    alone, after_history = await visit(site), await visit(site, path)
    await expect(after_history.articles).to_have_count(EARLIER)

    few, many = await asyncio.gather(_bytes_of(tokens, alone), _bytes_of(tokens, after_history))

    most = MOST_BYTES_PER_TURN + tokens * MOST_BYTES_PER_TOKEN
    assert few <= most
    assert many <= most
    assert len(alone.received) / tokens <= MOST_FRAMES_PER_TOKEN
    assert many - few <= 2 * EARLIER * MOST_BYTES_PER_HEAD


async def _bytes_of(tokens: int, person: Person) -> int:
    person.received.clear()
    await person.ask(f"A long answer of {tokens} tokens, please")
    return sum(len(frame.encode()) for frame in person.received)
