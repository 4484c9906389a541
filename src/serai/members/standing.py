"""Keeping a member out of a market, and letting one in again."""

from uuid import UUID

from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import text
from serai.members.accounts import member, member_unknown
from serai.members.api_tokens import revoke_tokens
from serai.members.audit import record_action
from serai.members.model import Deactivation, Member
from serai.members.roles import last_operator, operator_needed
from serai.members.sessions import end_other_sessions
from serai.members.shop_state import pause_shops_of


async def deactivate(
    tx: Tx, member_id: UUID, *, by: UUID | None, reason: str
) -> Deactivation | Refused:
    """Keep a member out: sign-in is refused, sessions and API tokens end, shops pause.

    What was agreed stands: orders and money go on. `by` is an operator, or None on the
    command line; a market keeps at least one operator.
    """
    found = await _changeable(tx, member_id, by, reason)
    if isinstance(found, Refused):
        return found
    if refused := await last_operator(tx, found):
        return refused
    if there := await deactivation_of(tx, member_id):
        return there
    why = text.accepted(text.reason(reason))
    kept_out = Deactivation(member_id, found.market_id, by, why, tx.clock.now())
    await tx.ensure([kept_out])
    await end_other_sessions(tx, member_id)
    await revoke_tokens(tx, member_id)
    await pause_shops_of(tx, member_id, by=by, reason=why)
    await _record(tx, found, "member.deactivated", by, why)
    return kept_out


async def reactivate(tx: Tx, member_id: UUID, *, by: UUID | None, reason: str) -> Member | Refused:
    """Let a member in again. Shops stay paused until an operator reopens each."""
    found = await _changeable(tx, member_id, by, reason)
    if isinstance(found, Refused):
        return found
    gone = await tx.execute("delete from members_deactivation where member_id = $1", member_id)
    if gone:
        why = text.accepted(text.reason(reason))
        await _record(tx, found, "member.reactivated", by, why)
    return found


async def deactivation_of(tx: Tx, member_id: UUID) -> Deactivation | None:
    """Tell whether a member is kept out, and why."""
    return await tx.first(
        Deactivation,
        "select member_id, market_id, by_id, reason, at from members_deactivation"
        " where member_id = $1",
        member_id,
    )


async def _changeable(tx: Tx, member_id: UUID, by: UUID | None, reason: str) -> Member | Refused:
    why = text.reason(reason)
    if isinstance(why, Refused):
        return why
    found = await member(tx, member_id)
    if found is None:
        return member_unknown(member_id)
    return await operator_needed(tx, found.market_id, by) or found


async def _record(tx: Tx, found: Member, action: str, by: UUID | None, reason: str) -> None:
    await record_action(
        tx,
        market_id=found.market_id,
        actor_id=by,
        action=action,
        subject=found.id,
        reason=reason,
    )
