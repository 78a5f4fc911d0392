"""What an answer would cost, and what may still be spent on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal

from chat_ui.chat.purse import dollars
from chat_ui.chat.service import Chat
from chat_ui.chat.turns import Draft, price_of
from chat_ui.gateway.money import in_dollars
from chat_ui.store import payments
from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.words import say

__all__ = ["Quote", "quote_of"]


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of an answer beside the budgets that it would be paid from, in dollars.

    Args:
        price: what it costs at most.
        per_message: the most that one answer may cost.
        in_conversation: what may still be spent in its conversation.
        today: what may still be spent by the person, today.
    """

    price: Decimal
    per_message: Decimal
    in_conversation: Decimal
    today: Decimal

    def __str__(self) -> str:
        key = "quote"
        if self.price > self.per_message:
            key = "quote.over_message"
        elif self.price > min(self.in_conversation, self.today):
            key = "quote.over_left"
        return say(key, **{name: in_dollars(amount) for name, amount in asdict(self).items()})


async def quote_of(chat: Chat, owner: str, draft: Draft, preferences: Preferences = AS_IT_IS) -> Quote:
    """The price of the answer to a message, at a gateway that is paid per request; nothing is paid.

    Args:
        chat: the running chat.
        owner: who asks.
        draft: what they would send.
        preferences: as ``price_of`` has it.

    Raises:
        ChatError: the draft can't be taken.
        GatewayError: the gateway couldn't be asked, or names a price that wouldn't be paid.
        StoreError: what was spent could not be read.
    """
    price = await price_of(chat, owner, draft, preferences)
    async with chat.db.read() as tx:
        left = await payments.left(tx, owner, draft.conversation_id, budget=chat.budget)
    return Quote(price.amount, dollars(left.message), dollars(left.conversation), dollars(left.day))
