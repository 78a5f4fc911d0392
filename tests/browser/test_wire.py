"""How much crosses the websocket while an answer streams."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.history import write_history

TOKENS = 250
MOST_BYTES_PER_TOKEN = 50
MOST_FRAMES_PER_TOKEN = 1.05
EARLIER = 50
# The heads of earlier messages, without their texts, come when a turn begins and when it ends.
MOST_BYTES_PER_HEAD = 200


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder with one conversation of many messages, and its address."""
    folder = tmp_path_factory.mktemp("history")
    return folder, "/c/" + asyncio.run(write_history(folder, EARLIER))


async def test_a_long_answer_costs_little_and_no_more_for_a_long_history(start_site, visit, history):
    folder, path = history
    site = start_site(folder)
    alone, after_history = await visit(site), await visit(site, path)
    await expect(after_history.articles).to_have_count(EARLIER)

    few, many = await asyncio.gather(bytes_of_long_answer(alone), bytes_of_long_answer(after_history))

    assert few / TOKENS <= MOST_BYTES_PER_TOKEN
    assert many / TOKENS <= MOST_BYTES_PER_TOKEN
    assert len(alone.received) / TOKENS <= MOST_FRAMES_PER_TOKEN
    assert many - few <= 2 * EARLIER * MOST_BYTES_PER_HEAD


async def bytes_of_long_answer(person) -> int:
    person.received.clear()
    await person.ask(f"A long answer of {TOKENS} tokens, please")
    return sum(len(frame.encode()) for frame in person.received)
