"""The ledger of payments to gateways: what is reserved and what is spent.

A payment begins as ``reserved``, before there is a signature. It becomes ``sent`` just before it leaves, and
then what the gateway says of it: ``settled``, ``released`` (not taken), or ``unknown`` (an answer came, and
not a word of the payment). What never left is ``released``, too.

Everything but ``released`` counts against the budgets; ``reserved`` and ``sent`` until they are worthless,
because nobody can cash them after that. (Whether somebody had done so before can't be seen from here: only
the network knows.) All amounts are in the smallest unit of one currency, a millionth of a dollar.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store import payees, users
from chat_ui.store.errors import NotFoundError, StoreError
from chat_ui.store.payees import Payee
from chat_ui.store.tables import PaymentState, message, payment

__all__ = [
    "DAY",
    "Budget",
    "NewPayment",
    "OverBudgetError",
    "left",
    "release",
    "reserve",
    "send",
    "settle",
]

DAY = timedelta(days=1)


class OverBudgetError(StoreError):
    """A payment would exceed a budget; nothing was reserved.

    Args:
        cap: which one.
        limit: how much it is.
        spent: how much of it is spent or reserved.
        atomic: what the payment asks for.
    """

    def __init__(
        self, cap: Literal["message", "conversation", "day"], *, limit: int, spent: int, atomic: int
    ) -> None:
        super().__init__(f"A payment of {atomic} exceeds the {cap}'s budget of {limit}: {spent} is spent.")
        self.cap: Literal["message", "conversation", "day"] = cap
        self.limit = limit
        self.spent = spent
        self.atomic = atomic


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent on one message, in one conversation, and by one person in 24 hours."""

    message: int
    conversation: int
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment that isn't signed yet.

    Args:
        nonce: what names it.
        conversation_id: the conversation that it is for.
        message_id: the answer that it is for.
        gateway: the name of the gateway.
        network: where it is paid.
        asset: with which token.
        payee: to whom.
        atomic: how much.
        valid_before: when it becomes worthless.
    """

    nonce: str
    conversation_id: str
    message_id: str
    gateway: str
    network: str
    asset: str
    payee: str
    atomic: int
    valid_before: datetime


async def reserve(tx: AsyncConnection, owner: str, new: NewPayment, *, host: str, budget: Budget) -> None:
    """Set a payment aside, if the budget allows it and the payee is who it was before (or the first).

    Sums and row are one write transaction that holds the owner: two payments can't both take what is left.

    Args:
        tx: a write transaction.
        owner: who pays.
        new: the payment.
        host: the gateway's host, which the payee is pinned to.
        budget: what may be spent.

    Raises:
        NotFoundError: the owner has no such message in this conversation.
        OtherPayeeError: the host was paid through another payee before.
        OverBudgetError: one of the budgets would be exceeded.
        ConflictError: the nonce was used before (raised as the transaction ends).
    """
    await users.lock(tx, owner)
    found = await tx.execute(
        select(message.c.id).where(
            message.c.id == new.message_id,
            message.c.owner_id == owner,
            message.c.conversation_id == new.conversation_id,
        )
    )
    if found.one_or_none() is None:
        raise NotFoundError(f"Conversation {new.conversation_id} has no message {new.message_id} to pay for.")
    now = datetime.now(UTC)
    await payees.hold_to(tx, owner, Payee(host, new.network, new.asset, new.payee))
    await _check_budget(tx, owner, new, budget, now)
    row = {**asdict(new), "atomic": str(new.atomic), "state": "reserved", "transaction": None}
    await tx.execute(payment.insert().values(**row, owner_id=owner, created_at=now, updated_at=now))


async def send(tx: AsyncConnection, owner: str, nonce: str) -> None:
    """Note that a reserved payment leaves now.

    Raises:
        NotFoundError: the owner has no such reservation; the payment must not leave.
    """
    if not await _change(tx, owner, nonce, ("reserved",), state="sent"):
        raise NotFoundError(f"There is no payment {nonce} that is reserved.")


async def settle(
    tx: AsyncConnection, owner: str, nonce: str, *, success: bool | None, transaction: str | None = None
) -> bool:
    """Note what a gateway says of a payment that has left.

    Args:
        tx: a write transaction.
        owner: who paid.
        nonce: the payment.
        success: whether the money arrived; None if the gateway answered and didn't say.
        transaction: the payment's hash on the network, if the gateway named it.

    Returns:
        Whether there was such a payment.
    """
    state: PaymentState = "unknown" if success is None else "settled" if success else "released"
    return await _change(tx, owner, nonce, ("sent", "unknown"), state=state, transaction=transaction)


async def release(tx: AsyncConnection, owner: str, nonce: str) -> bool:
    """Give back what was set aside for a payment that never left; whether there was such a one."""
    return await _change(tx, owner, nonce, ("reserved", "sent"), state="released")


async def left(tx: AsyncConnection, owner: str, conversation_id: str, *, budget: Budget) -> Budget:
    """What of the budgets is left for a message that nothing was paid for yet.

    Args:
        tx: a transaction.
        owner: who pays.
        conversation_id: where the message belongs; blank for a conversation that isn't there yet.
        budget: what may be spent in all.
    """
    now = datetime.now(UTC)
    here = await _spent(tx, owner, payment.c.conversation_id == conversation_id, now)
    today = await _spent(tx, owner, payment.c.created_at > now - DAY, now)
    return Budget(budget.message, max(0, budget.conversation - here), max(0, budget.day - today))


async def _check_budget(
    tx: AsyncConnection, owner: str, new: NewPayment, budget: Budget, now: datetime
) -> None:
    scopes: tuple[tuple[Literal["message", "conversation", "day"], int, Any], ...] = (
        ("message", budget.message, payment.c.message_id == new.message_id),
        ("conversation", budget.conversation, payment.c.conversation_id == new.conversation_id),
        ("day", budget.day, payment.c.created_at > now - DAY),
    )
    for cap, limit, scope in scopes:
        spent = await _spent(tx, owner, scope, now)
        if spent + new.atomic > limit:
            raise OverBudgetError(cap, limit=limit, spent=spent, atomic=new.atomic)


async def _spent(tx: AsyncConnection, owner: str, scope: ColumnElement[bool], now: datetime) -> int:
    counts = or_(
        payment.c.state.in_(("settled", "unknown")),
        payment.c.state.in_(("reserved", "sent")) & (payment.c.valid_before > now),
    )
    # Summed up here: SQLite would turn a large sum of texts into a binary fraction.
    amounts = await tx.execute(select(payment.c.atomic).where(payment.c.owner_id == owner, scope, counts))
    return sum(int(amount) for (amount,) in amounts)


async def _change(
    tx: AsyncConnection, owner: str, nonce: str, before: tuple[PaymentState, ...], **values: Any
) -> bool:
    changed = await tx.execute(
        update(payment)
        .where(payment.c.nonce == nonce, payment.c.owner_id == owner, payment.c.state.in_(before))
        .values(updated_at=datetime.now(UTC), **values)
        .returning(payment.c.nonce)
    )
    return changed.one_or_none() is not None
