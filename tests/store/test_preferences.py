"""What people want of their answers, kept for each of them and for each conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from chat_ui.store import ConflictError, Database, conversations, defaults
from chat_ui.store.defaults import Defaults
from chat_ui.store.preferences import AS_IT_IS, Preferences
from chat_ui.store.users import User

from .conftest import Turn

ALL = Preferences(
    system="Be\0brief \ud83d",
    temperature=0.0,
    max_tokens=1,
    top_p=1.0,
    effort="low",
    stop=("\n\n", "END"),
)


async def test_defaults_are_a_persons_own(db: Database, alice: User, bob: User) -> None:
    async with db.write() as tx:
        assert await defaults.get(tx, alice.id) == Defaults()
        await defaults.put(tx, alice.id, Defaults(ALL, titles_by_model=True))
        await defaults.put(tx, alice.id, Defaults(ALL, gateway="one", model="model-b"))
        assert await defaults.get(tx, alice.id) == Defaults(ALL, gateway="one", model="model-b")
        assert await defaults.get(tx, bob.id) == Defaults()
    with pytest.raises(ConflictError):
        async with db.write() as tx:
            await defaults.put(tx, "nobody", Defaults())


async def test_a_conversation_keeps_what_differs(
    db: Database, alice: User, turn: Turn, rows: Callable[[str], list[Any]]
) -> None:
    assert turn.conversation.preferences == AS_IT_IS
    async with db.write() as tx:
        await conversations.prefer(tx, alice.id, turn.conversation.id, ALL)
        found = await conversations.get(tx, alice.id, turn.conversation.id)
        assert found is not None
        assert found.preferences == ALL
        await conversations.prefer(tx, alice.id, turn.conversation.id, Preferences(system=""))
    assert rows("SELECT preferences FROM conversation") == [('{"system": ""}',)]


async def test_a_wish_of_a_later_version_is_passed_over(db: Database, alice: User, turn: Turn) -> None:
    async with db.write() as tx:
        await tx.execute(text("""UPDATE conversation SET preferences = '{"top_p": 0.5, "mood": "calm"}'"""))
        found = await conversations.get(tx, alice.id, turn.conversation.id)
    assert found is not None
    assert found.preferences == Preferences(top_p=0.5)
