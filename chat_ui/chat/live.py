"""One answer on its way: what its run knows and has not handed on yet."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from chat_ui.chat.answer import Answer
from chat_ui.chat.backlog import Backlog
from chat_ui.chat.changes import RunPaying, RunWaiting
from chat_ui.chat.outcome import Times, outcome_of
from chat_ui.gateway import ChatRequest
from chat_ui.monitoring.metrics import STOP
from chat_ui.store.messages import Message
from chat_ui.store.runs import NOTHING_SAID, JournalEntry, Outcome, Texts

__all__ = ["LiveRun", "Turn"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a run needs to know.

    Args:
        run_id: the row that stands for it.
        owner: for whom.
        conversation_id: where.
        message_id: the message that the answer goes to.
        gateway: the name of the gateway to ask.
        request: what to ask; a blank model means the gateway's first one.
        retold: what to ask instead where the gateway doesn't let an answer be continued as it stands.
        begun: what an earlier answer has said, where this one continues it.
    """

    run_id: str
    owner: str
    conversation_id: str
    message_id: str
    gateway: str
    request: ChatRequest
    retold: ChatRequest | None = None
    begun: Texts = NOTHING_SAID


class Stopwatch:
    """Adds up times; each is told when it begins and ends, as a reading of one clock in seconds."""

    def __init__(self) -> None:
        self._total: float | None = None
        self._since: float | None = None

    def set(self, running: bool, now: float) -> None:
        """Let it run, or hold it."""
        if not running:
            self._total = self.total(now)
        self._since = (now if self._since is None else self._since) if running else None

    def total(self, now: float) -> float | None:
        """Seconds in all; None where it never ran."""
        if self._since is None:
            return self._total
        return (self._total or 0.0) + now - self._since


class LiveRun:
    """A turn on its way.

    Args:
        turn: what was asked, and where the answer goes.
        journal_chars: how much text makes a batch that shouldn't wait.
    """

    def __init__(self, turn: Turn, *, journal_chars: int) -> None:
        self.turn = turn
        self.answer = Answer(turn.begun, continues_exactly=turn.request.continues)
        self.early = asyncio.Event()
        self.backlog = Backlog(journal_chars)
        self.sent_at = 0.0
        self.stopped = False
        self.listening: asyncio.Task[None] | None = None
        self.outcome: Outcome | None = None
        self.settled = asyncio.Event()
        self.save_error = ""
        self._hurdle: RunWaiting | RunPaying | None = None
        self._hurdle_since = 0.0
        self._started = time.monotonic()
        self._first_token: float | None = None
        self._thought = Stopwatch()
        self._seq = 0

    def meet(self, hurdle: RunWaiting | RunPaying) -> None:
        """Remember what the answer waits for, until it grows."""
        self._hurdle, self._hurdle_since = hurdle, time.monotonic()

    @property
    def hurdle(self) -> RunWaiting | RunPaying | None:
        """What the answer waits for, as it is now."""
        if not isinstance(self._hurdle, RunWaiting) or self._hurdle.seconds is None:
            return self._hurdle
        left = self._hurdle.seconds - (time.monotonic() - self._hurdle_since)
        return replace(self._hurdle, seconds=left) if left > 0 else None

    def grow(self, chars: int) -> None:
        """Take in by how much the texts grew, which the journal is to have."""
        if not chars:
            return
        self._hurdle = None
        now = time.monotonic()
        if self._first_token is None:
            self._first_token = now
        self._thought.set(self.answer.thinks, now)
        self.backlog.add(chars)

    def take_batch(self) -> list[JournalEntry]:
        """What the journal doesn't have yet."""
        self.backlog.take()
        entries: list[JournalEntry] = []
        for part in self.answer.parts:
            text = part.take_unsaved()
            if text:
                self._seq += 1
                entries.append(JournalEntry(seq=self._seq, part=part.part, text=text))
        return entries

    def give_back(self, entries: list[JournalEntry]) -> None:
        """Keep a batch that could not be saved for the next try.

        It may have been stored though its commit failed: the next one has its numbers, and takes its place.
        """
        self._seq -= len(entries)
        for part in self.answer.parts:
            part.give_back("".join(entry.text for entry in entries if entry.part == part.part))
        self.backlog.give_back()

    def hang_up(self) -> None:
        """Close the connection to the gateway."""
        # A second cancel would not wait until the connection is closed.
        if self.listening is not None and not self.listening.cancelling():
            self.listening.cancel()

    def stop(self) -> None:
        """Hang up because a person wants it; an answer that is complete by now stays complete."""
        if self.listening is None or not self.listening.done():
            self.stopped = True
            asked = time.monotonic()
            if self.listening is not None:
                self.listening.add_done_callback(lambda _: STOP.observe(time.monotonic() - asked))
            self.hang_up()

    def end(self, failure: BaseException | None) -> Outcome:
        """Judge the answer, now that nothing more will come; call ``Answer.end`` before."""
        first = None if self._first_token is None else self._first_token - self._started
        now = time.monotonic()
        times = Times(first, self._thought.total(now), now - self._started)
        self.outcome = outcome_of(self.answer, failure, stopped=self.stopped, times=times)
        return self.outcome

    def shown(self, message: Message) -> Message:
        """The answer's message as it stands here and now, which is ahead of the database."""
        thought = self._thought.total(time.monotonic())
        ending: dict[str, Any] = {"thought_ms": None if thought is None else round(thought * 1000)}
        if self.save_error and self.outcome is not None:
            status = "failed" if self.outcome.status == "failed" else "interrupted"
            ending = asdict(self.outcome) | {"status": status, "error": self.save_error}
        return replace(message, **asdict(self.answer.texts), **ending)
