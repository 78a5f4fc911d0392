"""Every event handler there is, called by whoever shouldn't: it reads and changes nothing of somebody else.

The handlers are taken from Reflex's own registry, so a new one is called here without anybody adding it.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Iterator
from typing import Any

from reflex_base.registry import RegisteredEventHandler

from chat_ui.store.schema import metadata
from tests.hosted.conftest import PASSWORD, Hosted, Someone, StartHosted, come_in
from tests.hosted.socket import Socket
from tests.scripted import ScriptedGateway, happens

QUESTION = "The question that is Alice's alone"
ANSWER = "The answer that is Alice's alone"
SENT = "what-the-attacker-sent"
# What says nothing of Alice: everybody's own, the door's, or the processes'.
NOT_HERS = {"alembic_version", "attempt", "audit", "session", "worker"}

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    "",
    SENT,
    "../../etc/passwd",
    "x' OR '1'='1",
    "\0\ud800",
    "x" * 100_000,
    [],
    [[[[SENT]]]],
    {"id": {"id": SENT}, "text": [SENT], "__class__": SENT},
)


def every_handler() -> dict[str, RegisteredEventHandler]:
    from chat_ui.chat_ui import app  # noqa: PLC0415 - registers them

    return dict(app._registration_context.event_handlers)


def payloads(handler: RegisteredEventHandler, ids: list[str]) -> Iterator[dict[str, Any]]:
    """What an attacker tries on a handler: Alice's ids wherever an id fits, then what fits nowhere."""
    names = [name for name in inspect.signature(handler.handler.fn).parameters if name != "self"]
    if not names:
        yield {}
        return
    for id in ids:
        yield dict.fromkeys(names, id)
        draft = {
            "id": f"{SENT}-{id[-8:]}",
            "text": SENT,
            **dict.fromkeys(("conversation_id", "message_id", "parent_id", "base_url", "name", "role"), id),
        }
        yield dict.fromkeys(names, draft)
    for value in HOSTILE:
        yield dict.fromkeys(names, value)
    yield {"self": SENT, "_owner": ids[0], "owner": ids[0]}


async def talk(alice: Someone, gateway: ScriptedGateway, handlers: dict[str, RegisteredEventHandler]) -> str:
    """Let Alice have a conversation, and return its id."""
    async with alice.socket() as socket:
        await socket.call(named(handlers, "thread_state.send"), {"draft": {"id": "first", "text": QUESTION}})
        request = await gateway.next_request()
        await request.say(ANSWER)
        await request.finish()
        await happens(lambda: alice.site.rows("SELECT 1 FROM run WHERE status = 'complete'"))
    return alice.site.rows("SELECT id FROM conversation")[0][0]


async def call_all(
    who: Someone, handlers: dict[str, RegisteredEventHandler], ids: list[str], path: str
) -> str:
    """Call every handler with everything, and return all that comes back."""
    received: list[str] = []
    for number, (name, handler) in enumerate(handlers.items()):
        async with who.socket("mine") as socket:
            for payload in payloads(handler, ids):
                await socket.call(name, payload, path=path)
            # A tab's events are dealt with in order: with the answer to this one, all before are done.
            await socket.call(named(handlers, "thread_state.send"), {"draft": {"id": f"last-{number}"}})
            await socket.until_closed_or(lambda: f"last-{number}" in socket.received)  # noqa: B023
            # Else not all was heard. One setter of Reflex's own takes what it can't send back, which ends it.
            assert not socket.closed.is_set() or name.endswith(".set_is_hydrated"), name
            received.append(socket.received)
    return "\n".join(received)


def named(handlers: dict[str, RegisteredEventHandler], end: str) -> str:
    """The full name of a handler."""
    [found] = [name for name in handlers if name.endswith(f"_{end}")]
    return found


def all_of(site: Hosted, owner: str) -> str:
    """All rows that are somebody's, and those that are everybody's."""
    kept = []
    for name, table in sorted(metadata.tables.items()):
        if name in NOT_HERS:
            continue
        column = "owner_id" if "owner_id" in table.c else "id" if name == "user" else ""
        where, values = (f' WHERE "{column}" = ?', (owner,)) if column else ("", ())
        kept.append((name, sorted(map(repr, site.rows(f'SELECT * FROM "{name}"{where}', *values)))))  # noqa: S608
    return json.dumps(kept)


