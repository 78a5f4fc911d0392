"""What the server pushes to a page beside Reflex's state.

Reflex sends a state var whole whenever it changes. Texts would be sent again and again that way, so they
go as events of their own instead, which take no lock and carry only what is new; what else there is to say
goes as ``_set_value``. The page's end of this is ``ui/components/texts.js``, ``ui/components/outbox.js`` and
``ui/components/settings_outbox.js``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any, cast

from reflex.event import Event
from reflex.utils.exceptions import ReflexRuntimeError
from reflex_base.event.context import EventContext
from reflex_base.registry import RegistrationContext

from chat_ui.chat.changes import Piece, RunPaying, RunWaiting
from chat_ui.state.websocket import SAY_NOW
from chat_ui.store.messages import Message

if TYPE_CHECKING:
    from reflex.app import EventNamespace
    from starlette.types import Send

__all__ = [
    "COMPOSER",
    "PIECE",
    "TEXTS",
    "Channel",
    "Push",
    "details",
    "has_page",
    "kept",
    "part_soon",
    "push",
    "refused",
    "stored",
    "texts",
]

TEXTS = "ref_texts"
COMPOSER = "ref_composer"
SETTINGS = "ref_settings"
# The name of the event that tells of texts, mostly a piece of one, and how Socket.IO begins an event.
PIECE = "p"
EVENT = "42"
JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
BATCH_CHARS = 100_000
# Short, and none again soon: a page may have been told another by the follower before.
_keys = cycle(range(1000))
# https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number
TRY_AGAIN_LATER = 1013
# Until each is done: asyncio itself keeps no task.
_parting: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class Push:
    """An event for the page's own script, without the empty field that Reflex's ``Event`` carries along."""

    name: str
    payload: dict[str, Any]


async def push(*pushes: Push) -> None:
    """Send to the page whose event is being handled, at once and without its state's lock."""
    for told in pushes:
        line = _line() if told.payload["ref"] == TEXTS else None
        if line is not None:
            await line.say(told.payload["value"])
        else:
            await EventContext.get().emit_event(cast("Event", told))


class Channel:
    """What one follower pushes. It gives each growing answer a short name, which its many pieces carry.

    A text that is final doesn't change: the page that has it isn't sent it again.
    """

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}
        self._final: set[str] = set()
        self._line = _line()

    def grow_now(self, grown: Piece) -> bool:
        """Let an answer grow on the page, if nothing is in the way; whether that is done.

        An answer that is out of sight there has no name, and needs nothing.
        """
        key = self._keys.get(grown.message_id)
        if key is None:
            return True
        # Put together by hand: it is what the site says most.
        said = f"{key},{grown.offset},{JSON.encode(grown.text)}"
        if grown.part != "text":
            said += f',"{grown.part}"'
        return self._line is not None and self._line.say_now(said)

    async def grow(self, grown: Piece) -> None:
        """Let an answer grow on the page, as soon as may be."""
        if not self.grow_now(grown):
            part = [] if grown.part == "text" else [grown.part]
            await push(_set(TEXTS, [self._keys[grown.message_id], grown.offset, grown.text, *part]))

    def hurdle(self, hurdle: RunWaiting | RunPaying) -> Push:
        """Tell the page what an answer waits for; its first piece ends that."""
        value: dict[str, Any] = {"id": hurdle.message_id}
        if isinstance(hurdle, RunWaiting):
            value |= {"wait": hurdle.seconds, "why": hurdle.words}
        else:
            value["paying"] = hurdle.words
        return _set(TEXTS, value)

    def texts(self, messages: Sequence[Message]) -> Iterator[Push]:
        """Put whole texts on the page, as ``texts`` does, and name those that are still growing."""
        growing = [message for message in messages if message.status == "streaming"]
        keys = {str(self._key(message.id)): message.id for message in growing}
        yield from texts([message for message in messages if message.id not in self._final])
        self._final |= {message.id for message in messages} - set(keys.values())
        if keys:
            yield _set(TEXTS, {"keys": keys})

    def end(self, answer: Message) -> Iterator[Push]:
        """Tell the page that an answer is whole that grew there, and for how long it was thought about.

        The state tells all else, a moment later; what was held back, being half of something, is drawn now.
        Where pieces are missing, the page asks.
        """
        if answer.id in self._keys:
            self._final.add(answer.id)
            yield _set(TEXTS, {"id": answer.id, "thought_ms": answer.thought_ms})

    def _key(self, message_id: str) -> int:
        if message_id not in self._keys:
            self._keys[message_id] = next(_keys)
        return self._keys[message_id]


