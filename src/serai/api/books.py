"""The market's books at the machine's door, for who runs it: suspense, accounts, audit, journal."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import Meta, Struct

from serai import ledger, payments, trade
from serai.api.asked import CommandId, Part, TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import Needs, requires
from serai.api.house import House
from serai.api.pages import Page, paged
from serai.api.says import Says, accepted
from serai.members import Role, Scope
from serai.payments import Assignment, InSuspense, Resolved
from serai.trade import Promise

_OPERATE = requires(Scope.MARKET_OPERATE, role=Role.OPERATOR)
_AUDIT_COST = 20
_AUDIT = requires(Scope.MARKET_OPERATE, role=Role.OPERATOR, cost=_AUDIT_COST)
_EXPORT = Needs(scope=Scope.MARKET_OPERATE, role=Role.OPERATOR, json=False, cost=_AUDIT_COST)


class Resolution(Body):
    """Whose the money is, and how that was found out."""

    assignment: Assignment
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="It is kept.")]


class HouseAccount(Struct, frozen=True):
    """One of the market's own accounts, in minor units and its normal direction."""

    id: UUID
    kind: ledger.Kind
    label: str
    currency: str
    balance: int
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int
    opened_at: datetime


class Audit(Struct, frozen=True):
    """Whether every promise of the market holds, and what was found promise by promise."""

    holds: bool
    promises: list[Promise]


@get("/suspense", tags=["books"], opt=_OPERATE)
async def list_suspense(
    request: Request[Any, Any, Any], house: TheHouse, caller: TheCaller, part: Part
) -> Response[Page[InSuspense]]:
    """List what bank lines have in suspense, the oldest first."""
    rows = await house.ask(
        payments.suspense,
        caller.market_id,
        after=part.after(tuple[datetime, UUID]),
        limit=part.fetch,
    )
    return paged(
        request, rows, part, key=lambda row: (row.booked_at, row.line_id), show=lambda row: row
    )


@post("/suspense/{line_id:uuid}/resolution", tags=["books"], opt=_OPERATE)
async def resolve_suspense(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    line_id: FromPath[UUID],
    data: JSONBody[Resolution],
) -> Resolved:
    """Assign what a bank line has in suspense; once."""
    command = payments.Resolve(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        line_id=line_id,
        to=data.assignment,
        reason=data.reason,
    )
    return accepted(await house.submit(payments.resolve_lines, command))


@get("/accounts", tags=["books"], opt=_OPERATE)
async def list_accounts(house: TheHouse, caller: TheCaller) -> list[HouseAccount]:
    """List the market's own accounts, by kind and currency."""
    return [_shown(one) for one in await house.ask(ledger.house_accounts, caller.market_id)]


def _shown(account: ledger.Account) -> HouseAccount:
    return HouseAccount(*(getattr(account, name) for name in HouseAccount.__struct_fields__))


@get(
    "/audit",
    tags=["books"],
    opt=requires(Scope.MARKET_OPERATE, role=Role.OPERATOR, cost=_AUDIT_COST),
)
async def audit(house: TheHouse) -> Audit:
    """Check every promise against every row, all at the same moment."""
    async with house.database.snapshot() as tx:
        promises = await trade.audit(tx, house.reactions)
    return Audit(all(promise.holds for promise in promises), promises)


@get(
    "/journal.beancount",
    tags=["books"],
    opt={"needs": _EXPORT},
    media_type="text/plain; charset=utf-8",
)
async def export_journal(house: TheHouse, caller: TheCaller) -> Stream:
    """Give the market's whole journal as Beancount text, for a program not ours to check."""
    headers = {"Content-Disposition": 'attachment; filename="journal.beancount"'}
    return Stream(_journal(house, caller.market_id), headers=headers)


async def _journal(house: House, market_id: UUID) -> AsyncIterator[str]:
    async with house.database.snapshot() as tx:
        async for piece in ledger.beancount(tx, market_id):
            yield piece


ROUTES = [list_suspense, resolve_suspense, list_accounts, audit, export_journal]
REFUSALS: dict[str, Says] = {}
"""None of its own: what the halls refuse is told with `serai.api.wallets`."""
