"""Bytes to server-sent events.

The rules are those of https://html.spec.whatwg.org/multipage/server-sent-events.html, with one leniency: a
last block that lacks its blank line is kept when it is plainly whole.
"""

from __future__ import annotations

from typing import NamedTuple

from chat_ui.gateway.errors import EventTooLarge
from chat_ui.gateway.json_values import parse_json

__all__ = ["SSEDecoder", "ServerSentEvent"]

MAX_EVENT_BYTES = 8 * 1024 * 1024

BOM = b"\xef\xbb\xbf"
CR = ord("\r")  # bytes are searched for a number several times as fast as for other bytes
LONGEST_RETRY = 15  # digits; more is no time anybody means, and Python refuses to convert thousands of them


class ServerSentEvent(NamedTuple):
    r"""One dispatched event.

    Args:
        event: its type.
        data: its data lines, joined with ``\n``.
        id: the last event id seen in the stream so far, ``""`` before the first.
        retry: the reconnection time announced in this event's block, in milliseconds.
    """

    event: str = "message"
    data: str = ""
    id: str = ""
    retry: int | None = None


class SSEDecoder:
    """Decodes one stream of server-sent events, however its bytes were cut.

    Args:
        max_event_bytes: the size that neither one event's data nor one line may pass.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._at_start = True
        self._skip_lf = False
        self._too_large = False
        self._pending: list[bytes] = []  # pieces of the unfinished line; joined once, so never quadratic
        self._pending_bytes = 0
        self._last_id = ""
        self._start_block()

    def _start_block(self) -> None:
        self._event = ""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._retry: int | None = None

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes and return the events that they complete.

        Raises:
            EventTooLarge: an event passed the limit. Whole events before it are returned first; the error
                then comes with the next call.
        """
        if self._too_large:
            raise EventTooLarge
        if self._at_start:
            chunk = self._without_bom(chunk)
        events: list[ServerSentEvent] = []
        for line in self._complete_lines(chunk):
            if line:
                if line.startswith(b"data: "):
                    # What _take_field would do, only sooner: nearly every line is one of these.
                    self._data.append(line[6:])
                    self._data_bytes += len(line) - 5
                else:
                    self._take_field(line)
                if self._data_bytes > self._max or len(line) > self._max:
                    self._too_large = True
                    break
            elif self._data:
                events.append(self._dispatch())
            else:
                self._start_block()
        if self._pending_bytes + self._data_bytes > self._max:
            self._too_large = True
        if self._too_large and not events:
            raise EventTooLarge
        return events

    def close(self) -> list[ServerSentEvent]:
        """Say that the bytes have ended.

        The specification drops a last block without its blank line. Some gateways end just so after
        ``[DONE]`` or after a whole JSON value; such a block is returned.

        Raises:
            EventTooLarge: an event passed the limit before the end.
        """
        if self._too_large:
            raise EventTooLarge
        line = b"".join(self._pending)
        self._pending, self._pending_bytes = [], 0
        if line:
            self._take_field(line)
        if not self._data:
            return []
        event = self._dispatch()
        return [event] if _is_whole(event.data) else []

    def _without_bom(self, chunk: bytes) -> bytes:
        head = b"".join([*self._pending, chunk])
        self._pending, self._pending_bytes = [], 0
        if len(head) < len(BOM) and BOM.startswith(head):
            self._pending, self._pending_bytes = [head], len(head)
            return b""
        self._at_start = False
        return head.removeprefix(BOM)

    def _complete_lines(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return []
        if self._skip_lf and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._skip_lf = False
        if CR in chunk:
            self._skip_lf = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if lines and self._pending:
            lines[0] = b"".join([*self._pending, lines[0]])
            self._pending, self._pending_bytes = [], 0
        if rest:
            self._pending.append(rest)
            self._pending_bytes += len(rest)
        return lines

    def _take_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_bytes += len(value) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._last_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= LONGEST_RETRY:
            self._retry = int(value)

    def _dispatch(self) -> ServerSentEvent:
        data = b"\n".join(self._data).decode("utf-8", "replace")
        event = ServerSentEvent(self._event or "message", data, self._last_id, self._retry)
        self._start_block()
        return event


def _is_whole(data: str) -> bool:
    if data.strip() == "[DONE]":
        return True
    try:
        parse_json(data)
    except ValueError:
        return False
    return True
