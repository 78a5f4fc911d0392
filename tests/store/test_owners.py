"""What is one person's is out of everybody else's reach, through every function there is."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store import (
    Database,
    NotFoundError,
    conversations,
    defaults,
    lineage,
    messages,
    payees,
    payments,
    portrait,
    runs,
    sessions,
    usage,
    whole,
)
from chat_ui.store.defaults import Defaults
from chat_ui.store.ids import new_id
from chat_ui.store.messages import Message
from chat_ui.store.preferences import Preferences
from chat_ui.store.runs import JournalEntry, Outcome, Texts
from chat_ui.store.schema import metadata
from chat_ui.store.sessions import Age, Session
from chat_ui.store.usage import Allowance, Reservation, Spent
from chat_ui.store.users import User

from .conftest import Turn

Everything = Callable[[], dict[str, list[tuple[Any, ...]]]]
Call = Callable[[AsyncConnection, str, Turn], Awaitable[Any]]

GONE, LOST = new_id(), new_id()


async def copied(tx: AsyncConnection, owner: str, turn: Turn) -> bool:
    question = Message(conversation_id="", role="user")
    await messages.copy(tx, owner, turn.conversation.id, [question])
    return True


#: Each call asks for Alice's rows in another's name; what it may answer stands beside it.
CALLS: dict[str, tuple[Call, Any]] = {
    "conversations.get": (lambda tx, who, t: conversations.get(tx, who, t.conversation.id), None),
    "conversations.recent": (lambda tx, who, t: conversations.recent(tx, who, limit=9), []),
    "conversations.rename": (lambda tx, who, t: conversations.rename(tx, who, t.conversation.id, "x"), None),
    "conversations.choose_model": (
        lambda tx, who, t: conversations.choose_model(tx, who, t.conversation.id, gateway="x", model="x"),
        None,
    ),
    "conversations.set_leaf": (
        lambda tx, who, t: conversations.set_leaf(tx, who, t.conversation.id, t.question.id),
        None,
    ),
    "conversations.show_leaf": (
        lambda tx, who, t: conversations.show_leaf(tx, who, t.conversation.id, t.question.id),
        None,
    ),
    "conversations.prefer": (
        lambda tx, who, t: conversations.prefer(tx, who, t.conversation.id, Preferences(top_p=0.5)),
        None,
    ),
    "conversations.title_by_model": (
        lambda tx, who, t: conversations.title_by_model(
            tx, who, t.conversation.id, title="x", cost=None, currency=None, tokens=7
        ),
        None,
    ),
    "conversations.restore": (lambda tx, who, t: conversations.restore(tx, who, LOST), None),
    "conversations.touch": (lambda tx, who, t: conversations.touch(tx, who, t.conversation.id), None),
    "conversations.delete": (lambda tx, who, t: conversations.delete(tx, who, t.conversation.id), None),
    "messages.add": (
        # As a first one: what another follows is found by the other's owner, too.
        lambda tx, who, t: messages.add(tx, who, Message(conversation_id=t.conversation.id, role="user")),
        NotFoundError,
    ),
    "messages.get": (lambda tx, who, t: messages.get(tx, who, t.question.id), None),
    "messages.by_client_id": (lambda tx, who, t: messages.by_client_id(tx, who, "send-1"), None),
    "lineage.path": (lambda tx, who, t: lineage.path(tx, who, t.conversation.id, t.answer.id), []),
    "lineage.nodes": (lambda tx, who, t: lineage.nodes(tx, who, t.conversation.id), []),
    "lineage.siblings": (lambda tx, who, t: lineage.siblings(tx, who, t.conversation.id, [None]), {}),
    "lineage.sizes": (lambda tx, who, t: lineage.sizes(tx, who, t.conversation.id, t.answer.id), []),
    "messages.copy": (copied, NotFoundError),
    "messages.delete": (lambda tx, who, t: messages.delete(tx, who, t.question.id), False),
    "messages.move": (
        lambda tx, who, t: messages.move(tx, who, t.answer.id, t.question.id, None),
        False,
    ),
    "messages.restore": (lambda tx, who, t: messages.restore(tx, who, GONE), False),
    "runs.start": (
        lambda tx, who, t: runs.start(
            tx, who, conversation_id=t.conversation.id, message_id=t.answer.id, worker_id="w"
        ),
        NotFoundError,
    ),
    "runs.active": (lambda tx, who, t: runs.active(tx, who, t.conversation.id), []),
    "runs.ask_to_stop": (lambda tx, who, t: runs.ask_to_stop(tx, who, t.answer.id), None),
    "runs.append": (
        lambda tx, who, t: runs.append(tx, who, t.run.id, [JournalEntry(7, "text", "x")]),
        NotFoundError,
    ),
    "runs.journal": (lambda tx, who, t: runs.journal(tx, who, t.run.id), Texts()),
    "runs.finish": (
        lambda tx, who, t: runs.finish(
            tx, who, t.run.id, texts=Texts("x", "x"), outcome=Outcome(status="complete")
        ),
        None,
    ),
}
PAYEE = payees.Payee("x.test", "eip155:84532", "0xasset", "0xother")
CALLS |= {
    "payments.reserve": (lambda tx, who, t: reserve(tx, who, t, "0x02"), NotFoundError),
    "payments.send": (lambda tx, who, t: payments.send(tx, who, "0x01"), NotFoundError),
    "payments.settle": (lambda tx, who, t: payments.settle(tx, who, "0x00", success=True), False),
    "payments.release": (lambda tx, who, t: payments.release(tx, who, "0x01"), False),
    "payees.propose": (lambda tx, who, t: payees.propose(tx, who, PAYEE), False),
    "payees.accept": (lambda tx, who, t: payees.accept(tx, who, host="x.test", seen="0xother"), False),
    "payments.left": (
        lambda tx, who, t: payments.left(tx, who, t.conversation.id, budget=payments.Budget(9, 9, 9)),
        payments.Budget(9, 9, 9),
    ),
    "whole.ids": (lambda tx, who, t: whole.ids(tx, who), []),
    "whole.has": (lambda tx, who, t: whole.has(tx, who, t.conversation.id), False),
    "whole.get": (lambda tx, who, t: whole.get(tx, who, t.conversation.id), None),
}
EVER = datetime(2000, 1, 1, tzinfo=UTC)


async def settled(tx: AsyncConnection, owner: str, turn: Turn) -> Spent:
    counted = {"input_tokens": 1, "output_tokens": 1, "dollars": None}
    await usage.settle(tx, owner, turn.run.id, text="x", **counted)  # type: ignore[arg-type]
    return await usage.spent(tx, owner, EVER)


async def kept_of(tx: AsyncConnection, owner: str, _: Turn) -> dict[str, Any]:
    """What is kept of somebody, beside that there is somebody."""
    kept = await portrait.portrait(tx, owner)
    return {name: rows for name, rows in kept.items() if rows and name != "user"}


CALLS |= {
    "defaults.get": (lambda tx, who, t: defaults.get(tx, who), Defaults()),
    "portrait.portrait": (kept_of, {}),
    "sessions.of_owner": (lambda tx, who, t: sessions.of_owner(tx, who, Age(EVER, EVER)), []),
    "sessions.end": (lambda tx, who, t: sessions.end(tx, who, "hers"), False),
    "sessions.end_all": (lambda tx, who, t: sessions.end_all(tx, who), set()),
    "usage.settle": (settled, Spent()),
    "usage.spent": (lambda tx, who, t: usage.spent(tx, who, EVER), Spent()),
    "usage.sent": (lambda tx, who, t: usage.sent(tx, EVER, owner=who), []),
    "usage.running": (lambda tx, who, t: usage.running(tx, who), 0),
    "usage.allowance_of": (lambda tx, who, t: usage.allowance_of(tx, who), None),
}
# The batches of a journal each say whose they are; an id that is somebody's is free for nobody. A session is
# asked for by who holds its token, and what is used of all by admins.
WITHOUT_AN_OWNER = {
    "runs.append_now",
    "runs.orphans",
    "runs.stops_asked",
    "conversations.purge",
    "messages.purge",
    "sessions.add",
    "sessions.end_idle",
    "sessions.find",
    "sessions.living",
    "sessions.touch",
    "usage.allowances",
    "usage.by_person_and_model",
    "usage.live",
    "whole.are_free",
}
MAKES_ITS_OWN = {
    "conversations.create",
    "defaults.put",
    "payees.hold_to",
    "usage.allow",
    "usage.reserve",
    "whole.add",
}


def new(turn: Turn, nonce: str) -> payments.NewPayment:
    return payments.NewPayment(
        nonce=nonce,
        conversation_id=turn.conversation.id,
        message_id=turn.answer.id,
        gateway="x-router",
        network="eip155:84532",
        asset="0xasset",
        payee="0xpayee",
        atomic=7,
        valid_before=datetime.now(UTC) + timedelta(hours=1),
    )


def reserve(tx: AsyncConnection, owner: str, turn: Turn, nonce: str) -> Awaitable[None]:
    return payments.reserve(tx, owner, new(turn, nonce), host="x.test", budget=payments.Budget(100, 100, 100))


async def throw_away(tx: AsyncConnection, owner: str, turn: Turn) -> None:
    """A question and a conversation that were deleted, and can be restored."""
    await messages.add(tx, owner, Message(id=GONE, conversation_id=turn.conversation.id, role="user"))
    await messages.delete(tx, owner, GONE)
    await conversations.create(tx, owner, title="Lost", gateway="demo", model=None, id=LOST)
    await conversations.delete(tx, owner, LOST)


async def pay(tx: AsyncConnection, owner: str, turn: Turn) -> None:
    """One payment that has left, and one that hasn't yet."""
    await reserve(tx, owner, turn, "0x00")
    await payments.send(tx, owner, "0x00")
    await reserve(tx, owner, turn, "0x01")
    await payees.propose(tx, owner, PAYEE)


