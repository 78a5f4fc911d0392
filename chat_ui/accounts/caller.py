"""Who calls: set once per event at the door of the site, read wherever it counts."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from chat_ui.accounts.people import Person

__all__ = ["ADDRESS_HEADER", "SESSION_HEADER", "Caller", "caller", "let_in"]

# By these the door tells those behind it who is on a websocket. From outside nobody can say them.
SESSION_HEADER = b"x-chat-ui-session"
ADDRESS_HEADER = b"x-chat-ui-address"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose event is being handled.

    Args:
        person: who.
        session_id: of their browser; blank on a local site, which has none.
        address: where they are.
    """

    person: Person
    session_id: str = ""
    address: str = ""


_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


def let_in(who: Caller | None) -> None:
    """Say who calls, for all that follows in this task; None for nobody."""
    _caller.set(who)


def caller() -> Caller | None:
    """Who calls; None where nobody was let in."""
    return _caller.get()
