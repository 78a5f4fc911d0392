from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_ui.accounts.limits import Limits, OverBudget, OverLimit, PriceUnknown, start_of_day, start_of_month
from chat_ui.store import Database, runs, usage, users
from chat_ui.store.ids import new_id
from chat_ui.store.usage import UNLIMITED, Allowance, Reservation
from tests.database import put_new_database
from tests.postgres import PostgresServer
from tests.store.conftest import begin_turn

EVERYTHING = Limits(per_minute=10_000, per_minute_and_address=10_000, at_once=10, everybody=UNLIMITED)
TODAY = datetime(2000, 1, 1, tzinfo=UTC)


def wanted(owner: str, run: str, tokens: int = 10, *, price: int | None = 1_000_000) -> Reservation:
    return Reservation(
        run_id=run,
        owner_id=owner,
        address="192.0.2.1",
        gateway="gateway",
        model="model-a",
        input_tokens=tokens,
        output_tokens=0,
        micros=0,
        input_price=price,
        output_price=price,
    )


async def ask(db: Database, limits: Limits, asked: Reservation, bounded: int | None = None) -> int | None:
    async with db.write() as tx:
        return await limits.admit(tx, asked, bounded=bounded)


async def owner(db: Database, name: str = "bob") -> str:
    async with db.write() as tx:
        return (await users.create(tx, name=name)).id


AMOUNTS = st.integers(0, 5000)
ASKED = st.tuples(AMOUNTS, st.none() | st.integers(1, 6000), st.floats(0, 1), st.booleans())
LIMIT = st.none() | st.integers(0, 30_000)


Sends = list[tuple[int, int | None, float, bool]]


@pytest.fixture(scope="module", params=["one process", "two processes"])
def send_all(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Allowance, Sends], None]]:
    """Let somebody send all at once; each example is another person's."""
    if request.param == "one process":
        where = [put_new_database(tmp_path_factory.mktemp("limits") / "chat.db")]
    else:
        postgres: PostgresServer = request.getfixturevalue("postgres")
        url = postgres.url(postgres.make_database())
        Database.prepare(url)
        where = [url, url]
    with asyncio.Runner() as runner:
        dbs = [runner.run(Database.open(each)) for each in where]
        yield lambda may, sends: runner.run(spends_no_more_than(may, sends, dbs))
        for db in dbs:
            runner.run(db.close())


@settings(max_examples=25, deadline=None)
@given(may=st.builds(Allowance, LIMIT, LIMIT, LIMIT, LIMIT), sends=st.lists(ASKED, min_size=1, max_size=12))
def test_many_at_once_never_spend_more_than_there_is(
    send_all: Callable[[Allowance, Sends], None], may: Allowance, sends: Sends
) -> None:
    send_all(may, sends)


async def spends_no_more_than(may: Allowance, sends: Sends, dbs: list[Database]) -> None:
    """Send all at once, by one process after the other, and see after each step what is spent."""
    bob, limits = await owner(dbs[0], new_id()), replace(EVERYTHING, everybody=may)
    within = Allowance(
        *(
            limit if limit is not None else 10**12
            for limit in (may.tokens_per_day, may.tokens_per_month, may.micros_per_day, may.micros_per_month)
        )
    )

    async def send(number: int, tokens: int, bounded: int | None, share: float, free: bool) -> None:
        run, db = f"{bob} {number}", dbs[number % len(dbs)]
        try:
            longest = await ask(db, limits, wanted(bob, run, tokens), bounded)
        except OverBudget:
            return
        await check(db)
        if may != UNLIMITED:
            assert longest is not None
        said = int((longest or usage.tokens_in("x")) * share)
        async with db.write() as tx:
            told = None if free else Decimal(tokens + said) / 1_000_000 * 1_000_000 / 1_000_000
            await usage.settle(tx, bob, run, text="x", input_tokens=tokens, output_tokens=said, dollars=told)
        await check(db)

    async def check(db: Database) -> None:
        async with db.read() as tx:
            spent = await usage.spent(tx, bob, TODAY)
        assert spent.tokens <= min(within.tokens_per_day or 0, within.tokens_per_month or 0)
        assert spent.micros <= min(within.micros_per_day or 0, within.micros_per_month or 0)

    await asyncio.gather(*(send(number, *one) for number, one in enumerate(sends)))


