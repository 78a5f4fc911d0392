"""Running a hosted site: who is on it, what they use, and what was done."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import reflex as rx

from chat_ui.accounts.administration import Administration, Use
from chat_ui.accounts.errors import AccountError, in_words
from chat_ui.accounts.people import Person
from chat_ui.chat import trouble
from chat_ui.state.arguments import field_of, text_of
from chat_ui.state.current import caller_now, current_chat
from chat_ui.state.door import for_admins
from chat_ui.store.audit import Deed
from chat_ui.store.errors import StoreError
from chat_ui.store.usage import MILLION, UNLIMITED, Allowance
from chat_ui.store.users import User
from chat_ui.words import say

__all__ = ["AdminState", "DeedRow", "LiveRow", "PersonRow", "UseRow"]

DEEDS = 200
BUDGETS = ("tokens_per_day", "tokens_per_month", "dollars_per_day", "dollars_per_month")


@dataclasses.dataclass(frozen=True)
class PersonRow:
    """Somebody on the site; budgets are blank where they have what everybody has."""

    id: str
    name: str
    is_admin: bool
    is_active: bool
    used: str
    budget: str
    tokens_per_day: str = ""
    tokens_per_month: str = ""
    dollars_per_day: str = ""
    dollars_per_month: str = ""


@dataclasses.dataclass(frozen=True)
class LiveRow:
    """An answer that is being written."""

    message_id: str
    name: str
    model: str
    since: str


@dataclasses.dataclass(frozen=True)
class UseRow:
    """What somebody had of a model this month."""

    name: str
    model: str
    answers: str
    tokens: str
    cost: str


@dataclasses.dataclass(frozen=True)
class DeedRow:
    """Something that somebody did."""

    at: str
    words: str
    address: str


@for_admins
class AdminState(rx.State):
    """The admin page."""

    people: list[PersonRow] = []  # noqa: RUF012 - Reflex gives each state its own
    live: list[LiveRow] = []  # noqa: RUF012
    month: list[UseRow] = []  # noqa: RUF012
    deeds: list[DeedRow] = []  # noqa: RUF012
    hosted: bool = False
    link: str = ""
    link_for: str = ""
    budget_of: str = ""
    notice: str = ""

    @rx.event
    async def load(self) -> None:
        """Show everything as it is now."""
        self.link = self.link_for = self.budget_of = ""
        await self._do(None)

    @rx.event
    async def invite(self, role: str) -> None:
        """Make a link by which somebody comes in."""
        wanted = "admin" if text_of(role) == "admin" else "user"

        async def make(act: Administration, by: Person, address: str) -> None:
            self._show_link(await act.invite(by, wanted, address), say(f"admin.invited.{wanted}"))

        await self._do(make)

    @rx.event
    async def make_password_link(self, id: str) -> None:
        """Make a link by which somebody sets a new password."""

        async def make(act: Administration, by: Person, address: str) -> None:
            token = await act.reset(by, text_of(id), address)
            self._show_link(token, next((row.name for row in self.people if row.id == id), say("admin.them")))

        await self._do(make)

    def _show_link(self, token: str, whom: str) -> None:
        self.link, self.link_for = f"{current_chat().settings.public_url}/link/{token}", whom

    @rx.event
    async def disable(self, id: str) -> None:
        """Keep somebody out."""
        await self._do(lambda act, by, address: act.disable(by, text_of(id), address))

    @rx.event
    async def enable(self, id: str) -> None:
        """Let somebody in again."""
        await self._do(lambda act, by, address: act.enable(by, text_of(id), address))

    @rx.event
    async def make_admin(self, id: str) -> None:
        """Let somebody run the site too."""
        await self._do(lambda act, by, address: act.set_role(by, text_of(id), "admin", address))

    @rx.event
    async def make_user(self, id: str) -> None:
        """Let somebody no longer run the site."""
        await self._do(lambda act, by, address: act.set_role(by, text_of(id), "user", address))

    @rx.event
    async def delete(self, id: str) -> None:
        """Delete somebody who is disabled, with all they have."""
        if any(row.id == id and not row.is_active for row in self.people):
            await self._do(lambda act, by, address: act.delete(by, text_of(id), address))

    @rx.event
    async def stop(self, message_id: str) -> None:
        """End an answer to anybody; what it has said stays."""

        async def end(act: Administration, by: Person, address: str) -> None:
            running = (await act.use(by)).live
            found = next((one for one in running if one.message_id == text_of(message_id)), None)
            if found is not None:
                await act.note_stop(by, found.name, address)
                await current_chat().runs.stop(found.owner_id, found.message_id)

        await self._do(end)

    @rx.event
    def edit_budget(self, id: str) -> None:
        """Show the form for somebody's budget, or close it."""
        wanted = text_of(id)
        self.budget_of = "" if self.budget_of == wanted else wanted

    @rx.event
    async def set_budget(self, form: dict[str, Any]) -> None:
        """Let somebody use more or less than everybody."""
        id, self.notice = self.budget_of, ""
        try:
            amounts = [_amount(field_of(form, name)) for name in BUDGETS]
        except ValueError:
            self.notice = say("admin.unfit_budget")
            return
        micros = [None if amount is None else int(amount * MILLION) for amount in amounts[2:]]
        own = Allowance(*(None if amount is None else int(amount) for amount in amounts[:2]), *micros)
        await self._do(lambda act, by, address: act.allow(by, id, None if own == UNLIMITED else own, address))
        if not self.notice:
            self.budget_of = ""

    async def _do(self, work: Callable[[Administration, Person, str], Awaitable[None]] | None) -> None:
        """Do something, say what was wrong with it if anything was, and show how things are after it."""
        if (accounts := current_chat().accounts) is None:
            return
        act, who = accounts.administration, caller_now()
        self.hosted, self.notice = True, ""
        try:
            if work is not None:
                await work(act, who.person, who.address)
            use = await act.use(who.person)
            self._show(await act.people(who.person), use, await act.deeds(who.person, limit=DEEDS))
        except (AccountError, StoreError) as error:
            self.notice = trouble.in_words(error)

    def _show(self, people: list[User], use: Use, deeds: list[Deed]) -> None:
        now = datetime.now(UTC)
        self.people = [_person(user, use) for user in people]
        self.live = [
            LiveRow(one.message_id, one.name, one.model or one.gateway, in_words(now - one.started_at))
            for one in use.live
        ]
        self.month = [
            UseRow(
                one.name,
                one.model or one.gateway,
                f"{one.answers:,}",
                f"{one.tokens:,}",
                _dollars(one.micros),
            )
            for one in use.month
        ]
        self.deeds = [_deed(deed) for deed in deeds]


