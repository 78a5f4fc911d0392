"""Money is counted exactly, however many spend it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from chat_ui.store import ConflictError, Database, NotFoundError, payees, payments
from chat_ui.store.payees import OtherPayeeError, Payee
from chat_ui.store.payments import Budget, NewPayment, OverBudgetError
from chat_ui.store.users import User

from .conftest import Turn, begin_turn

Rows = Callable[[str], list[tuple[Any, ...]]]

PLENTY = Budget(2**256, 2**256, 2**256)
LEDGER = 'SELECT nonce, atomic, state, "transaction" FROM payment ORDER BY nonce'


def new(turn: Turn, nonce: str = "0x01", atomic: int = 40, **more: Any) -> NewPayment:
    made = NewPayment(
        nonce=nonce,
        conversation_id=turn.conversation.id,
        message_id=turn.answer.id,
        gateway="x-router",
        network="eip155:84532",
        asset="0xasset",
        payee="0xpayee",
        atomic=atomic,
        valid_before=datetime.now(UTC) + timedelta(hours=1),
    )
    return replace(made, **more)


async def reserve(
    db: Database, owner: str, payment: NewPayment, budget: Budget = PLENTY, host: str = "x.test"
) -> None:
    async with db.write() as tx:
        await payments.reserve(tx, owner, payment, host=host, budget=budget)


async def leave(db: Database, owner: str, nonce: str = "0x01") -> None:
    async with db.write() as tx:
        await payments.send(tx, owner, nonce)


async def settle(db: Database, owner: str, nonce: str = "0x01", **said: Any) -> bool:
    async with db.write() as tx:
        return await payments.settle(tx, owner, nonce, **said)


async def change(db: Database, statement: str) -> None:
    async with db.write() as tx:
        await tx.execute(text(statement))


async def pass_time(db: Database, column: str) -> None:
    """Let what a column says be over."""
    await change(db, f"UPDATE payment SET {column} = '2020-01-01 00:00:00.000000'")  # noqa: S608


async def test_a_payment_is_kept_as_it_was(db: Database, turn: Turn, alice: User, rows: Rows) -> None:
    huge = new(turn, atomic=2**256 - 1)
    await reserve(db, alice.id, huge)
    kept = (huge.message_id, huge.gateway, huge.network, huge.asset, huge.payee, str(huge.atomic))
    assert rows("SELECT message_id, gateway, network, asset, payee, atomic FROM payment") == [kept]
    assert rows(LEDGER) == [("0x01", str(huge.atomic), "reserved", None)]


@pytest.mark.parametrize(("success", "state"), [(True, "settled"), (False, "released"), (None, "unknown")])
async def test_what_becomes_of_it(
    db: Database, turn: Turn, alice: User, rows: Rows, success: bool | None, state: str
) -> None:
    await reserve(db, alice.id, new(turn))
    await leave(db, alice.id)
    assert rows(LEDGER) == [("0x01", "40", "sent", None)]
    assert await settle(db, alice.id, success=success, transaction="0xabc")
    assert rows(LEDGER) == [("0x01", "40", state, "0xabc")]


async def test_only_what_is_reserved_may_leave_and_only_once(db: Database, turn: Turn, alice: User) -> None:
    with pytest.raises(NotFoundError):
        await leave(db, alice.id)
    await reserve(db, alice.id, new(turn))
    await leave(db, alice.id)
    with pytest.raises(NotFoundError):
        await leave(db, alice.id)


async def test_what_is_settled_stays_settled(db: Database, turn: Turn, alice: User, rows: Rows) -> None:
    await reserve(db, alice.id, new(turn))
    assert not await settle(db, alice.id, success=True)
    await leave(db, alice.id)
    assert await settle(db, alice.id, success=True, transaction="0xabc")
    assert not await settle(db, alice.id, success=False)
    async with db.write() as tx:
        assert not await payments.release(tx, alice.id, "0x01")
    assert rows(LEDGER) == [("0x01", "40", "settled", "0xabc")]


async def test_a_nonce_is_used_once(db: Database, turn: Turn, alice: User, rows: Rows) -> None:
    await reserve(db, alice.id, new(turn))
    with pytest.raises(ConflictError):
        await reserve(db, alice.id, new(turn, atomic=1))
    assert rows(LEDGER) == [("0x01", "40", "reserved", None)]


@pytest.mark.parametrize(
    ("budget", "cap"),
    [
        (Budget(99, 1000, 1000), "message"),
        (Budget(1000, 99, 1000), "conversation"),
        (Budget(1000, 1000, 99), "day"),
    ],
)
async def test_each_budget_holds(
    db: Database, turn: Turn, alice: User, rows: Rows, budget: Budget, cap: str
) -> None:
    await reserve(db, alice.id, new(turn, "0x01", 60), budget)
    with pytest.raises(OverBudgetError) as caught:
        await reserve(db, alice.id, new(turn, "0x02", 40), budget)
    assert (caught.value.cap, caught.value.limit, caught.value.spent) == (cap, 99, 60)
    await reserve(db, alice.id, new(turn, "0x03", 39), budget)
    assert [nonce for nonce, *_ in rows(LEDGER)] == ["0x01", "0x03"]


async def test_each_budget_is_its_own(db: Database, turn: Turn, alice: User, bob: User) -> None:
    tight = Budget(50, 100, 100)
    await reserve(db, alice.id, new(turn, "0x01", 50), tight)
    other = await begin_turn(db, bob.id)
    await reserve(db, bob.id, new(other, "0x02", 50), tight)


async def test_what_is_left_of_each(db: Database, turn: Turn, alice: User, bob: User) -> None:
    budget = Budget(50, 60, 70)

    async def left(owner: str, conversation: str) -> Budget:
        async with db.read() as tx:
            return await payments.left(tx, owner, conversation, budget=budget)

    assert await left(alice.id, "") == budget
    await reserve(db, alice.id, new(turn, "0x01", 45), budget)
    assert await left(alice.id, turn.conversation.id) == Budget(50, 15, 25)
    assert await left(alice.id, "") == Budget(50, 60, 25)
    assert await left(bob.id, turn.conversation.id) == budget
    budget = Budget(50, 40, 40)
    assert await left(alice.id, turn.conversation.id) == Budget(50, 0, 0)
    await pass_time(db, "created_at")
    assert await left(alice.id, turn.conversation.id) == Budget(50, 0, 40)


async def test_the_day_ends(db: Database, turn: Turn, alice: User) -> None:
    budget = Budget(1000, 1000, 50)
    await reserve(db, alice.id, new(turn, "0x01", 50), budget)
    with pytest.raises(OverBudgetError):
        await reserve(db, alice.id, new(turn, "0x02", 1), budget)
    await pass_time(db, "created_at")
    await reserve(db, alice.id, new(turn, "0x02", 1), budget)


@pytest.mark.parametrize(
    ("state", "counts_before", "counts_after"),
    [
        ("reserved", True, False),
        ("sent", True, False),
        ("settled", True, True),
        ("unknown", True, True),
        ("released", False, False),
    ],
)
async def test_what_counts_before_and_after_it_expires(
    db: Database, turn: Turn, alice: User, state: str, counts_before: bool, counts_after: bool
) -> None:
    budget = Budget(50, 50, 50)

    async def counts(nonce: str) -> bool:
        try:
            await reserve(db, alice.id, new(turn, nonce, 11), budget)
        except OverBudgetError:
            return True
        async with db.write() as tx:
            await payments.release(tx, alice.id, nonce)
        return False

    await reserve(db, alice.id, new(turn), budget)
    await change(db, f"UPDATE payment SET state = '{state}'")  # noqa: S608
    assert await counts("0x02") is counts_before
    await pass_time(db, "valid_before")
    assert await counts("0x03") is counts_after


async def test_twenty_at_once_never_spend_more_than_there_is(
    db: Database, turn: Turn, alice: User, rows: Rows
) -> None:
    budget = Budget(100, 100, 100)

    async def try_to_pay(number: int) -> str:
        try:
            await reserve(db, alice.id, new(turn, f"0x{number:02}", 7 + number % 5), budget)
            await asyncio.sleep(0)
            await leave(db, alice.id, f"0x{number:02}")
        except OverBudgetError:
            return "refused"
        return "paid"

    outcomes = await asyncio.gather(*map(try_to_pay, range(20)))
    spent = sum(int(atomic) for _, atomic, state, _ in rows(LEDGER) if state == "sent")
    assert 100 - 11 < spent <= 100
    assert outcomes.count("paid") == len(rows(LEDGER))
    assert "refused" in outcomes


async def test_a_payee_is_pinned_until_another_is_agreed_to(
    db: Database, turn: Turn, alice: User, rows: Rows
) -> None:
    first = new(turn, "0x01")
    await reserve(db, alice.id, first)
    with pytest.raises(OtherPayeeError) as caught:
        await reserve(db, alice.id, new(turn, "0x02", payee="0xthief"))
    assert (caught.value.old, caught.value.new) == ("0xpayee", "0xthief")
    assert [nonce for nonce, *_ in rows(LEDGER)] == ["0x01"]
    async with db.write() as tx:
        await payees.propose(tx, alice.id, Payee("x.test", first.network, first.asset, "0xthief"))
        assert not await payees.accept(tx, alice.id, host="x.test", seen="pay 0xsomebody else")
    with pytest.raises(OtherPayeeError):
        await reserve(db, alice.id, new(turn, "0x02", payee="0xthief"))
    async with db.write() as tx:
        assert await payees.accept(tx, alice.id, host="x.test", seen="pay 0xthief now")
        assert not await payees.accept(tx, alice.id, host="x.test", seen="pay 0xthief now")
    await reserve(db, alice.id, new(turn, "0x03", payee="0xthief"))
    with pytest.raises(OtherPayeeError):
        await reserve(db, alice.id, new(turn, "0x04"))
    await reserve(db, alice.id, new(turn, "0x05"), host="another.test")


async def test_a_refused_payment_pins_nobody(db: Database, turn: Turn, alice: User, rows: Rows) -> None:
    with pytest.raises(OverBudgetError):
        await reserve(db, alice.id, new(turn), Budget(1, 1, 1))
    assert rows("SELECT * FROM pinned_payee") == []


async def test_what_was_spent_stays_spent_when_its_conversation_goes(
    db: Database, turn: Turn, alice: User, rows: Rows
) -> None:
    await reserve(db, alice.id, new(turn))
    await change(db, "DELETE FROM conversation")
    assert rows("SELECT count(*) FROM message") == [(0,)]
    assert rows(LEDGER) == [("0x01", "40", "reserved", None)]
