"""Whether a shop sells: pausing, reopening and closing it, by whom and why."""

from uuid import UUID

from msgspec.structs import replace

from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.members import text
from serai.members.audit import record_action
from serai.members.model import Code
from serai.members.roles import operator_needed
from serai.members.shop_model import Shop, ShopChange, ShopState
from serai.members.shops import shop_unknown


async def set_shop_state(
    tx: Tx, shop_id: UUID, state: ShopState, *, by: UUID | None, reason: str
) -> Shop | Refused:
    """Pause, reopen or close a shop: its owner may, and an operator or the command line.

    Closed is for good. What an operator paused, an owner does not reopen. An owner
    who asks for the state that is there already changes nothing.
    """
    why = text.reason(reason)
    if isinstance(why, Refused):
        return why
    found = await lock(tx, Shop, [shop_id])
    if not found:
        return shop_unknown(shop_id)
    shop = found[0]
    by_operator = await operator_needed(tx, shop.market_id, by) is None
    if not by_operator and shop.owner_id != by:
        return Refused(Code.NOT_YOURS, {"shop_id": str(shop_id)})
    if shop.state is ShopState.CLOSED:
        return Refused(Code.SHOP_CLOSED, {"shop_id": str(shop_id)})
    if shop.state is state and not by_operator:
        return shop
    if not by_operator and (refused := await _kept_paused(tx, shop, state)):
        return refused
    return await _change(tx, shop, state, by, by_operator=by_operator, reason=why)


async def pause_shops_of(tx: Tx, owner_id: UUID, *, by: UUID | None, reason: str) -> list[Shop]:
    """Pause all shops of a member by an operator's word, so that only an operator reopens them."""
    theirs = "select id from members_shop where owner_id = $1 and state <> 'closed'"
    return [
        await _change(tx, shop, ShopState.PAUSED, by, by_operator=True, reason=reason)
        for shop in await lock(tx, Shop, await tx.values(theirs, owner_id))
        if shop.state is not ShopState.CLOSED
    ]


async def _change(
    tx: Tx, shop: Shop, state: ShopState, by: UUID | None, *, by_operator: bool, reason: str
) -> Shop:
    now = tx.clock.now()
    change = ShopChange(
        id=ids.new(now),
        market_id=shop.market_id,
        shop_id=shop.id,
        before=shop.state,
        after=state,
        by_id=by,
        by_operator=by_operator,
        reason=reason,
        at=now,
    )
    await tx.insert([change])
    await tx.execute("update members_shop set state = $2 where id = $1", shop.id, state)
    if by_operator:
        await record_action(
            tx,
            market_id=shop.market_id,
            actor_id=by,
            action=f"shop.{_PAST[state]}",
            subject=shop.id,
            reason=reason,
        )
    return replace(shop, state=state)


_PAST = {ShopState.OPEN: "reopened", ShopState.PAUSED: "paused", ShopState.CLOSED: "closed"}


async def _kept_paused(tx: Tx, shop: Shop, state: ShopState) -> Refused | None:
    if shop.state is not ShopState.PAUSED or state is not ShopState.OPEN:
        return None
    last = (await shop_changes(tx, shop.id))[-1]
    if not last.by_operator:
        return None
    facts = {"shop_id": str(shop.id), "reason": last.reason}
    return Refused(Code.PAUSED_BY_OPERATOR, facts)


async def shop_changes(tx: Tx, shop_id: UUID) -> list[ShopChange]:
    """List how a shop's state changed, in order."""
    return await tx.fetch(
        ShopChange,
        "select id, market_id, shop_id, before, after, by_id, by_operator, reason, at"
        " from members_shop_change where shop_id = $1 order by id",
        shop_id,
    )
