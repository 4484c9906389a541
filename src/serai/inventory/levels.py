"""Levels: what lies where, what is left of it, and how it came to that."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from serai.inventory.model import Level, Movement, Reservation
from serai.kernel.tx import Tx, columns

_LEVELS = """
select variant_id, location_id, on_hand, reserved, on_hand - reserved as available
from inventory_stock where variant_id = any($1) order by variant_id, location_id
"""


async def levels(tx: Tx, variant_ids: Sequence[UUID]) -> dict[UUID, list[Level]]:
    """List what each location has of the variants; a variant never stocked has an empty list."""
    found: dict[UUID, list[Level]] = {variant_id: [] for variant_id in variant_ids}
    for level in await tx.fetch(Level, _LEVELS, list(variant_ids)):
        found[level.variant_id].append(level)
    return found


async def available(tx: Tx, variant_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Tell how many of each variant one order could have now.

    A line is taken from one location, so this is what the fullest one has left.
    """
    found = await levels(tx, variant_ids)
    return {
        variant_id: max((level.available for level in at), default=0)
        for variant_id, at in found.items()
    }


_LOW = """
select s.variant_id, s.location_id, s.on_hand, s.reserved, s.on_hand - s.reserved as available
from inventory_stock as s join inventory_location as l on l.id = s.location_id
where l.shop_id = $1 and s.on_hand - s.reserved <= $2
order by available, s.variant_id, s.location_id limit $3
"""


async def low(tx: Tx, shop_id: UUID, threshold: int, limit: int = 100) -> list[Level]:
    """List where a shop has `threshold` or fewer left, the emptiest first."""
    return await tx.fetch(Level, _LOW, shop_id, threshold, limit)


_OF_SHOP = """
select s.variant_id, s.location_id, s.on_hand, s.reserved, s.on_hand - s.reserved as available
from inventory_stock as s join inventory_location as l on l.id = s.location_id
where l.shop_id = $1 and ($2::bigint is null or s.on_hand - s.reserved <= $2)
  and ($3::uuid is null or (s.variant_id, s.location_id) > ($3, $4))
order by s.variant_id, s.location_id limit $5
"""


async def levels_of_shop(
    tx: Tx,
    shop_id: UUID,
    *,
    at_most: int | None = None,
    after: tuple[UUID, UUID] | None = None,
    limit: int = 50,
) -> list[Level]:
    """List what a shop's locations have, by variant; only where `at_most` so many are left.

    `after` is the `(variant_id, location_id)` of the last level of the page before.
    """
    variant_id, location_id = after or (None, None)
    return await tx.fetch(Level, _OF_SHOP, shop_id, at_most, variant_id, location_id, limit)


_MOVEMENTS = f"""
select {columns(Movement)} from inventory_movement
where variant_id = $1 and (
    $2::uuid is null
    or (at, id) < (select at, id from inventory_movement where id = $2 and variant_id = $1))
order by at desc, id desc limit $3
"""  # noqa: S608  the columns are a class's own


async def movements(
    tx: Tx, variant_id: UUID, cursor: UUID | None = None, limit: int = 50
) -> list[Movement]:
    """List a variant's movements, the newest first; `cursor` is the last one seen."""
    return await tx.fetch(Movement, _MOVEMENTS, variant_id, cursor, limit)


_LIVE = """
select r.reference_id as order_id, r.variant_id, r.location_id, r.quantity, r.at
from inventory_movement as r
where r.kind = 'reserve' and not exists (
    select from inventory_movement as e
    where e.reference_id = r.reference_id and e.variant_id = r.variant_id
      and e.location_id = r.location_id and e.kind in ('claim', 'release', 'expire'))
order by r.reference_id, r.variant_id
"""


def live_reservations(tx: Tx) -> AsyncIterator[Reservation]:
    """Stream what orders hold at this moment, by order; for audits."""
    return tx.each(Reservation, _LIVE)
