"""Brands: who may open a shop in a brand's name, because an operator has verified it."""

from uuid import UUID

from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import text
from serai.members.accounts import NAME_MAX, member, member_unknown
from serai.members.audit import record_action
from serai.members.model import Code
from serai.members.roles import operator_needed
from serai.members.shop_model import BrandGrant

_INSERT = """
insert into members_brand (id, market_id, member_id, brand, granted_by, reason, granted_at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
"""


async def grant_brand(
    tx: Tx, member_id: UUID, brand: str, *, by: UUID | None, reason: str
) -> BrandGrant | Refused:
    """Say that a member may speak for a brand; `by` is an operator, or None on the command line.

    What was granted before is answered as it stands.
    """
    named, why = text.line("brand", brand, longest=NAME_MAX), text.reason(reason)
    if refused := text.first_refusal(named, why):
        return refused
    found = await member(tx, member_id)
    if found is None:
        return member_unknown(member_id)
    if refused := await operator_needed(tx, found.market_id, by):
        return refused
    now = tx.clock.now()
    grant = BrandGrant(
        ids.new(now),
        found.market_id,
        member_id,
        text.accepted(named),
        by,
        text.accepted(why),
        now,
    )
    fields = [getattr(grant, name) for name in BrandGrant.__struct_fields__]
    if not await tx.execute(_INSERT, *fields):
        return await _held(tx, member_id, grant.brand) or grant
    await record_action(
        tx,
        market_id=found.market_id,
        actor_id=by,
        action="brand.granted",
        subject=member_id,
        reason=grant.reason,
    )
    return grant


async def brand_needed(tx: Tx, member_id: UUID, brand: str) -> Refused | None:
    """Refuse whoever was not granted that brand."""
    if await _held(tx, member_id, brand):
        return None
    return Refused(Code.BRAND_NOT_GRANTED, {"field": "kind", "brand": brand})


async def _held(tx: Tx, member_id: UUID, brand: str) -> BrandGrant | None:
    return await tx.first(
        BrandGrant,
        "select id, market_id, member_id, brand, granted_by, reason, granted_at"
        " from members_brand where member_id = $1 and lower(brand) = lower($2)",
        member_id,
        brand,
    )
