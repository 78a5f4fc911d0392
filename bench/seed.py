"""Conversations that were there before anybody measured."""

from __future__ import annotations

from pathlib import Path

from bench.answer import pieces
from chat_ui.chat.service import DATABASE
from chat_ui.store import conversations, messages, users
from chat_ui.store.engine import Database
from chat_ui.store.messages import Message

__all__ = ["write_history"]

QUESTION_TOKENS, ANSWER_TOKENS = 40, 350


async def write_history(folder: Path, length: int) -> str:
    """Write a conversation of so many messages, questions and answers, into a data folder; returns its id."""
    db = await Database.open(folder / DATABASE)
    try:
        async with db.write() as tx:
            owner = (await users.local_user(tx)).id
            made = await conversations.create(tx, owner, title="Long ago", gateway="bench", model="bench")
            last = None
            for number in range(length):
                role, tokens = ("assistant", ANSWER_TOKENS) if number % 2 else ("user", QUESTION_TOKENS)
                said = Message(
                    conversation_id=made.id,
                    parent_id=last,
                    role=role,
                    text="".join(pieces(tokens, seed=number + 1)),
                )
                await messages.add(tx, owner, said)
                last = said.id
            await conversations.set_leaf(tx, owner, made.id, last)
        return made.id
    finally:
        await db.close()