def functions(module: ModuleType) -> dict[str, inspect.Signature]:
    name = module.__name__.rpartition(".")[2]
    return {
        f"{name}.{public}": inspect.signature(getattr(module, public))
        for public in module.__all__
        if inspect.iscoroutinefunction(getattr(module, public))
    }


EVERY = {
    name: signature
    for module in (
        *(conversations, defaults, lineage, messages, payees, payments),
        *(portrait, runs, sessions, usage, whole),
    )
    for name, signature in functions(module).items()
}


def test_the_sweep_is_complete() -> None:
    assert set(CALLS) == set(EVERY) - WITHOUT_AN_OWNER - MAKES_ITS_OWN


def test_whatever_somebody_owns_goes_with_them() -> None:
    owned = [table.c.owner_id for table in metadata.tables.values() if "owner_id" in table.c]
    assert len(owned) > 10
    for column in owned:
        [key] = column.foreign_keys
        assert (key.target_fullname, key.ondelete) == ("user.id", "CASCADE"), column


def test_every_query_takes_the_owner() -> None:
    for name, signature in EVERY.items():
        assert name in WITHOUT_AN_OWNER or "owner" in signature.parameters, name


async def write_all_that_is_asked_for(tx: AsyncConnection, owner: str, turn: Turn) -> None:
    await pay(tx, owner, turn)
    await throw_away(tx, owner, turn)
    now = datetime.now(UTC)
    await sessions.add(tx, Session("hers", owner, now, now, "", ""))
    await usage.reserve(tx, owner, Reservation(turn.run.id, owner, "", "demo", "demo-1", 9, 9, 9))
    await set_up(tx, owner)


