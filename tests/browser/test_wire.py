"""How much crosses the websocket while an answer streams; ``tests/deploy/test_wire.py`` has a longer one."""

from tests.browser.wire import an_answer_costs_little


async def test_an_answer_costs_little_and_no_more_for_a_long_history(start_site, visit, tmp_path):
    await an_answer_costs_little(250, start_site, visit, tmp_path)
