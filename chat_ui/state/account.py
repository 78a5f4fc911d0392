"""One's own account on a hosted site: who one is, and where one is signed in."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import reflex as rx

from chat_ui.accounts.errors import in_words
from chat_ui.accounts.tokens import derived, form_token
from chat_ui.chat import trouble
from chat_ui.state.arguments import text_of
from chat_ui.state.current import caller_now, current_chat
from chat_ui.store.errors import StoreError
from chat_ui.store.sessions import Session
from chat_ui.words import say

__all__ = ["AccountState", "Place"]

BROWSERS = ("Firefox", "Edg", "OPR", "Chrome", "Safari")
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
CALLED = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}


@dataclasses.dataclass(frozen=True)
class Place:
    """A browser in which somebody is signed in.

    Args:
        key: names it among its person's; no credential, and of no use to anybody else.
        browser: what it calls itself, in few words.
        about: from where, and since when.
        is_here: whether it is this one.
    """

    key: str
    browser: str
    about: str
    is_here: bool


class AccountState(rx.State):
    """Who is signed in, as their page shows it; on a local site nothing of this is shown."""

    name: str = ""
    is_admin: bool = False
    form_token: str = ""
    restricted: bool = False
    places: list[Place] = []  # noqa: RUF012 - Reflex gives each state its own
    notice: str = ""

    @rx.event
    def load(self) -> None:
        """Say who one is."""
        if current_chat().accounts is None:
            return
        who = caller_now()
        self.name, self.is_admin = who.person.name, who.person.is_admin
        self.restricted, self.form_token = not who.person.is_admin, form_token(who.session_id)

    @rx.event
    async def load_places(self) -> None:
        """List where one is signed in."""
        self.load()
        if (accounts := current_chat().accounts) is None:
            return
        who = caller_now()
        self.notice = ""
        try:
            sessions = await accounts.sessions.of(who.person.id)
        except StoreError as error:
            self.notice = trouble.in_words(error)
            return
        self.places = [_place(session, who.session_id) for session in sessions]

    @rx.event
    async def sign_out_place(self, key: str) -> None:
        """Sign out another browser of one's own."""
        if (accounts := current_chat().accounts) is None:
            return
        owner = caller_now().person.id
        for session in await accounts.sessions.of(owner):
            if _key(session.id) == text_of(key):
                await accounts.sessions.end(owner, session.id)
        await self.load_places()


def _key(session_id: str) -> str:
    return derived(session_id, "place")[:16]


def _place(session: Session, here: str) -> Place:
    idle = datetime.now(UTC) - session.seen_at
    seen = say("place.in_use") if idle.total_seconds() < 180 else say("place.used", since=in_words(idle))
    address = session.address or say("place.somewhere")
    about = say("place.about", address=address, day=session.created_at, seen=seen)
    return Place(_key(session.id), _browser(session.agent), about, session.id == here)


def _browser(agent: str) -> str:
    """What a browser says of itself, as in ``Firefox on Linux``."""
    found = [next((name for name in names if name in agent), "") for names in (BROWSERS, SYSTEMS)]
    browser, system = (CALLED.get(name, name) for name in found)
    browser = browser or say("place.browser")
    return say("place.system", browser=browser, system=system) if system else browser
