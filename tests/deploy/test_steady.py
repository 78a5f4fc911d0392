"""A hosted site for three minutes, with people who stream, others who sit and some who sign in.

Nothing goes wrong, nothing is lost, and memory stays about where it is. How fast it is, the bench says.
"""

from __future__ import annotations

from bench.hosted import idle, serving, steady
from bench.signing import members

SECONDS = 180
PEOPLE = 30
IDLE = 200
# Many short answers, each in a conversation and on a page of its own: what each left behind would add up.
ANSWER_S = 5
# From the middle of the first third to that of the last there are some 350 answers. If each left 100 KB
# behind, a site of 380 MB would grow by this. A few percent it grows in any case while Python's heaps settle.
MOST_GROWTH = 1.09


async def test_nothing_is_lost_and_memory_stays_where_it_is() -> None:
    with serving(workers=2) as site:
        people = await members(site.database_url, PEOPLE)
        async with idle(site, people, IDLE):
            went = await steady(site, people, SECONDS, answer_s=ANSWER_S)
    assert went.streamed.errors == []
    assert went.streamed.lost == 0
    assert went.streamed.answers > PEOPLE
    first, last = went.memory()
    assert last < first * MOST_GROWTH, [size // 2**20 for size in went.warm]
