"""What answers take: reserved before a gateway is asked, settled when the answer has ended.

A row counts with what it reserves until it is settled, so those who ask at the same time see each other.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_ui.store.account_tables import allowance, usage
from chat_ui.store.tables import run, user

__all__ = [
    "MILLION",
    "TITLE_OF",
    "UNLIMITED",
    "Allowance",
    "Live",
    "Reservation",
    "Spent",
    "Used",
    "allow",
    "allowance_of",
    "allowances",
    "by_person_and_model",
    "cost_of",
    "live",
    "reserve",
    "running",
    "sent",
    "settle",
    "spent",
    "tokens_in",
]

MILLION = 1_000_000
# Before a conversation's id: what its title took that a model wrote. Nobody sent a message for it.
TITLE_OF = "title of "
# Of UTF-8, for one token: less than any tokenizer in use takes of common writing.
BYTES_PER_TOKEN = 3


@dataclass(frozen=True, slots=True)
class Reservation:
    """What an answer may take.

    Args:
        run_id: which answer; for a title, ``TITLE_OF`` and its conversation.
        owner_id: whose.
        address: from where it was asked for.
        gateway: who is asked.
        model: which model.
        input_tokens: that will be read, at most about.
        output_tokens: that may be written.
        micros: what that costs, in millionths of a dollar.
        input_price: what a million tokens cost that are read, in the same unit; None where nobody says.
        output_price: what a million cost that are written.
    """

    run_id: str
    owner_id: str
    address: str
    gateway: str
    model: str
    input_tokens: int
    output_tokens: int
    micros: int
    input_price: int | None = None
    output_price: int | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and millionths of a dollar."""

    tokens: int = 0
    micros: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """What a person had of a model."""

    name: str
    gateway: str
    model: str
    answers: int
    tokens: int
    micros: int


