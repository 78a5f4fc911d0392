"""Whom each gateway is paid through: the first payee is kept, and another needs a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.errors import StoreError
from chat_ui.store.tables import pinned_payee

__all__ = ["OtherPayeeError", "Payee", "accept", "hold_to", "propose"]


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid for a gateway.

    Args:
        host: the gateway's.
        network: where it is paid.
        asset: with which token.
        address: to whom.
    """

    host: str
    network: str
    asset: str
    address: str


class OtherPayeeError(StoreError):
    """A payment would go to another payee than those before it; nothing was changed.

    Args:
        old: who was paid before.
        new: who is to be paid now.
    """

    def __init__(self, *, old: str, new: str) -> None:
        super().__init__(f"A payment would go to {new}; those before it went to {old}.")
        self.old = old
        self.new = new


async def hold_to(tx: AsyncConnection, owner: str, payee: Payee) -> None:
    """See that a gateway is paid through whom it was before; the first one is kept as that.

    Raises:
        OtherPayeeError: it is another one.
    """
    found = await tx.execute(select(pinned_payee.c.payee).where(_pin(owner, payee)))
    known = found.scalar_one_or_none()
    if known is None:
        here = {"host": payee.host, "network": payee.network, "asset": payee.asset}
        row = {**here, "owner_id": owner, "payee": payee.address, "pinned_at": datetime.now(UTC)}
        await tx.execute(pinned_payee.insert().values(**row))
    elif known != payee.address:
        raise OtherPayeeError(old=known, new=payee.address)


async def propose(tx: AsyncConnection, owner: str, payee: Payee) -> bool:
    """Note another payee than the one before, for the person to agree to.

    Returns:
        Whether there was one before.
    """
    noted = await tx.execute(
        update(pinned_payee)
        .where(_pin(owner, payee))
        .values(proposed=payee.address)
        .returning(pinned_payee.c.host)
    )
    return noted.one_or_none() is not None


async def accept(tx: AsyncConnection, owner: str, *, host: str, seen: str) -> bool:
    """Agree to the payee that a gateway has proposed, which is the only one from now on.

    Args:
        tx: a write transaction.
        owner: who pays.
        host: the gateway's.
        seen: what the person has read; they agree to no address that isn't in it.

    Returns:
        Whether there was one.
    """
    columns = (pinned_payee.c.network, pinned_payee.c.asset, pinned_payee.c.proposed)
    proposals = await tx.execute(
        select(*columns).where(pinned_payee.c.owner_id == owner, pinned_payee.c.host == host)
    )
    agreed = [
        Payee(host, network, asset, proposed)
        for network, asset, proposed in proposals.all()
        if proposed and proposed in seen
    ]
    for payee in agreed:
        kept = {"payee": payee.address, "proposed": None, "pinned_at": datetime.now(UTC)}
        await tx.execute(update(pinned_payee).where(_pin(owner, payee)).values(**kept))
    return bool(agreed)


def _pin(owner: str, payee: Payee) -> ColumnElement[bool]:
    pin = pinned_payee.c
    here = (pin.host == payee.host) & (pin.network == payee.network) & (pin.asset == payee.asset)
    return here & (pin.owner_id == owner)
