"""How much of its model's window a conversation takes, and what no longer fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat_ui.chat.context import fit, merged
from chat_ui.store import defaults, lineage
from chat_ui.store.conversations import Conversation

if TYPE_CHECKING:
    from chat_ui.chat.service import Chat

__all__ = ["Gauge", "measure"]


@dataclass(frozen=True, slots=True)
class Gauge:
    """What the next request of a conversation holds, beside the message that is yet to be written.

    Args:
        tokens: about how many tokens that is.
        window: how many the model can read; None where its gateway doesn't say.
        left_out: how many messages, the oldest, are left out.
        first_id: the first message that is sent, where some are left out; else blank.
    """

    tokens: int
    window: int | None
    left_out: int = 0
    first_id: str = ""


async def measure(chat: Chat, owner: str, conversation: Conversation) -> Gauge:
    """Measure the branch that is shown, by the rule that its requests are made by.

    Raises:
        StoreError: it could not be read.
    """
    branch = []
    async with chat.db.read() as tx:
        wanted = merged(conversation.preferences, (await defaults.get(tx, owner)).preferences)
        if conversation.leaf_id is not None:
            branch = await lineage.sizes(tx, owner, conversation.id, conversation.leaf_id)
    window = chat.gateways.window(conversation.gateway, conversation.model or "")
    fitting = fit([(role, size) for _, role, size in branch], wanted, window)
    first_id = branch[fitting.first][0] if fitting.first else ""
    return Gauge(fitting.tokens, window, fitting.first, first_id)