@dataclass(frozen=True, slots=True)
class Live:
    """An answer that is being written."""

    owner_id: str
    name: str
    message_id: str
    gateway: str
    model: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a person may use; None where there is no limit."""

    tokens_per_day: int | None = None
    tokens_per_month: int | None = None
    micros_per_day: int | None = None
    micros_per_month: int | None = None


UNLIMITED = Allowance()
_ALLOWANCE = [allowance.c[name] for name in Allowance.__dataclass_fields__]

# What every turn asks is put together once: see ``messages``.
_ITS_OWN = select(*_ALLOWANCE).where(allowance.c.owner_id == bindparam("owner"))
_RESERVE = usage.insert()
_MINE = (
    usage.c.run_id == bindparam("its_run"),
    usage.c.owner_id == bindparam("its_owner"),
    usage.c.state == "reserved",
)
_RESERVED = select(usage.c.input_tokens, usage.c.input_price, usage.c.output_price).where(*_MINE)
_SETTLE = update(usage).where(*_MINE)
_SPENT = select(
    func.coalesce(func.sum(usage.c.input_tokens + usage.c.output_tokens), 0),
    func.coalesce(func.sum(usage.c.micros), 0),
).where(usage.c.owner_id == bindparam("owner"), usage.c.created_at >= bindparam("since"))
_SENT = (
    select(usage.c.created_at)
    .where(usage.c.created_at > bindparam("since"), ~usage.c.run_id.startswith(TITLE_OF))
    .order_by(usage.c.created_at)
)
_SENT_BY = _SENT.where(usage.c.owner_id == bindparam("owner"))
_SENT_FROM = _SENT.where(usage.c.address == bindparam("address"))
_RUNNING = (
    select(func.count())
    .select_from(run)
    .where(run.c.owner_id == bindparam("owner"), run.c.status == "running")
)


def tokens_in(text: str) -> int:
    """About how many tokens a text has, rather too many than too few."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def cost_of(input_tokens: int, output_tokens: int, input_price: int | None, output_price: int | None) -> int:
    """What tokens cost, in millionths of a dollar, rounded up; nothing where no price is known."""
    return -(-(input_tokens * (input_price or 0) + output_tokens * (output_price or 0)) // MILLION)


async def reserve(tx: AsyncConnection, owner: str, wanted: Reservation) -> None:
    """Set aside what an answer may take."""
    values = asdict(wanted) | {"owner_id": owner, "state": "reserved", "created_at": datetime.now(UTC)}
    await tx.execute(_RESERVE, values)


async def settle(  # noqa: PLR0913 - what was used is said in as many ways as gateways have
    tx: AsyncConnection,
    owner: str,
    run_id: str,
    *,
    text: str,
    input_tokens: int | None,
    output_tokens: int | None,
    dollars: Decimal | None,
    stopped: bool = False,
) -> None:
    """Count what an answer took in place of what it might have; where nobody says, it is estimated.

    Args:
        tx: a write transaction.
        owner: whose answer.
        run_id: which.
        text: all that was said.
        input_tokens: as the gateway says.
        output_tokens: as the gateway says.
        dollars: as the gateway says.
        stopped: whether a person wanted no more of it: by then it had been read.
    """
    mine = {"its_run": run_id, "its_owner": owner}
    row = (await tx.execute(_RESERVED, mine)).one_or_none()
    if row is None:
        return
    reserved, input_price, output_price = row
    if input_tokens is None:
        input_tokens = int(reserved) if text or stopped else 0
    if output_tokens is None:
        output_tokens = tokens_in(text)
    if dollars is None:
        micros = cost_of(input_tokens, output_tokens, input_price, output_price)
    else:
        micros = int((dollars * MILLION).to_integral_value(ROUND_CEILING))
    values = {"input_tokens": input_tokens, "output_tokens": output_tokens, "micros": micros}
    await tx.execute(_SETTLE, {**mine, "state": "settled", **values})


async def spent(tx: AsyncConnection, owner: str, since: datetime) -> Spent:
    """What a person has used or set aside since a moment."""
    of_tokens, of_micros = (await tx.execute(_SPENT, {"owner": owner, "since": since})).one()
    return Spent(int(of_tokens), int(of_micros))


async def sent(tx: AsyncConnection, since: datetime, *, owner: str = "", address: str = "") -> list[datetime]:
    """When messages were sent since a moment, by a person or from an address, the first one first."""
    whose = _SENT_BY if owner else _SENT_FROM
    rows = await tx.execute(whose, {"since": since} | ({"owner": owner} if owner else {"address": address}))
    return list(rows.scalars())


async def running(tx: AsyncConnection, owner: str) -> int:
    """How many answers to a person are being written."""
    return (await tx.execute(_RUNNING, {"owner": owner})).scalar_one()


async def live(tx: AsyncConnection) -> list[Live]:
    """The answers that are being written, the oldest first; for admins."""
    rows = await tx.execute(
        select(
            run.c.owner_id, user.c.name, run.c.message_id, usage.c.gateway, usage.c.model, run.c.started_at
        )
        .join(user, user.c.id == run.c.owner_id)
        .join(usage, usage.c.run_id == run.c.id)
        .where(run.c.status == "running")
        .order_by(run.c.started_at, run.c.id)
    )
    return [Live(*row) for row in rows]


async def by_person_and_model(tx: AsyncConnection, since: datetime) -> list[Used]:
    """What everybody had of each model since a moment, the dearest first; for admins."""
    tokens, micros = func.sum(usage.c.input_tokens + usage.c.output_tokens), func.sum(usage.c.micros)
    rows = await tx.execute(
        select(user.c.name, usage.c.gateway, usage.c.model, func.count(), tokens, micros)
        .join(user, user.c.id == usage.c.owner_id)
        .where(usage.c.created_at >= since)
        .group_by(user.c.name, usage.c.gateway, usage.c.model)
        .order_by(micros.desc(), tokens.desc(), user.c.name)
    )
    return [Used(row[0], row[1], row[2], row[3], int(row[4]), int(row[5])) for row in rows]


async def allowance_of(tx: AsyncConnection, owner: str) -> Allowance | None:
    """What a person may use, where it isn't what everybody may."""
    row = (await tx.execute(_ITS_OWN, {"owner": owner})).one_or_none()
    return Allowance(*row) if row else None


async def allowances(tx: AsyncConnection) -> dict[str, Allowance]:
    """The allowances of those who have their own, by person; for admins."""
    rows = await tx.execute(select(allowance.c.owner_id, *_ALLOWANCE))
    return {row[0]: Allowance(*row[1:]) for row in rows}


async def allow(tx: AsyncConnection, owner: str, own: Allowance | None) -> None:
    """Give a person an allowance of their own, or let them have what everybody has."""
    await tx.execute(delete(allowance).where(allowance.c.owner_id == owner))
    if own is not None:
        await tx.execute(allowance.insert().values(asdict(own) | {"owner_id": owner}))
