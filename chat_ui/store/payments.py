"""The ledger of payments to gateways: what is reserved, what is spent, and whom it went to.

A payment begins as ``reserved``, before there is a signature. It becomes ``sent`` just before it leaves, and
then what the gateway says of it: ``settled``, ``released`` (not taken), or ``unknown`` (an answer came, and
not a word of the payment). What never left is ``released``, too.

Everything but ``released`` counts against the budgets; ``reserved`` and ``sent`` until they are worthless,
because nobody can cash them after that. (Whether somebody had done so before can't be seen from here: only
the network knows.) All amounts are in the smallest unit of one currency, a millionth of a dollar.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chat_ui.store import users
from chat_ui.store.errors import NotFoundError, StoreError
from chat_ui.store.tables import PaymentState, message, payment, pinned_payee

__all__ = [
    "DAY",
    "Budget",
    "NewPayment",
    "OtherPayeeError",
    "OverBudgetError",
    "Payment",
    "accept_payee",
    "of_message",
    "propose_payee",
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


class OtherPayeeError(StoreError):
    """A payment would go to another payee than those before it; nothing was reserved.

    Args:
        old: who was paid before.
        new: who is to be paid now.
    """

    def __init__(self, *, old: str, new: str) -> None:
        super().__init__(f"A payment would go to {new}; those before it went to {old}.")
        self.old = old
        self.new = new


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(NewPayment):
    """A payment as it is stored.

    Args:
        state: what became of it.
        transaction: its hash on the network, if the gateway named it.
        created_at: when it was reserved.
        updated_at: when its state last changed.
    """

    state: PaymentState
    transaction: str | None
    created_at: datetime
    updated_at: datetime


_NAMES = [field.name for field in fields(Payment)]
_COLUMNS = [payment.c[name] for name in _NAMES]


async def reserve(tx: AsyncSession, owner: str, new: NewPayment, *, host: str, budget: Budget) -> Payment:
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
    await _check_payee(tx, owner, new, host, now)
    await _check_budget(tx, owner, new, budget, now)
    row = {**asdict(new), "atomic": str(new.atomic), "state": "reserved", "transaction": None}
    await tx.execute(payment.insert().values(**row, owner_id=owner, created_at=now, updated_at=now))
    return Payment(**asdict(new), state="reserved", transaction=None, created_at=now, updated_at=now)


async def send(tx: AsyncSession, owner: str, nonce: str) -> None:
    """Note that a reserved payment leaves now.

    Raises:
        NotFoundError: the owner has no such reservation; the payment must not leave.
    """
    if not await _change(tx, owner, nonce, ("reserved",), state="sent"):
        raise NotFoundError(f"There is no payment {nonce} that is reserved.")


async def settle(
    tx: AsyncSession, owner: str, nonce: str, *, success: bool | None, transaction: str | None = None
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


async def release(tx: AsyncSession, owner: str, nonce: str) -> bool:
    """Give back what was set aside for a payment that never left; whether there was such a one."""
    return await _change(tx, owner, nonce, ("reserved", "sent"), state="released")


async def of_message(tx: AsyncSession, owner: str, message_id: str) -> list[Payment]:
    """The payments for a message, the oldest first; empty where it isn't this owner's."""
    rows = await tx.execute(
        select(*_COLUMNS)
        .where(payment.c.owner_id == owner, payment.c.message_id == message_id)
        .order_by(payment.c.created_at, payment.c.nonce)
    )
    return [_payment(row) for row in rows]


async def propose_payee(tx: AsyncSession, owner: str, new: NewPayment, *, host: str) -> bool:
    """Note another payee than the one before, for the person to agree to.

    Returns:
        Whether there was one before.
    """
    noted = await tx.execute(
        update(pinned_payee)
        .where(_pin(owner, host, new.network, new.asset))
        .values(proposed=new.payee)
        .returning(pinned_payee.c.host)
    )
    return noted.one_or_none() is not None


async def accept_payee(tx: AsyncSession, owner: str, *, host: str, seen: str) -> bool:
    """Agree to the payee that a gateway has proposed, which is the only one from now on.

    Args:
        tx: a write transaction.
        owner: who pays.
        host: the gateway's.
        seen: what the person has read; they agree to no address that isn't in it.

    Returns:
        Whether there was one.
    """
    proposals = await tx.execute(
        select(pinned_payee.c.network, pinned_payee.c.asset, pinned_payee.c.proposed).where(
            pinned_payee.c.owner_id == owner, pinned_payee.c.host == host
        )
    )
    agreed = [row for row in proposals.all() if row.proposed and row.proposed in seen]
    for network, asset, payee in agreed:
        await tx.execute(
            update(pinned_payee)
            .where(_pin(owner, host, network, asset))
            .values(payee=payee, proposed=None, pinned_at=datetime.now(UTC))
        )
    return bool(agreed)


def _pin(owner: str, host: str, network: str, asset: str) -> ColumnElement[bool]:
    here = {"owner_id": owner, "host": host, "network": network, "asset": asset}
    return and_(*(pinned_payee.c[name] == value for name, value in here.items()))


async def _check_budget(tx: AsyncSession, owner: str, new: NewPayment, budget: Budget, now: datetime) -> None:
    scopes: tuple[tuple[Literal["message", "conversation", "day"], int, Any], ...] = (
        ("message", budget.message, payment.c.message_id == new.message_id),
        ("conversation", budget.conversation, payment.c.conversation_id == new.conversation_id),
        ("day", budget.day, payment.c.created_at > now - DAY),
    )
    counts = or_(
        payment.c.state.in_(("settled", "unknown")),
        payment.c.state.in_(("reserved", "sent")) & (payment.c.valid_before > now),
    )
    for cap, limit, scope in scopes:
        # Summed up here: SQLite would turn a large sum of texts into a binary fraction.
        amounts = await tx.execute(select(payment.c.atomic).where(payment.c.owner_id == owner, scope, counts))
        spent = sum(int(amount) for (amount,) in amounts)
        if spent + new.atomic > limit:
            raise OverBudgetError(cap, limit=limit, spent=spent, atomic=new.atomic)


async def _check_payee(tx: AsyncSession, owner: str, new: NewPayment, host: str, now: datetime) -> None:
    pin = _pin(owner, host, new.network, new.asset)
    found = await tx.execute(select(pinned_payee.c.payee).where(pin))
    known = found.scalar_one_or_none()
    if known is None:
        here = {"owner_id": owner, "host": host, "network": new.network, "asset": new.asset}
        await tx.execute(pinned_payee.insert().values(**here, payee=new.payee, pinned_at=now))
    elif known != new.payee:
        raise OtherPayeeError(old=known, new=new.payee)


async def _change(
    tx: AsyncSession, owner: str, nonce: str, before: tuple[PaymentState, ...], **values: Any
) -> bool:
    changed = await tx.execute(
        update(payment)
        .where(payment.c.nonce == nonce, payment.c.owner_id == owner, payment.c.state.in_(before))
        .values(updated_at=datetime.now(UTC), **values)
        .returning(payment.c.nonce)
    )
    return changed.one_or_none() is not None


def _payment(row: Any) -> Payment:
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    values["atomic"] = int(values["atomic"])
    return Payment(**values)