async def test_no_handler_gives_anything_of_anybody_else_away(start_hosted: StartHosted) -> None:
    handlers = every_handler()
    assert len(handlers) > 25
    async with ScriptedGateway() as gateway:
        site = await start_hosted(
            CHAT_UI_GATEWAY_URL=gateway.base_url, CHAT_UI_GATEWAY_KEY="sk-the-sites-own"
        )
        ada = await come_in(site, site.first_link, "ada")
        invited = [await invitation(ada) for _ in range(3)]
        alice, bob, dave = [
            await come_in(site, link, name)
            for link, name in zip(invited, ("alice", "bob", "dave"), strict=True)
        ]
        conversation = await talk(alice, gateway, handlers)
        messages = [id for (id,) in site.rows("SELECT id FROM message WHERE owner_id = ?", alice.id)]
        runs = [id for (id,) in site.rows("SELECT id FROM run")]
        sessions = [id for (id,) in site.rows("SELECT id FROM session WHERE owner_id = ?", alice.id)]
        ids = [
            conversation,
            *messages,
            *runs,
            *sessions,
            alice.id,
            conversation.upper(),
            f"{conversation}/..",
        ]
        path = f"/c/{conversation}"
        before, users = all_of(site, alice.id), site.rows("SELECT * FROM user")
        gateway.greeting = "Hello."

        # The same way finds all of it where it should, so that it would find it elsewhere.
        async with alice.socket() as socket:
            await socket.call(named(handlers, "thread_state.follow"), path=path)
            await socket.until(lambda: ANSWER in socket.received and QUESTION in socket.received)
            # Whoever brings the token of her tab finds nothing in it, be she there or gone.
            await reads_nothing(bob, handlers, path, before, alice.id)
        await reads_nothing(bob, handlers, path, before, alice.id)

        read = await call_all(bob, handlers, ids, path)
        assert ANSWER not in read
        assert QUESTION not in read
        assert "sk-the-sites-own" not in read

        # Dave is in when he is shut out: what he has open closes, and what he sends on the way does nothing.
        async with dave.socket() as socket:
            await disable(ada, dave)
            async with asyncio.timeout(20):
                await socket.closed.wait()
            await call_all_closed(socket, handlers, [*ids, dave.id], path)
            assert ANSWER not in socket.received
        daves = site.rows("SELECT count(*) FROM conversation WHERE owner_id = ?", dave.id)
        assert daves == [(0,)]

        assert site.site.stop() is not None
        assert all_of(site, alice.id) == before
        assert site.rows("SELECT * FROM user WHERE name != 'dave'") == [
            row for row in users if row[1] != "dave"
        ]
        for secret in (SENT, QUESTION, ANSWER, PASSWORD, "sk-the-sites-own", bob.cookie.split("=")[1]):
            assert secret not in site.site.log


async def test_nobody_but_an_admin_connects_a_gateway(start_hosted: StartHosted) -> None:
    async with ScriptedGateway() as gateway:
        gateway.greeting = "Hello."
        site = await start_hosted(CHAT_UI_PRIVATE_HOSTS="127.0.0.1")
        ada = await come_in(site, site.first_link, "ada")
        bob = await come_in(site, await invitation(ada), "bob")
        connect = named(every_handler(), "connect_state.connect")
        async with bob.socket("bobs") as bobs, ada.socket("adas") as adas:
            for socket, key in ((bobs, "sk-bobs"), (adas, "sk-adas")):
                form = {"base_url": gateway.base_url, "key": key, "model": ""}
                await socket.call(connect, {"form": form})
                await socket.call(named(every_handler(), "thread_state.send"), {"draft": {"id": "last"}})
                await socket.until(lambda: "last" in socket.received)  # noqa: B023
            await happens((site.site.data_dir / "gateway.json").exists)
        assert {"sk-bobs" in request.headers for request in gateway.requests} == {False}
        assert "sk-adas" in (site.site.data_dir / "gateway.json").read_text()


async def reads_nothing(
    thief: Someone, handlers: dict[str, RegisteredEventHandler], path: str, before: str, owner: str
) -> None:
    """Bring somebody else's tab token, and have the whole state sent that it stands for."""
    async with thief.socket("tab") as socket:
        await socket.call(named(handlers, "state.hydrate"), path=path)
        await socket.until(lambda: "thread_state" in socket.received)
        assert ANSWER not in socket.received
        assert QUESTION[:30] not in socket.received
    assert all_of(thief.site, owner) == before


async def invitation(admin: Someone) -> str:
    """A link for somebody new, made from the operator's terminal."""
    return await admin.site.operate("invite_link", "user")


async def disable(admin: Someone, whom: Someone) -> None:
    """Shut somebody out, by the admin's own handler."""
    async with admin.socket("admins") as socket:
        await socket.call(named(every_handler(), "admin_state.disable"), {"id": whom.id}, path="/admin")
        await socket.until(lambda: "disabled" in socket.received)


async def call_all_closed(
    socket: Socket, handlers: dict[str, RegisteredEventHandler], ids: list[str], path: str
) -> None:
    for name, handler in handlers.items():
        for payload in payloads(handler, ids):
            await socket.call(name, payload, path=path)
