"""What is written down of people's deeds stays, in a database of either kind."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chat_ui.store import Database, StoreError, audit
from chat_ui.store.audit import Deed

from .conftest import Kind


async def test_it_is_only_added_to(db: Database, kind: Kind) -> None:
    async with db.write() as tx:
        await audit.note(tx, Deed("signed in", "ada"))
    changes = ["UPDATE audit SET action = 'nothing'", "DELETE FROM audit"]
    for change in changes if kind == "sqlite" else [*changes, "TRUNCATE audit"]:
        with pytest.raises((StoreError, DBAPIError), match="only added to"):
            async with db.write() as tx:
                await tx.execute(text(change))
    async with db.read() as tx:
        [last] = await audit.recent(tx, limit=1)
    assert (last.actor, last.action) == ("ada", "signed in")
