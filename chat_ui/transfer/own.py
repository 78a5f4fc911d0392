"""Our own form: a line of JSON for each conversation, with every branch, its settings, figures and times.

The first line says what the file is, ``{"format": "chat-ui", "version": 1, "conversations": 3}``; each that
follows is a ``Whole``, without what is still at its default. How many follow was not always said: where it
is, a file that was cut between two lines is known by it. A line ``{"account": ...}`` is passed over: it is
what else is kept of a person. What was brought in is given out again byte for byte. Lines, because a history
may be too large to be held at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from chat_ui.chat.errors import UnfitPreference
from chat_ui.chat.library import LONGEST_TITLE
from chat_ui.chat.preferences import check
from chat_ui.chat.tool_log import is_log
from chat_ui.gateway.json_values import LARGEST_COUNT, as_amount
from chat_ui.store import conversations, whole
from chat_ui.store.conversations import Conversation
from chat_ui.store.engine import Database
from chat_ui.store.ids import is_id
from chat_ui.store.messages import Message
from chat_ui.store.whole import Whole
from chat_ui.words import say

__all__ = ["BroughtIn", "UnfitFile", "bring_in", "give_out"]

HEAD = {"format": "chat-ui", "version": 1}
FIRST_YEAR, LAST_YEAR = 1970, 9000

# The id that a browser gave a send is of no use anywhere else.
_LEFT_OUT = {"messages": {"__all__": {"client_id"}}}


@cache
def _form() -> TypeAdapter[Whole]:
    """Made when it is first asked for: few sites ever do, and each would wait for it at its start."""
    return TypeAdapter(Whole)


class UnfitFile(Exception):  # noqa: N818 - it says what happened
    """It is no such file, or one of its lines can't be brought in: which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came of a file.

    Args:
        added: the conversations that were brought in.
        known: how many were there already; they stay as they are.
    """

    added: tuple[Conversation, ...] = ()
    known: int = 0


async def give_out(db: Database, owner: str) -> AsyncGenerator[bytes]:
    """Yield the lines of a file with all conversations of a person.

    An answer that is still being written is given out as if it ended now.

    Raises:
        StoreError: the database can't be read.
    """
    async with db.read() as tx:
        ids = await whole.ids(tx, owner)
    yield _line(json.dumps(HEAD | {"conversations": len(ids)}).encode())
    for id in ids:
        async with db.read() as tx:
            found = await whole.get(tx, owner, id)
        # One that was purged meanwhile was counted: a blank line, which is passed over, has its place.
        yield _line(_form().dump_json(found, exclude=_LEFT_OUT, exclude_defaults=True) if found else b"")


async def bring_in(db: Database, owner: str, lines: AsyncIterable[bytes]) -> BroughtIn:
    """Add the conversations of a file to a person's own, each in a transaction of its own.

    One that they have already stays as it is, so that a file may be brought in again; where they have deleted
    it since, it comes back. One whose ids are somebody else's here gets others, which are the same each time.

    Args:
        db: the database.
        owner: whose they become.
        lines: the file.

    Raises:
        UnfitFile: it isn't such a file, or something in it can't be.
        StoreError: it could not be stored; what stood before is there.
    """
    so_far = BroughtIn()
    number = promised = 0
    async for line in lines:
        number += 1
        if number == 1:
            promised = _check_head(line)
        elif line.strip() and not line.startswith(b'{"account"'):
            try:
                found = _read(line)
            except _Unfit as error:
                added = len(so_far.added)
                raise UnfitFile(say("transfer.unfit", line=number, what=error, added=added)) from None
            so_far = await _take(db, owner, found, so_far)
    if not number:
        raise UnfitFile(say("transfer.format"))
    if number - 1 < promised:
        raise UnfitFile(say("transfer.cut", promised=promised, came=number - 1))
    return so_far


async def _take(db: Database, owner: str, found: Whole, so_far: BroughtIn) -> BroughtIn:
    async with db.write() as tx:
        is_here = await whole.has(tx, owner, found.conversation.id)
        if not is_here and not await whole.are_free(tx, found):
            found = _renamed(found, owner)
            is_here = await whole.has(tx, owner, found.conversation.id)
        here = found.conversation
        if not is_here:
            await whole.add(tx, owner, found)
        elif here.deleted_at or not await conversations.restore(tx, owner, here.id):
            return replace(so_far, known=so_far.known + 1)
    return replace(so_far, added=(*so_far.added, here))


def _line(said: bytes) -> bytes:
    return said + b"\n"


class _Unfit(Exception):  # noqa: N818
    """What is wrong with a line."""


def _check_head(line: bytes) -> int:
    """Whether it is one that is known; how many conversations it says are to follow."""
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        head = None
    match head:
        case {"format": "chat-ui", "version": 1, "conversations": int(promised)}:
            return promised
        case {"format": "chat-ui", "version": 1}:
            return 0
        case {"format": "chat-ui", "version": version}:
            raise UnfitFile(say("transfer.version", version=version))
        case _:
            raise UnfitFile(say("transfer.format"))


def _read(line: bytes) -> Whole:
    try:
        found = _form().validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        # Of what is no object there is no place to name.
        raise _Unfit(f"{where}: {first['msg']}." if where else say("transfer.json")) from None
    here = found.conversation
    messages = tuple(replace(each, conversation_id=here.id, client_id=None) for each in found.messages)
    for each in (here, *messages):
        _check_values(each)
    return Whole(here, _in_order(here, messages))


def _in_order(here: Conversation, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    ids = {each.id for each in messages}
    ordered = whole.parents_first(messages)
    if len(ids) != len(messages) or len(ordered) != len(messages):
        raise _Unfit(say("transfer.tree"))
    if here.leaf_id is not None and here.leaf_id not in ids:
        raise _Unfit(say("transfer.leaf", id=here.leaf_id))
    return ordered


def _check_values(it: Conversation | Message) -> None:
    """Whether the database can hold these, and the page can show them."""
    if not is_id(it.id):
        raise _Unfit(say("transfer.id", id=it.id))
    for field in fields(it):
        match getattr(it, field.name):
            case int() as number if not 0 <= number < LARGEST_COUNT:
                raise _Unfit(say("transfer.number", name=field.name, value=number))
            case Decimal() as amount if as_amount(str(amount)) is None:
                raise _Unfit(say("transfer.number", name=field.name, value=amount))
            case datetime() as moment if moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
                raise _Unfit(say("transfer.time", name=field.name, value=moment))
            case _:
                pass
    if isinstance(it, Conversation):
        _check_conversation(it)
    elif it.role not in ("user", "assistant") or it.status == "streaming" or not is_log(it.tool_calls):
        raise _Unfit(say("transfer.message", id=it.id))


def _check_conversation(it: Conversation) -> None:
    if len(it.title) > LONGEST_TITLE:
        raise _Unfit(say("transfer.title", chars=len(it.title), most=LONGEST_TITLE))
    if it.revision < 1:
        raise _Unfit(say("transfer.number", name="revision", value=it.revision))
    try:
        check(it.preferences)
    except UnfitPreference as error:
        raise _Unfit(str(error)) from None


def _renamed(found: Whole, owner: str) -> Whole:
    """The same under other ids, which depend on these and on whose it becomes."""

    def other(id: str | None) -> str | None:
        return None if id is None else _other_id(owner, id)

    old = found.conversation
    here = replace(old, id=_other_id(owner, old.id), leaf_id=other(old.leaf_id))
    renamed = [
        replace(each, id=_other_id(owner, each.id), parent_id=other(each.parent_id), conversation_id=here.id)
        for each in found.messages
    ]
    return Whole(here, tuple(renamed))


def _other_id(owner: str, id: str) -> str:
    # Version 8 is for what nobody else makes: https://www.rfc-editor.org/rfc/rfc9562#section-5.8
    digest = int.from_bytes(hashlib.sha256(f"{owner} {id}".encode()).digest()[:16])
    return str(UUID(int=digest & ~(0xF << 76) & ~(0b11 << 62) | 8 << 76 | 0b10 << 62))