async def test_what_was_set_aside_is_given_back(db: Database) -> None:
    bob = await owner(db)
    limits = replace(EVERYTHING, everybody=Allowance(tokens_per_day=1000))
    assert await ask(db, limits, wanted(bob, "1", 100), None) == 900
    left = r"today doesn't reach for this \(0 of 1,000 tokens left\)\. .* in \d+ (hour|minute|second)"
    with pytest.raises(OverBudget, match=left):
        await ask(db, limits, wanted(bob, "2", 100), None)
    async with db.write() as tx:
        # The gateway refused: nothing was said, nothing counted.
        await usage.settle(tx, bob, "1", text="", input_tokens=None, output_tokens=None, dollars=None)
    assert await ask(db, limits, wanted(bob, "2", 100), 50) == 50
    async with db.write() as tx:
        # Nobody counted: what was said is estimated.
        await usage.settle(tx, bob, "2", text="x" * 300, input_tokens=None, output_tokens=None, dollars=None)
        assert await usage.spent(tx, bob, TODAY) == usage.Spent(200, 200)
        # A person stopped it before it said a word: it had been read by then.
        await usage.reserve(tx, bob, wanted(bob, "3", 100))
        await usage.settle(
            tx, bob, "3", text="", input_tokens=None, output_tokens=None, dollars=None, stopped=True
        )
        assert await usage.spent(tx, bob, TODAY) == usage.Spent(300, 300)
        # Once is enough.
        await usage.settle(tx, bob, "2", text="", input_tokens=0, output_tokens=0, dollars=None)
        assert await usage.spent(tx, bob, TODAY) == usage.Spent(300, 300)


async def test_money_needs_a_price(db: Database) -> None:
    bob = await owner(db)
    limits = replace(EVERYTHING, everybody=Allowance(micros_per_month=2_000_000))
    with pytest.raises(PriceUnknown, match="what model-a costs"):
        await ask(db, limits, wanted(bob, "1", price=None))
    assert await ask(db, limits, wanted(bob, "2", 500_000), 9_000_000) == 1_500_000
    assert await ask(db, limits, wanted(bob, "3", 100_000, price=0)) is not None
    with pytest.raises(OverBudget, match=r"this month .* \(\$0\.00 of \$2\.00 left\)"):
        await ask(db, limits, wanted(bob, "4", 500))


async def test_an_allowance_of_ones_own_comes_first(db: Database) -> None:
    bob, carol = await owner(db), await owner(db, "carol")
    limits = replace(EVERYTHING, everybody=Allowance(tokens_per_day=0))
    async with db.write() as tx:
        await usage.allow(tx, bob, Allowance(tokens_per_day=500))
    assert await ask(db, limits, wanted(bob, "1", 100)) == 400
    with pytest.raises(OverBudget):
        await ask(db, limits, wanted(carol, "2", 100))


async def test_messages_in_a_minute(db: Database) -> None:
    bob, carol = await owner(db), await owner(db, "carol")
    limits = replace(EVERYTHING, per_minute=3, per_minute_and_address=5)
    asked = [ask(db, limits, wanted(bob, f"b{n}")) for n in range(5)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    refused = [str(result) for result in results if isinstance(result, OverLimit)]
    assert len(refused) == 2
    assert all("You have sent 3 messages within a minute. Send this one in" in words for words in refused)
    for n in range(2):
        await ask(db, limits, wanted(carol, f"c{n}"))
    with pytest.raises(OverLimit, match="Your network has sent 5 messages"):
        await ask(db, limits, wanted(carol, "c3"))
    await ask(db, limits, replace(wanted(carol, "c4"), address="192.0.2.2"))
    async with db.write() as tx:
        await tx.execute(usage.usage.update().values(created_at=datetime.now(UTC) - timedelta(seconds=61)))
    await ask(db, limits, wanted(bob, "b9"))


async def test_answers_that_are_being_written_at_once(db: Database) -> None:
    bob, carol = await owner(db), await owner(db, "carol")
    limits = replace(EVERYTHING, at_once=2)
    # Its run stands there by then: what is asked for is one of those that count.
    begun = [await begin_turn(db, bob, client_id=f"send-{n}") for n in range(2)]
    await ask(db, limits, wanted(bob, begun[1].run.id))
    third = await begin_turn(db, bob, client_id="third")
    with pytest.raises(OverLimit, match="2 answers"):
        await ask(db, limits, wanted(bob, third.run.id))
    await ask(db, limits, wanted(carol, (await begin_turn(db, carol)).run.id))
    async with db.write() as tx:
        texts, outcome = runs.Texts("x"), runs.Outcome(status="complete")
        await runs.finish(tx, bob, begun[0].run.id, texts=texts, outcome=outcome)
    await ask(db, limits, wanted(bob, third.run.id))


def test_days_and_months_begin_in_utc() -> None:
    late = datetime.fromisoformat("2026-03-01T01:30:00+02:00")
    assert start_of_day(late) == datetime(2026, 2, 28, tzinfo=UTC)
    assert start_of_month(late) == datetime(2026, 2, 1, tzinfo=UTC)
