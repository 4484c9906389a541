"""Markets at the machine's door: their terms, and what their operators do."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType, structs

from serai import members
from serai.api.asked import Part, TheCaller, TheHouse, TheMarket
from serai.api.bodies import Body
from serai.api.callers import public, requires
from serai.api.pages import Page, paged
from serai.api.says import Says, accepted, decline
from serai.kernel import webhooks
from serai.kernel.tx import Tx
from serai.members import (
    Action,
    BrandGrant,
    Caller,
    Deactivation,
    Market,
    MemberEntry,
    Role,
    RoleGrant,
    Scope,
    TermsChange,
)

Reason = Annotated[str, Meta(min_length=1, max_length=500, description="Why; it is kept.")]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]

_OPERATE = requires(Scope.MARKET_OPERATE, role=Role.OPERATOR)


class EditTerms(Body):
    """The terms to change, and why; what is not sent stays. Orders placed before keep theirs."""

    reason: Reason
    unpaid_minutes: Count | UnsetType = UNSET
    ship_hours: Count | UnsetType = UNSET
    confirm_days: Count | UnsetType = UNSET
    confirm_unscanned_days: Count | UnsetType = UNSET
    confirm_digital_days: Count | UnsetType = UNSET
    extension_days: Count | UnsetType = UNSET
    commission_bp: Count | UnsetType = UNSET


class Why(Body):
    """Why an operator does it; kept where all operators see it."""

    reason: Reason


class GrantBrand(Body):
    """A brand that a member may speak for, and why."""

    brand: Annotated[str, Meta(min_length=1, max_length=200)]
    reason: Reason


@get("/markets", tags=["markets"], opt=public())
async def list_markets(house: TheHouse) -> list[Market]:
    """List the markets that are kept here, the oldest first."""
    return await house.ask(members.markets)


@get("/market", tags=["markets"], opt=public())
async def show_market(market: TheMarket) -> Market:
    """Show the market that you are in, with its terms."""
    return market


@patch("/market/terms", tags=["markets"], opt=_OPERATE)
async def edit_terms(house: TheHouse, caller: TheCaller, data: JSONBody[EditTerms]) -> Market:
    """Change the market's terms for what is agreed from now on."""
    wanted = structs.asdict(data)
    reason = wanted.pop("reason")
    wanted = {name: value for name, value in wanted.items() if value is not UNSET}

    async def edit(tx: Tx) -> Market:
        market = await members.market(tx, caller.market_id)
        assert market is not None, "a caller's market exists"
        terms = structs.replace(market.terms, **wanted)
        return accepted(
            await members.set_terms(tx, market.id, terms, by=caller.member_id, reason=reason)
        )

    return await house.ask(edit)


@get("/market/terms-changes", tags=["markets"], opt=public())
async def list_terms_changes(house: TheHouse, market: TheMarket) -> list[TermsChange]:
    """List how the market's terms changed, the newest first."""
    return await house.ask(members.terms_changes, market.id)


@get("/members", tags=["operators"], opt=_OPERATE)
async def list_members(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    part: Part,
    q: Annotated[str | None, QueryParameter(min_length=1, max_length=100)] = None,
) -> Response[Page[MemberEntry]]:
    """List the members, the newest first; `q` looks into names, addresses and numbers."""
    rows = await house.ask(
        members.members_page,
        caller.market_id,
        before=part.after(UUID),
        containing=q,
        limit=part.fetch,
    )
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


async def _here(tx: Tx, caller: Caller, member_id: UUID) -> None:
    """Refuse a member of another market as one who does not exist."""
    found = await members.member(tx, member_id)
    if found is None or found.market_id != caller.market_id:
        raise decline("member_unknown", member_id=str(member_id))


@put("/members/{member_id:uuid}/roles/{role:str}", tags=["operators"], opt=_OPERATE)
async def grant_role(
    house: TheHouse,
    caller: TheCaller,
    member_id: FromPath[UUID],
    role: FromPath[Role],
    data: JSONBody[Why],
) -> RoleGrant:
    """Make a member a courier or an operator."""

    async def grant(tx: Tx) -> RoleGrant:
        await _here(tx, caller, member_id)
        return accepted(
            await members.grant_role(tx, member_id, role, by=caller.member_id, reason=data.reason)
        )

    return await house.ask(grant)


@delete("/members/{member_id:uuid}/roles/{role:str}", tags=["operators"], opt=_OPERATE)
async def revoke_role(
    house: TheHouse,
    caller: TheCaller,
    member_id: FromPath[UUID],
    role: FromPath[Role],
    reason: Annotated[str, QueryParameter(min_length=1, max_length=500)],
) -> None:
    """Take the role of courier or operator away; a market keeps at least one operator."""

    async def revoke(tx: Tx) -> None:
        await _here(tx, caller, member_id)
        accepted(await members.revoke_role(tx, member_id, role, by=caller.member_id, reason=reason))
        if role is Role.OPERATOR:
            await webhooks.narrow(tx, member_id)

    await house.ask(revoke)


@put("/members/{member_id:uuid}/deactivation", tags=["operators"], opt=_OPERATE)
async def deactivate(
    house: TheHouse, caller: TheCaller, member_id: FromPath[UUID], data: JSONBody[Why]
) -> Deactivation:
    """Keep a member out: sessions and tokens end, shops pause; what was agreed stands."""

    async def keep_out(tx: Tx) -> Deactivation:
        await _here(tx, caller, member_id)
        out = accepted(
            await members.deactivate(tx, member_id, by=caller.member_id, reason=data.reason)
        )
        await webhooks.narrow(tx, member_id)
        return out

    return await house.ask(keep_out)


@delete("/members/{member_id:uuid}/deactivation", tags=["operators"], opt=_OPERATE)
async def reactivate(
    house: TheHouse,
    caller: TheCaller,
    member_id: FromPath[UUID],
    reason: Annotated[str, QueryParameter(min_length=1, max_length=500)],
) -> None:
    """Let a member in again; shops stay paused until an operator reopens each."""

    async def let_in(tx: Tx) -> None:
        await _here(tx, caller, member_id)
        accepted(await members.reactivate(tx, member_id, by=caller.member_id, reason=reason))

    await house.ask(let_in)


@post("/members/{member_id:uuid}/brands", tags=["operators"], opt=_OPERATE)
async def grant_brand(
    house: TheHouse, caller: TheCaller, member_id: FromPath[UUID], data: JSONBody[GrantBrand]
) -> BrandGrant:
    """Say that a member may speak for a brand, once you have verified it."""

    async def grant(tx: Tx) -> BrandGrant:
        await _here(tx, caller, member_id)
        return accepted(
            await members.grant_brand(
                tx, member_id, data.brand, by=caller.member_id, reason=data.reason
            )
        )

    return await house.ask(grant)


@get("/actions", tags=["operators"], opt=_OPERATE)
async def list_actions(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    part: Part,
    subject: Annotated[UUID | None, QueryParameter()] = None,
) -> Response[Page[Action]]:
    """List what operators did, the newest first; of one subject or of all."""
    rows = await house.ask(
        members.actions_page,
        caller.market_id,
        before=part.after(UUID),
        subject=subject,
        limit=part.fetch,
    )
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


ROUTES = [
    list_markets,
    show_market,
    edit_terms,
    list_terms_changes,
    list_members,
    grant_role,
    revoke_role,
    deactivate,
    reactivate,
    grant_brand,
    list_actions,
]
REFUSALS: dict[str, Says] = {}
"""None of its own: what `serai.members` refuses is told in `serai.api.members`."""
