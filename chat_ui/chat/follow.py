"""A conversation as it stands, and then everything that happens in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, get_args

from chat_ui.chat.changes import (
    AnswerUnsaved,
    BranchShown,
    Change,
    MessageEnded,
    Part,
    Piece,
    RunPaying,
    RunWaiting,
    Snapshot,
    StopAsked,
    TurnStarted,
)
from chat_ui.chat.errors import NoSuchConversation, NoSuchMessage
from chat_ui.chat.feed import AtOnce, Lagged, Subscription, Topic, later
from chat_ui.chat.outcome import SHUT_DOWN
from chat_ui.store import conversations, lineage, messages, runs
from chat_ui.store.ids import is_id
from chat_ui.store.messages import Message

if TYPE_CHECKING:
    from chat_ui.chat.service import Chat

__all__ = ["follow_conversation", "read_earlier", "read_snapshot", "read_texts"]

PARTS: tuple[Part, ...] = get_args(Part)
# A batch comes into the journal up to a quarter of a second after its pieces.
JOURNAL_LOOKS = 40
JOURNAL_LOOK_S = 0.05
# How long an answer that another process writes may be quiet before the journal is looked at.
QUIET_S = 0.5
# How much of a conversation a page gets at first, and each time that it asks for more.
PAGE = 60
# How much at most, where a branch was shown that parts from the one before further up.
MOST = 1000


async def follow_conversation(
    chat: Chat, owner: str, conversation_id: str, grow: AtOnce = later
) -> AsyncGenerator[Snapshot | Change]:
    """Yield a conversation as it stands, then its changes; and again a snapshot wherever one was missed.

    Args:
        chat: the running chat.
        owner: who reads.
        conversation_id: what they read.
        grow: shows a piece at once, if it can; what it has shown isn't yielded.

    Raises:
        NoSuchConversation: it isn't this person's, or is gone.
    """
    most = PAGE
    async with chat.feed.follow(Topic("conversation", conversation_id)) as changes:
        while True:
            snapshot = await read_snapshot(chat, owner, conversation_id, most=most)
            most = PAGE
            yield snapshot
            for message in snapshot.messages:
                if message.status == "streaming" and (hurdle := chat.runs.hurdle(message.id)) is not None:
                    yield hurdle
            try:
                async with aclosing(_in_order(chat, owner, changes, snapshot, grow)) as in_order:
                    async for change in in_order:
                        if isinstance(change, BranchShown):
                            most = min(PAGE + change.length, MOST)
                            break
                        yield change
            except Lagged:
                continue


async def _in_order(
    chat: Chat, owner: str, changes: Subscription, snapshot: Snapshot, grow: AtOnce
) -> AsyncGenerator[Change]:
    revision = snapshot.conversation.revision
    grown = _Grown(chat, owner, snapshot.messages, grow)
    shown: list[str | None] = [message.id for message in snapshot.messages]
    if snapshot.is_whole:
        shown.insert(0, None)
    while True:
        try:
            change = await changes.next(grown.patience_s, grown.by_now)
        except TimeoutError:
            for piece in await grown.late():
                yield piece
            continue
        if isinstance(change, StopAsked):
            continue
        if isinstance(change, Piece):
            yield await grown.by(change)
            continue
        if isinstance(change, RunWaiting | RunPaying | AnswerUnsaved):
            yield change
            continue
        if change.conversation.revision <= revision:
            continue
        if change.conversation.revision > revision + 1:
            raise Lagged
        if isinstance(change, TurnStarted):
            if change.added[0].parent_id not in shown:
                raise Lagged
            shown = [*shown[: shown.index(change.added[0].parent_id) + 1], *(m.id for m in change.added)]
            grown.add(change.added)
        if isinstance(change, MessageEnded) and change.message.error == SHUT_DOWN:
            # Its process may have died before all that it had told was on disk.
            raise Lagged
        revision = change.conversation.revision
        yield change


class _Grown:
    """How far a reader has the answers that grow; what is missing before a piece is read from the journal.

    It is only where another process writes the answer that a piece may come before the journal's batch that
    ends where it begins. There, too, the last piece before a reader came may have been told to those who were
    there already, and not be in the journal yet: the reader has neither, and looks again if nothing comes.
    """

    def __init__(self, chat: Chat, owner: str, messages: Iterable[Message], grow: AtOnce) -> None:
        self._chat = chat
        self._owner = owner
        self._grow = grow
        self._have: dict[tuple[str, Part], int] = {}
        self._elsewhere = {m.id for m in messages if m.status == "streaming" and not chat.runs.shown(m)}
        self._patience_s = QUIET_S
        self.add(messages)

    @property
    def patience_s(self) -> float | None:
        """How long to wait for a change before ``late`` is asked; None where nothing can be late."""
        return self._patience_s if self._elsewhere else None

    async def late(self) -> list[Piece]:
        """What the journal has by now that no piece has brought; the next look is after twice as long."""
        self._patience_s *= 2
        pieces: list[Piece] = []
        for message_id in tuple(self._elsewhere):
            try:
                message = await read_texts(self._chat, self._owner, message_id)
            except NoSuchMessage:
                self._elsewhere.discard(message_id)
                continue
            for part in PARTS:
                text, have = getattr(message, part), self._have[message_id, part]
                if len(text) > have:
                    pieces.append(Piece(message_id, part, have, text[have:]))
                    self._have[message_id, part] = len(text)
            if message.status != "streaming":
                self._elsewhere.discard(message_id)
        return pieces

    def add(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if message.status == "streaming":
                for part in PARTS:
                    self._have[message.id, part] = len(getattr(message, part))

    def by_now(self, piece: Piece) -> bool:
        """Show a piece at once, if it is what comes next; whether it is shown."""
        key = (piece.message_id, piece.part)
        # What comes from elsewhere goes by the clock that ``patience_s`` sets.
        shown = not self._elsewhere and self._have.get(key) == piece.offset and self._grow(piece)
        if shown:
            self._have[key] += len(piece.text)
        return shown

    async def by(self, piece: Piece) -> Piece:
        """A piece, made longer at its beginning where something is missing there.

        Raises:
            Lagged: what is missing can't be read.
        """
        key = (piece.message_id, piece.part)
        have = self._have.get(key)
        if have is None:
            return piece
        if piece.offset > have:
            text = await self._read(piece)
            piece = replace(piece, offset=have, text=text[have : piece.offset] + piece.text)
        self._have[key] = max(have, piece.offset + len(piece.text))
        return piece

    async def _read(self, piece: Piece) -> str:
        for _ in range(JOURNAL_LOOKS):
            with suppress(NoSuchMessage):
                message = await read_texts(self._chat, self._owner, piece.message_id)
                text: str = getattr(message, piece.part)
                if len(text) >= piece.offset:
                    return text
            await asyncio.sleep(JOURNAL_LOOK_S)
        raise Lagged


async def read_snapshot(chat: Chat, owner: str, conversation_id: str, *, most: int = PAGE) -> Snapshot:
    """Read a conversation with the last texts of its active path, growing ones included.

    Args:
        chat: the running chat.
        owner: who reads.
        conversation_id: what they read.
        most: how many messages at most.

    Raises:
        NoSuchConversation: it isn't this person's, or is gone.
    """
    if not is_id(conversation_id):
        raise NoSuchConversation
    async with chat.db.read() as tx:
        conversation = await conversations.get(tx, owner, conversation_id)
        if conversation is None:
            raise NoSuchConversation
        path = []
        if conversation.leaf_id is not None:
            path = await lineage.path(tx, owner, conversation_id, conversation.leaf_id, most=most)
        parents = {message.parent_id for message in path}
        followers = await lineage.siblings(tx, owner, conversation_id, parents)
    grown = [await _as_it_grows(chat, owner, message) for message in path]
    return Snapshot(conversation, tuple(grown), followers)


Earlier = tuple[list[Message], Mapping[str | None, tuple[str, ...]]]


async def read_earlier(chat: Chat, owner: str, message_id: str) -> Earlier:
    """Read what leads to a message: some of it, its end; nothing before a first one.

    Returns:
        The messages, the oldest first, and what follows the same message as each, as in a ``Snapshot``.

    Raises:
        NoSuchMessage: it isn't this person's, or is gone.
    """
    async with chat.db.read() as tx:
        message = await messages.get(tx, owner, message_id) if is_id(message_id) else None
        if message is None:
            raise NoSuchMessage
        if message.parent_id is None:
            return [], {}
        here = message.conversation_id
        path = await lineage.path(tx, owner, here, message.parent_id, most=PAGE)
        return path, await lineage.siblings(tx, owner, here, {message.parent_id for message in path})


async def read_texts(chat: Chat, owner: str, message_id: str) -> Message:
    """Read one message with its whole text, as far as it has grown.

    Raises:
        NoSuchMessage: it isn't this person's, or is gone.
    """
    async with chat.db.read() as tx:
        message = await messages.get(tx, owner, message_id) if is_id(message_id) else None
    if message is None:
        raise NoSuchMessage
    return await _as_it_grows(chat, owner, message)


async def _as_it_grows(chat: Chat, owner: str, message: Message) -> Message:
    if message.status != "streaming":
        return message
    return chat.runs.shown(message) or await _as_stored(chat, owner, message)


async def _as_stored(chat: Chat, owner: str, message: Message) -> Message:
    """Read an answer that isn't on its way here: it has just ended, or another process writes it."""
    async with chat.db.read() as tx:
        for run in await runs.active(tx, owner, message.conversation_id):
            if run.message_id == message.id:
                return replace(message, **asdict(await runs.journal(tx, owner, run.id)))
        return await messages.get(tx, owner, message.id) or message
