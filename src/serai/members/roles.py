"""Roles: what a member may be, since when, and by whose word."""

from uuid import UUID

from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.members import text
from serai.members.audit import record_action
from serai.members.model import Code, Market, Member, Role, RoleGrant

_GRANTED = frozenset({Role.COURIER, Role.OPERATOR})
"""The roles that an operator gives and takes; the others come by themselves."""

_MEMBER = "select id, market_id, name, email, phone, locale, joined_at from members_member"


async def roles_of(tx: Tx, member_id: UUID) -> frozenset[Role]:
    """Tell what a member is."""
    found = await tx.values("select role from members_role where member_id = $1", member_id)
    return frozenset(Role(role) for role in found)


async def grant_role(
    tx: Tx, member_id: UUID, role: Role, *, by: UUID | None, reason: str
) -> RoleGrant | Refused:
    """Make a member a courier or an operator; only an operator, or the command line, may.

    A role that the member has already is answered as it stands.
    """
    member = await _changeable(tx, member_id, role, by, reason)
    if isinstance(member, Refused):
        return member
    if held := await _held(tx, member_id, role):
        return held
    granted = await become(tx, member, role, by=by)
    await record_action(
        tx,
        market_id=member.market_id,
        actor_id=by,
        action=f"{role}.granted",
        subject=member_id,
        reason=text.accepted(text.reason(reason)),
    )
    return granted


async def revoke_role(
    tx: Tx, member_id: UUID, role: Role, *, by: UUID | None, reason: str
) -> Member | Refused:
    """Take the role of courier or operator away; a market keeps at least one operator."""
    member = await _changeable(tx, member_id, role, by, reason)
    if isinstance(member, Refused):
        return member
    if role is Role.OPERATOR and (refused := await last_operator(tx, member)):
        return refused
    gone = await tx.execute(
        "delete from members_role where member_id = $1 and role = $2", member_id, role
    )
    if gone:
        await record_action(
            tx,
            market_id=member.market_id,
            actor_id=by,
            action=f"{role}.revoked",
            subject=member_id,
            reason=text.accepted(text.reason(reason)),
        )
    return member


async def become(tx: Tx, member: Member, role: Role, *, by: UUID | None = None) -> RoleGrant:
    """Give a member a role by itself, or by an operator's word that was checked."""
    granted = RoleGrant(member.id, role, member.market_id, by, tx.clock.now())
    await tx.ensure([granted])
    return granted


_IS_OPERATOR = """
select exists (
    select from members_role as r
    where r.member_id = $1 and r.role = 'operator' and r.market_id = $2
      and not exists (select from members_deactivation as d where d.member_id = r.member_id))
"""


async def is_operator(tx: Tx, market_id: UUID, member_id: UUID) -> bool:
    """Tell whether a member runs this market, and is not kept out of it."""
    return bool(await tx.value(_IS_OPERATOR, member_id, market_id))


_HAS_OPERATOR = """
select exists (select from members_role where market_id = $1 and role = 'operator')
"""


async def has_operator(tx: Tx, market_id: UUID) -> bool:
    """Tell whether a market was ever given anybody to run it."""
    return bool(await tx.value(_HAS_OPERATOR, market_id))


async def operator_needed(tx: Tx, market_id: UUID, by: UUID | None) -> Refused | None:
    """Refuse whoever does not run this market; None is the command line, which may."""
    if by is None or await is_operator(tx, market_id, by):
        return None
    return Refused(Code.OPERATOR_ONLY, {"needs": str(Role.OPERATOR)})


_OTHER_OPERATORS = """
select exists (
    select from members_role as r
    where r.market_id = $1 and r.role = 'operator' and r.member_id <> $2
      and not exists (select from members_deactivation as d where d.member_id = r.member_id))
"""


async def last_operator(tx: Tx, member: Member) -> Refused | None:
    """Refuse to lose the only one who runs the market.

    The market's row stays locked, so two operators cannot remove each other.
    """
    await lock(tx, Market, [member.market_id])
    if not await is_operator(tx, member.market_id, member.id):
        return None
    if await tx.value(_OTHER_OPERATORS, member.market_id, member.id):
        return None
    return Refused(Code.LAST_OPERATOR, {"member_id": str(member.id)})


async def _changeable(
    tx: Tx, member_id: UUID, role: Role, by: UUID | None, reason: str
) -> Member | Refused:
    why = text.reason(reason)
    if isinstance(why, Refused):
        return why
    if role not in _GRANTED:
        return Refused(Code.ROLE_NOT_GRANTED, {"role": str(role)})
    member = await tx.first(Member, _MEMBER + " where id = $1", member_id)
    if member is None:
        return Refused(Code.MEMBER_UNKNOWN, {"member_id": str(member_id)})
    return await operator_needed(tx, member.market_id, by) or member


async def _held(tx: Tx, member_id: UUID, role: Role) -> RoleGrant | None:
    return await tx.first(
        RoleGrant,
        "select member_id, role, market_id, granted_by, granted_at from members_role"
        " where member_id = $1 and role = $2",
        member_id,
        role,
    )
