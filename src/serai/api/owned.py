"""Shops whose owner asks: for what only the owner of a shop may see or do."""

from uuid import UUID

from serai import members
from serai.api.says import decline
from serai.kernel.tx import Tx
from serai.members import Caller, Shop


async def shop(tx: Tx, caller: Caller, shop_id: UUID) -> Shop:
    """Find a shop of the caller's own.

    That a shop is there is no secret, so another's is refused as `not_yours`;
    one of another market is not there.
    """
    found = (await members.shops(tx, [shop_id])).get(shop_id)
    if found is None or found.market_id != caller.market_id:
        raise decline("shop_unknown", shop_id=str(shop_id))
    if found.owner_id != caller.member_id:
        raise decline("not_yours", shop_id=str(shop_id))
    return found
