from __future__ import annotations

import asyncio
from pathlib import Path

from chat_ui.store import Database, users


async def test_the_local_user_is_made_once(db: Database) -> None:
    async def local() -> users.User:
        async with db.write() as tx:
            return await users.local_user(tx)

    people = await asyncio.gather(*(local() for _ in range(5)))
    assert len(set(people)) == 1
    assert people[0].name == users.LOCAL_NAME == "local"


async def test_the_local_user_stays_the_same(db: Database, where: Path | str) -> None:
    async with db.write() as tx:
        made = await users.local_user(tx)
    again = await Database.open(where)
    async with again.write() as tx:
        assert await users.local_user(tx) == made
    await again.close()