async def set_up(tx: AsyncConnection, owner: str) -> None:
    """What somebody wants, and may use."""
    await defaults.put(tx, owner, Defaults(gateway="demo"))
    await usage.allow(tx, owner, Allowance(tokens_per_day=7))


async def test_nobody_reaches_the_rows_of_another(
    db: Database, bob: User, turn: Turn, everything: Everything, subtests: pytest.Subtests
) -> None:
    async with db.write() as tx:
        await runs.append(tx, turn.run.owner_id, turn.run.id, [JournalEntry(0, "text", "Three")])
        await write_all_that_is_asked_for(tx, turn.run.owner_id, turn)
    before = everything()
    for name, (call, answer) in CALLS.items():
        with subtests.test(name):
            async with db.write() as tx:
                if answer is NotFoundError:
                    with pytest.raises(NotFoundError):
                        await call(tx, bob.id, turn)
                else:
                    assert await call(tx, bob.id, turn) == answer
            assert everything() == before


async def test_what_is_set_up_for_somebody_is_theirs_alone(db: Database, alice: User, bob: User) -> None:
    async with db.write() as tx:
        for who in (alice, bob):
            await set_up(tx, who.id)
        await defaults.put(tx, bob.id, Defaults(gateway="another"))
        await usage.allow(tx, bob.id, None)
        assert (await defaults.get(tx, alice.id)).gateway == "demo"
        assert await usage.allowance_of(tx, alice.id) == Allowance(tokens_per_day=7)


class UndoneError(Exception):
    """Ends a transaction that is to leave nothing."""


async def test_the_owner_does(db: Database, alice: User, turn: Turn, subtests: pytest.Subtests) -> None:
    # A message has one run, and Alice's has it already.
    for name in sorted(set(CALLS) - {"runs.start"}):
        call, answer = CALLS[name]
        with subtests.test(name), suppress(UndoneError):
            async with db.write() as tx:
                if name != "runs.append":
                    await runs.append(tx, alice.id, turn.run.id, [JournalEntry(0, "text", "Three")])
                await write_all_that_is_asked_for(tx, alice.id, turn)
                found = await call(tx, alice.id, turn)
                assert answer is NotFoundError or (found is not None and found != answer)
                raise UndoneError
