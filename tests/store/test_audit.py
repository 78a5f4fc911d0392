"""What is written down of people's deeds stays, in a database of either kind."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chat_ui.store import Database, StoreError, audit
from chat_ui.store.audit import Deed

from .conftest import Kind

CHANGES = ["UPDATE audit SET action = 'nothing'", "DELETE FROM audit"]
ALSO = {
    "postgres": ["TRUNCATE audit"],
    "sqlite": [
        "REPLACE INTO audit SELECT id, at, actor_id, actor, 'nothing', subject, address FROM audit",
        "REPLACE INTO audit (rowid, id, at, actor, action, subject, address)"
        " SELECT rowid, 'another', at, actor, 'nothing', subject, address FROM audit",
    ],
}


async def test_it_is_only_added_to(db: Database, kind: Kind) -> None:
    async with db.write() as tx:
        await audit.note(tx, Deed("signed in", "ada"))
    for change in [*CHANGES, *ALSO[kind]]:
        with pytest.raises((StoreError, DBAPIError), match="only added to"):
            async with db.write() as tx:
                await tx.execute(text(change))
    async with db.read() as tx:
        [last] = await audit.recent(tx, limit=1)
    assert (last.actor, last.action) == ("ada", "signed in")
