"""Whether an answer may be asked for, on a site where not everybody may ask for everything."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from chat_ui.accounts.caller import caller
from chat_ui.accounts.errors import AccountError
from chat_ui.chat.errors import NotNow
from chat_ui.chat.live import Turn
from chat_ui.store.usage import MILLION, Reservation, tokens_in

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from chat_ui.chat.service import Chat

__all__ = ["admit"]

# What a dialect writes around each message.
TOKENS_AROUND = 8


async def admit(chat: Chat, tx: AsyncSession, turn: Turn) -> Turn:
    """Set aside what an answer may take, in the transaction that stores it; a local site admits everything.

    Returns:
        The turn, with its answer no longer than what was set aside.

    Raises:
        NotNow: a limit or a budget is reached; the transaction must not go through.
    """
    if chat.accounts is None:
        return turn
    request, who = turn.request, caller()
    read = sum(tokens_in(message.content) + TOKENS_AROUND for message in request.messages)
    model = request.model or chat.gateways.first_known(turn.gateway)
    prices, paid = chat.gateways.prices(turn.gateway, model), chat.gateways.profile(turn.gateway).x402
    wanted = Reservation(
        run_id=turn.run_id,
        owner_id=turn.owner,
        address=who.address if who else "",
        gateway=turn.gateway,
        model=model,
        input_tokens=read,
        output_tokens=0,
        # A payment is asked for before the answer, and bounded by its own cap.
        micros=_micros(chat.settings.x402_per_message) or 0 if paid else 0,
        input_price=_micros(prices.input),
        output_price=_micros(prices.output),
    )
    try:
        longest = await chat.accounts.limits.admit(tx, wanted, bounded=request.max_tokens)
    except AccountError as error:
        raise NotNow(str(error)) from None
    retold = None if turn.retold is None else replace(turn.retold, max_tokens=longest)
    return replace(turn, request=replace(request, max_tokens=longest), retold=retold)


def _micros(dollars: Decimal | None) -> int | None:
    return None if dollars is None else int((dollars * MILLION).to_integral_value(ROUND_CEILING))