def _amount(text: str) -> Decimal | None:
    """A number that a person typed; None where they typed none.

    Raises:
        ValueError: it is no amount.
    """
    plain = text.strip().replace(",", "").removeprefix("$")
    if not plain:
        return None
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise ValueError from None
    if not amount.is_finite() or not 0 <= amount <= 10**12:
        raise ValueError
    return amount


def _person(user: User, use: Use) -> PersonRow:
    mine = [one for one in use.month if one.name == user.name]
    own = use.allowances.get(user.id)
    tokens, micros = sum(one.tokens for one in mine), sum(one.micros for one in mine)
    fields = {} if own is None else _fields(own)
    limits = [say(f"admin.budget.{name}", amount=value) for name, value in fields.items() if value]
    return PersonRow(
        user.id,
        user.name,
        user.role == "admin",
        user.status == "active",
        say("admin.used", tokens=tokens, cost=_dollars(micros)),
        ", ".join(limits),
        **fields,
    )


def _fields(own: Allowance) -> dict[str, str]:
    def dollars(micros: int | None) -> str:
        return "" if micros is None else f"{Decimal(micros) / MILLION:f}"

    def tokens(number: int | None) -> str:
        return "" if number is None else str(number)

    values = (
        tokens(own.tokens_per_day),
        tokens(own.tokens_per_month),
        dollars(own.micros_per_day),
        dollars(own.micros_per_month),
    )
    return dict(zip(BUDGETS, values, strict=True))


def _deed(deed: Deed) -> DeedRow:
    words = " ".join(filter(None, (deed.actor, deed.action, deed.subject and f"({deed.subject})")))
    return DeedRow(f"{deed.at:%d %b %Y, %H:%M}" if deed.at else "", words, deed.address)


def _dollars(micros: int) -> str:
    return f"${Decimal(micros) / MILLION:,.2f}" if micros >= 10_000 or not micros else say("admin.little")