class _Line:
    """A page's websocket, where texts are told by a Socket.IO event of their own.

    It takes a third of the bytes and of the time that a piece costs as one of Reflex's events. It passes by
    the queue of Socket.IO, whose task would have to wake for each, and waits where the page is slow to read.

    Args:
        environ: what Socket.IO knows of the websocket.
        namespace: of Reflex's events.
    """

    def __init__(self, environ: Any, namespace: str) -> None:
        self._send: Send = environ["asgi.send"]
        extensions = environ["asgi.scope"].get("extensions", {})
        self._say_now: Callable[[str], bool] | None = extensions.get(SAY_NOW, {}).get("say_now")
        self._event = f'{EVENT}{namespace},["{PIECE}",'

    def say_now(self, arguments: str) -> bool:
        """Tell something short, if nothing is in its way; whether it was."""
        return self._say_now is not None and self._say_now(f"{self._event}{arguments}]")

    async def say(self, value: Any) -> None:
        """Tell something, unless the page has left meanwhile: then there is nobody to be told."""
        arguments = JSON.encode(value if isinstance(value, list) else [value])[1:]
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.send", "text": self._event + arguments})

    async def close(self, code: int) -> None:
        """Close it; it may have left by itself."""
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code})


def part_soon(after_s: float) -> None:
    """Close the page's websocket in a while: the page comes back, and is told everything anew."""
    try:
        line = _line()
    except LookupError:
        # No event is being handled, and so none of any page.
        return
    if line is None:
        return

    async def part() -> None:
        await asyncio.sleep(after_s)
        await line.close(TRY_AGAIN_LATER)

    parting = asyncio.create_task(part())
    _parting.add(parting)
    parting.add_done_callback(_parting.discard)


def _line() -> _Line | None:
    """The page's websocket, if that is one of this process."""
    sockets = _sockets()
    if sockets is None:
        return None
    # Not by the public ``token_to_sid``, which copies the names of all pages each time.
    known = sockets._token_manager.token_to_socket.get(EventContext.get().token)
    environ = known and cast("Any", sockets.server).get_environ(known.sid, sockets.namespace)
    if not environ or environ["asgi.scope"]["type"] != "websocket":
        return None
    return _Line(environ, sockets.namespace)


def has_page() -> bool:
    """Whether the page whose event is being handled still has its websocket in this process."""
    sockets = _sockets()
    return sockets is None or EventContext.get().token in sockets._token_manager.token_to_socket


def _sockets() -> EventNamespace | None:
    """Reflex's end of all websockets of this process; there are none without an app."""
    try:
        return RegistrationContext.get().app.event_namespace
    except ReflexRuntimeError:
        return None


def texts(messages: Sequence[Message]) -> Iterator[Push]:
    """Put whole texts on the page, the last one first, in frames of a bounded size."""
    batch: list[dict[str, Any]] = []
    chars = 0
    for message in reversed(messages):
        batch.append(_text(message))
        chars += len(message.text) + len(message.reasoning) + len(message.tool_calls)
        if chars >= BATCH_CHARS:
            yield _set(TEXTS, {"texts": batch})
            batch, chars = [], 0
    if batch:
        yield _set(TEXTS, {"texts": batch})


def details(message_id: str, facts: Sequence[tuple[str, str]]) -> Push:
    """Tell the page what is known of an answer, each fact with its name."""
    return _set(TEXTS, {"id": message_id, "details": facts})


def stored(send_id: str, conversation_id: str) -> Push:
    """Tell the page that a message is stored, and in which conversation."""
    return _set(COMPOSER, {"id": send_id, "conversation": conversation_id})


def refused(send_id: str, why: str) -> Push:
    """Tell the page that a message was not taken, and why; it keeps the text."""
    return _set(COMPOSER, {"id": send_id, "refused": why})


def kept(place: str, name: str, value: str) -> Push:
    """Tell the page that a setting has been decided about: it counts, or its field says why it can't."""
    return _set(SETTINGS, {"place": place, "name": name, "value": value})


def _set(ref: str, value: Any) -> Push:
    return Push("_set_value", {"ref": ref, "value": value})


def _text(message: Message) -> dict[str, Any]:
    parts = {
        "reasoning": message.reasoning,
        "thought_ms": message.thought_ms,
        "tool_calls": message.tool_calls,
    }
    # Thinking that took no time is thinking all the same.
    told = {name: part for name, part in parts.items() if part not in ("", None)}
    grows = {"grows": True} if message.status == "streaming" else {}
    return {"id": message.id, "text": message.text, **told, **grows}
