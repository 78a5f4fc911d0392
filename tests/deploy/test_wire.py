"""How much crosses the websocket while a long answer streams."""

from tests.browser.wire import an_answer_costs_little


async def test_two_thousand_tokens_cost_little_and_no_more_for_a_long_history(start_site, visit, tmp_path):
    await an_answer_costs_little(2_000, start_site, visit, tmp_path)
