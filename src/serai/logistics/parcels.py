"""Parcels and their scans, looked up."""

from collections.abc import Sequence
from uuid import UUID

from serai.kernel.tx import Tx, columns
from serai.logistics.model import Observation, Parcel

_PARCELS = f"select {columns(Parcel)} from logistics_parcel"  # noqa: S608  a class's own names
_SCANS = f"select {columns(Observation)} from logistics_scan"  # noqa: S608  the same


async def parcels(tx: Tx, parcel_ids: Sequence[UUID]) -> dict[UUID, Parcel]:
    """Look parcels up; an id that is none's is not among them."""
    found = await tx.fetch(Parcel, f"{_PARCELS} where id = any($1)", list(parcel_ids))
    return {parcel.id: parcel for parcel in found}


async def parcel(tx: Tx, parcel_id: UUID) -> Parcel | None:
    """Look one parcel up."""
    return await tx.first(Parcel, f"{_PARCELS} where id = $1", parcel_id)


async def by_number(tx: Tx, number: str) -> Parcel | None:
    """Look a parcel up by the number on its label (SSCC)."""
    return await tx.first(Parcel, f"{_PARCELS} where number = $1", number)


async def parcels_of(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, list[Parcel]]:
    """List the parcels of each order, first booked first; an order without any has none."""
    found: dict[UUID, list[Parcel]] = {order_id: [] for order_id in order_ids}
    sql = f"{_PARCELS} where order_id = any($1) order by booked_at, id"
    for one in await tx.fetch(Parcel, sql, list(order_ids)):
        found[one.order_id].append(one)
    return found


async def scans_of(tx: Tx, parcel_ids: Sequence[UUID]) -> dict[UUID, list[Observation]]:
    """List every scan of each parcel as it happened, those that were declared wrong too."""
    found: dict[UUID, list[Observation]] = {parcel_id: [] for parcel_id in parcel_ids}
    sql = f"{_SCANS} where parcel_id = any($1) order by parcel_id, event_time, id"
    for scan in await tx.fetch(Observation, sql, list(parcel_ids)):
        found[scan.parcel_id].append(scan)
    return found


_OPEN = f"""
{_PARCELS}
where market_id = $1 and status not in ('delivered', 'returned', 'cancelled')
  and ($2::uuid is null or id > $2)
order by id limit $3
"""


async def open_parcels(
    tx: Tx, market_id: UUID, cursor: UUID | None = None, limit: int = 50
) -> list[Parcel]:
    """List what is still to be carried, by id; `cursor` is the last one seen."""
    return await tx.fetch(Parcel, _OPEN, market_id, cursor, limit)
