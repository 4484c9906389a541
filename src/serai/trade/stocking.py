"""Stocking: a product of a file, put into a shop's window and onto its shelf.

The catalog knows what is shown and the inventory how many there are of it; a
product file tells both.
"""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from serai import catalog, inventory, members
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx

REASON = "product file"


class Short(Struct, frozen=True):
    """A variant whose shelf is not what the file says, and why."""

    variant_id: UUID
    wanted: int
    on_hand: int
    refused: Refused


class Stocked(Struct, frozen=True, tag="stocked", tag_field="outcome"):
    """What became of a product: its listing, and how many shelves were counted anew."""

    result: catalog.Result
    listing_id: UUID
    counted: int
    left: dict[str, str]
    """What the catalog left as it was, with the reason: `category`, `state`."""
    short: tuple[Short, ...]
    """Variants of which live orders hold more than the file wants on the shelf."""


async def stock_product(
    tx: Tx, shop: members.Shop, product: catalog.Product, actor_id: UUID, *, pictures_at: str = ""
) -> Stocked | Refused:
    """Make a shop's listing and stock what a product of a file says; twice changes nothing.

    What the file says is on the shelf is what all of the shop's locations have
    together; the fullest one is counted up or down to it, never below what live
    orders hold there. Refused as the catalog refuses, and nothing was written.
    """
    applied = await catalog.apply_product(tx, shop, product, actor_id, pictures_at=pictures_at)
    if isinstance(applied, Refused):
        return applied
    commands = await _counts(tx, shop, applied.stock, actor_id)
    outcomes = await inventory.adjust(tx, list(commands.values()))
    levels = await inventory.levels(tx, list(commands))
    short = [
        Short(variant_id, applied.stock[variant_id], _on_hand(levels[variant_id]), outcome)
        for variant_id, outcome in zip(commands, outcomes, strict=True)
        if isinstance(outcome, Refused)
    ]
    counted = len(commands) - len(short)
    return Stocked(applied.result, applied.listing.id, counted, applied.left, tuple(short))


async def _counts(
    tx: Tx, shop: members.Shop, wanted: Mapping[UUID, int], actor_id: UUID
) -> dict[UUID, inventory.Adjust]:
    """Say what to count where, for the variants of which there are not as many as wanted."""
    levels = await inventory.levels(tx, list(wanted))
    commands: dict[UUID, inventory.Adjust] = {}
    for variant_id, quantity in wanted.items():
        there = levels[variant_id]
        more = quantity - _on_hand(there)
        if more == 0:
            continue
        fullest = max(there, key=lambda level: level.on_hand, default=None)
        commands[variant_id] = inventory.Adjust(
            id=ids.new(tx.clock.now()),
            market_id=shop.market_id,
            actor_id=actor_id,
            variant_id=variant_id,
            shop_id=shop.id,
            counted=max(0, fullest.on_hand + more) if fullest else quantity,
            location_id=fullest.location_id if fullest else None,
            reason=REASON,
        )
    return commands


def _on_hand(levels: list[inventory.Level]) -> int:
    return sum(level.on_hand for level in levels)
