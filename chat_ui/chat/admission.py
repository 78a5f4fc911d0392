"""Whether an answer may be asked for, on a site where not everybody may ask for everything."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from chat_ui.accounts.caller import caller
from chat_ui.accounts.errors import AccountError
from chat_ui.chat.errors import NotNow
from chat_ui.chat.live import Turn
from chat_ui.store.usage import MILLION, Reservation, tokens_in

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chat_ui.chat.service import Chat
    from chat_ui.gateway import ChatRequest

__all__ = ["admit", "admit_title", "find_prices"]

# What a dialect writes around each message.
TOKENS_AROUND = 8
TOLD_WITHIN_S = 5.0


async def find_prices(chat: Chat, gateway: str) -> None:
    """Have a gateway say what its models cost, where that counts and no page of this process has asked yet.

    Before the transaction that stores a turn: nobody else's may wait for a network.

    Args:
        chat: the running chat.
        gateway: its name; blank for the default one.
    """
    if chat.accounts is None:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(TOLD_WITHIN_S):
            await chat.gateways.learn(gateway or chat.gateways.default)


async def admit(chat: Chat, tx: AsyncConnection, turn: Turn) -> Turn:
    """Set aside what an answer may take, in the transaction that stores it; a local site admits everything.

    Returns:
        The turn, with its answer no longer than what was set aside.

    Raises:
        NotNow: a limit or a budget is reached; the transaction must not go through.
    """
    if chat.accounts is None:
        return turn
    wanted = _wanted(chat, turn.run_id, turn.owner, turn.gateway, turn.request)
    try:
        longest = await chat.accounts.limits.admit(tx, wanted, bounded=turn.request.max_tokens)
    except AccountError as error:
        raise NotNow(str(error)) from None
    request = replace(turn.request, max_tokens=longest)
    retold = None if turn.retold is None else replace(turn.retold, max_tokens=longest)
    return replace(turn, request=request, retold=retold)


async def admit_title(chat: Chat, owner: str, id: str, gateway: str, request: ChatRequest) -> ChatRequest:
    """Set aside what a title may take that a model is to write; a local site admits everything.

    Args:
        chat: the running chat.
        owner: whose conversation it is.
        id: what it is settled by.
        gateway: who is asked.
        request: what is asked.

    Returns:
        The request, with its answer no longer than what was set aside.

    Raises:
        NotNow: a budget is reached.
        StoreError: it can't be stored.
    """
    if chat.accounts is None:
        return request
    wanted = replace(_wanted(chat, id, owner, gateway, request), address="")
    try:
        async with chat.db.write() as tx:
            longest = await chat.accounts.limits.set_aside(tx, wanted, bounded=request.max_tokens)
    except AccountError as error:
        raise NotNow(str(error)) from None
    return replace(request, max_tokens=longest)


def _wanted(chat: Chat, id: str, owner: str, gateway: str, request: ChatRequest) -> Reservation:
    who = caller()
    model = request.model or chat.gateways.first_known(gateway)
    prices, paid = chat.gateways.prices(gateway, model), chat.gateways.profile(gateway).x402
    return Reservation(
        run_id=id,
        owner_id=owner,
        address=who.address if who else "",
        gateway=gateway,
        model=model,
        input_tokens=sum(tokens_in(message.content) + TOKENS_AROUND for message in request.messages),
        output_tokens=0,
        # A payment is asked for before the answer, and bounded by its own cap.
        micros=_micros(chat.settings.x402_per_message) or 0 if paid else 0,
        input_price=_micros(prices.input),
        output_price=_micros(prices.output),
    )


def _micros(dollars: Decimal | None) -> int | None:
    return None if dollars is None else int((dollars * MILLION).to_integral_value(ROUND_CEILING))
