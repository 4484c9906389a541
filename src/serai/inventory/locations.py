"""Locations: where a shop keeps its goods."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from serai.inventory.model import Location
from serai.kernel import ids
from serai.kernel.tx import Tx, columns

FIRST_NAME = "Stock room"
"""What a shop's first location is called where nobody gave it a name."""


def first_location_id(shop_id: UUID) -> UUID:
    """Name the location that a shop has before it thinks about locations."""
    return ids.derive(shop_id, "location")


async def ensure_location(
    tx: Tx, market_id: UUID, shop_id: UUID, name: str = FIRST_NAME, place_id: int | None = None
) -> Location:
    """Give the shop's first location, made if it is not there yet; never two."""
    wanted = Location(first_location_id(shop_id), market_id, shop_id, name, place_id)
    await tx.ensure([wanted])
    return (await locations(tx, [wanted.id]))[wanted.id]


async def add_location(
    tx: Tx, market_id: UUID, shop_id: UUID, name: str, place_id: int | None = None
) -> Location:
    """Open another location of the shop."""
    location = Location(ids.new(tx.clock.now()), market_id, shop_id, name, place_id)
    await tx.insert([location])
    return location


_BY_ID = f"select {columns(Location)} from inventory_location where id = any($1)"  # noqa: S608

_OF_SHOP = f"""
select {columns(Location)} from inventory_location where shop_id = $1 order by id
"""  # noqa: S608  the columns are a class's own


async def locations(tx: Tx, location_ids: Sequence[UUID]) -> Mapping[UUID, Location]:
    """Look locations up; an id that is none's is not among them."""
    found = await tx.fetch(Location, _BY_ID, list(location_ids))
    return {location.id: location for location in found}


async def locations_of(tx: Tx, shop_id: UUID) -> list[Location]:
    """List where a shop keeps its goods."""
    return await tx.fetch(Location, _OF_SHOP, shop_id)
