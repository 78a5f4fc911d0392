"""Conversations that were there before."""

from pathlib import Path

from chat_ui.chat.service import DATABASE
from chat_ui.store import conversations, messages, users
from chat_ui.store.engine import Database
from chat_ui.store.messages import Message
from tests.database import put_new_database


async def write_history(folder: Path, length: int) -> str:
    """Write a conversation of so many messages into a data folder; returns its id."""
    db = await Database.open(put_new_database(folder / DATABASE))
    try:
        async with db.write() as tx:
            owner = (await users.local_user(tx)).id
            made = await conversations.create(tx, owner, title="Long ago", gateway="demo", model="demo")
            last = None
            for number in range(length):
                said = Message(
                    conversation_id=made.id,
                    parent_id=last,
                    role="assistant" if number % 2 else "user",
                    text=f"Message {number}. " + "lorem ipsum " * 120,
                )
                await messages.add(tx, owner, said)
                last = said.id
            await conversations.set_leaf(tx, owner, made.id, last)
        return made.id
    finally:
        await db.close()
