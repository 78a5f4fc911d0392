"""Pays for answers out of budgets that are kept in the database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.chat.trouble import why
from chat_ui.gateway.events import Receipt
from chat_ui.gateway.money import in_dollars
from chat_ui.gateway.payment import Payment
from chat_ui.gateway.payment_errors import CapReached, PayeeChanged, PaymentError
from chat_ui.store import payees, payments
from chat_ui.store.engine import Database
from chat_ui.store.errors import StoreError
from chat_ui.store.payees import OtherPayeeError, Payee
from chat_ui.store.payments import Budget, NewPayment, OverBudgetError
from chat_ui.words import say

__all__ = ["StoredPurse", "budget_of", "dollars"]

DECIMALS = 6


def budget_of(*, per_message: Decimal, per_conversation: Decimal, per_day: Decimal) -> Budget:
    """The budgets in the unit of the ledger; a fraction of it is dropped.

    Args:
        per_message: for one answer, in dollars.
        per_conversation: for all answers in a conversation.
        per_day: for one person in 24 hours.
    """
    return Budget(*(int(cap.scaleb(DECIMALS)) for cap in (per_message, per_conversation, per_day)))


def dollars(atomic: int) -> Decimal:
    """An amount of the ledger, in dollars."""
    return Decimal(atomic).scaleb(-DECIMALS)


class StoredPurse:
    """The ``Purse`` that one answer is paid from.

    Args:
        db: where the ledger is.
        owner: who pays.
        conversation_id: the conversation that the answer belongs to.
        message_id: the answer.
        gateway: the name of the gateway that gives it.
        budget: what may be spent.
        tell: tells the reader, in words, that a payment is about to leave.
    """

    def __init__(  # noqa: PLR0913
        self,
        db: Database,
        owner: str,
        *,
        conversation_id: str,
        message_id: str,
        gateway: str,
        budget: Budget,
        tell: Callable[[str], Awaitable[None]],
    ) -> None:
        self._db = db
        self._owner = owner
        self._conversation_id = conversation_id
        self._message_id = message_id
        self._gateway = gateway
        self._budget = budget
        self._tell = tell

    async def reserve(self, payment: Payment) -> None:
        """Set a payment aside, before it is signed.

        Raises:
            CapReached: the budget doesn't allow it.
            PayeeChanged: the gateway was paid elsewhere before.
            PaymentError: it could not be written down.
        """
        new = NewPayment(
            nonce=payment.nonce,
            conversation_id=self._conversation_id,
            message_id=self._message_id,
            gateway=self._gateway,
            network=payment.network,
            asset=payment.asset,
            payee=payment.payee,
            atomic=payment.atomic,
            valid_before=payment.valid_before,
        )
        changed: OtherPayeeError | None = None
        async with self._writing() as tx:
            try:
                await payments.reserve(tx, self._owner, new, host=payment.host, budget=self._budget)
            except OverBudgetError as over:
                limit, spent = dollars(over.limit), dollars(over.spent)
                raise CapReached(over.cap, limit=limit, spent=spent, price=payment.amount) from None
            except OtherPayeeError as other:
                changed = other
        if changed is None:
            await self._tell(say("payment.leaves", amount=in_dollars(payment.amount), host=payment.host))
            return
        async with self._writing() as tx:
            await payees.propose(
                tx, self._owner, Payee(payment.host, payment.network, payment.asset, payment.payee)
            )
        raise PayeeChanged(
            old=changed.old, new=changed.new, host=payment.host, network=payment.network, asset=payment.asset
        )

    async def send(self, nonce: str) -> None:
        """Note that a payment leaves now.

        Raises:
            PaymentError: it could not be written down; the payment must not leave.
        """
        async with self._writing() as tx:
            await payments.send(tx, self._owner, nonce)

    async def settle(self, receipt: Receipt) -> None:
        """Note what the gateway says of a payment that left.

        Raises:
            PaymentError: it could not be written down.
        """
        async with self._writing() as tx:
            await payments.settle(
                tx, self._owner, receipt.nonce, success=receipt.success, transaction=receipt.transaction
            )

    async def release(self, nonce: str) -> None:
        """Give back what was set aside for a payment that never left.

        Raises:
            PaymentError: it could not be written down.
        """
        async with self._writing() as tx:
            await payments.release(tx, self._owner, nonce)

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[AsyncConnection]:
        try:
            async with self._db.write() as tx:
                yield tx
        except StoreError as error:
            raise PaymentError(say("payment.unwritten", why=why(error))) from error
