"""Inventory's part of the promises: shelves that can be recounted from their movements."""

from uuid import UUID

from msgspec import Struct

from serai.inventory.model import end_id
from serai.kernel.proof import Breach, Proof
from serai.kernel.tx import Tx


async def audit(tx: Tx) -> list[Proof]:
    """Check what inventory can know of promise 6: stock is counted, bounded and held by orders."""
    return [await recounted(tx), await bounded(tx), await held(tx), await ended_once(tx)]


class _Shelf(Struct, frozen=True):
    variant_id: UUID
    location_id: UUID
    is_reserved: int
    is_on_hand: int
    should_reserve: int
    should_have: int

    def row(self) -> str:
        return f"inventory_stock {self.variant_id} at {self.location_id}"


_RECOUNT = """
with moved as (
    select variant_id, location_id, sum(on_hand_delta)::bigint as on_hand,
        sum(reserved_delta)::bigint as reserved
    from inventory_movement group by variant_id, location_id
)
select coalesce(s.variant_id, m.variant_id) as variant_id,
    coalesce(s.location_id, m.location_id) as location_id,
    coalesce(s.reserved, 0) as is_reserved, coalesce(s.on_hand, 0) as is_on_hand,
    coalesce(m.reserved, 0) as should_reserve, coalesce(m.on_hand, 0) as should_have
from inventory_stock as s full join moved as m
    on m.variant_id = s.variant_id and m.location_id = s.location_id
where (coalesce(s.on_hand, 0), coalesce(s.reserved, 0))
    is distinct from (coalesce(m.on_hand, 0), coalesce(m.reserved, 0))
order by 1, 2
"""


async def recounted(tx: Tx) -> Proof:
    """Check that every shelf's counters are the sum of its movements."""
    wrong = await tx.fetch(_Shelf, _RECOUNT)
    breaches = tuple(
        Breach(
            f"on hand {shelf.is_on_hand}, moved {shelf.should_have}; "
            f"reserved {shelf.is_reserved}, moved {shelf.should_reserve}",
            (shelf.row(),),
        )
        for shelf in wrong
    )
    return Proof("stock equals the sum of its movements", await _shelves(tx), breaches)


_OUT_OF_BOUNDS = """
select variant_id, location_id, reserved as is_reserved, on_hand as is_on_hand,
    0::bigint as should_reserve, 0::bigint as should_have
from inventory_stock where not (0 <= reserved and reserved <= on_hand) order by 1, 2
"""


async def bounded(tx: Tx) -> Proof:
    """Check that no shelf promises more than lies on it."""
    wrong = await tx.fetch(_Shelf, _OUT_OF_BOUNDS)
    breaches = tuple(
        Breach(f"reserved {shelf.is_reserved} of {shelf.is_on_hand} on hand", (shelf.row(),))
        for shelf in wrong
    )
    return Proof("0 ≤ reserved ≤ on hand", await _shelves(tx), breaches)


_HELD = """
with live as (
    select r.variant_id, r.location_id, sum(r.quantity)::bigint as quantity
    from inventory_movement as r
    where r.kind = 'reserve' and not exists (
        select from inventory_movement as e
        where e.reference_id = r.reference_id and e.variant_id = r.variant_id
          and e.location_id = r.location_id and e.kind in ('claim', 'release', 'expire'))
    group by r.variant_id, r.location_id
)
select coalesce(s.variant_id, live.variant_id) as variant_id,
    coalesce(s.location_id, live.location_id) as location_id,
    coalesce(s.reserved, 0) as is_reserved, coalesce(s.on_hand, 0) as is_on_hand,
    coalesce(live.quantity, 0) as should_reserve, coalesce(s.on_hand, 0) as should_have
from inventory_stock as s full join live
    on live.variant_id = s.variant_id and live.location_id = s.location_id
where coalesce(s.reserved, 0) <> coalesce(live.quantity, 0)
order by 1, 2
"""


async def held(tx: Tx) -> Proof:
    """Check that what every shelf has reserved is what live reservations add up to."""
    wrong = await tx.fetch(_Shelf, _HELD)
    breaches = tuple(
        Breach(
            f"reserved {shelf.is_reserved}, live reservations {shelf.should_reserve}",
            (shelf.row(),),
        )
        for shelf in wrong
    )
    return Proof("reserved stock equals live reservations", await _shelves(tx), breaches)


class _End(Struct, frozen=True):
    id: UUID
    reservation_id: UUID | None
    same: bool


_ENDS = """
select e.id, r.id as reservation_id, coalesce(e.quantity = r.quantity, false) as same
from inventory_movement as e
left join inventory_movement as r
    on r.reference_id = e.reference_id and r.variant_id = e.variant_id
   and r.location_id = e.location_id and r.kind = 'reserve'
where e.kind in ('claim', 'release', 'expire')
"""


async def ended_once(tx: Tx) -> Proof:
    """Check that every end is the one end of a reservation, and of all of it."""
    count = 0
    breaches = []
    async for end in tx.each(_End, _ENDS):
        count += 1
        row = f"inventory_movement {end.id}"
        if end.reservation_id is None:
            breaches.append(Breach("ends a reservation that never was", (row,)))
        elif end.id != end_id(end.reservation_id):
            breaches.append(Breach("a second end of a reservation", (row,)))
        elif not end.same:
            breaches.append(Breach("ends a reservation in part", (row,)))
    return Proof("a reservation ends once", count, tuple(breaches))


async def _shelves(tx: Tx) -> int:
    return int(await tx.value("select count(*) from inventory_stock"))
