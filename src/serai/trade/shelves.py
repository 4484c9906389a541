"""Shelves: what a seller has in stock, put there and counted by who owns the shop.

The inventory knows variants and shops only by their ids; whose they are is
made sure of here.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from serai import catalog, inventory, members
from serai.kernel.commands import Command
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx

C = TypeVar("C", bound="ShelfCommand")
W = TypeVar("W", inventory.Restock, inventory.Adjust)
R = TypeVar("R")


class ShelfCommand(Command, frozen=True, kw_only=True):
    """A command about one variant's shelf; without a location, the shop's first."""

    variant_id: UUID
    location_id: UUID | None = None
    reason: str = ""


class Restock(ShelfCommand, frozen=True, kw_only=True):
    """Put so many units on the shelf."""

    quantity: int


class Recount(ShelfCommand, frozen=True, kw_only=True):
    """Somebody counted: so many lie there, those of live orders included."""

    counted: int


class ShelfRow(Struct, frozen=True):
    """What lies at one location of a variant, under the name that buyers know it by."""

    level: inventory.Level
    title: str
    sku: str
    options: list[str]


async def restock(tx: Tx, commands: Sequence[Restock]) -> list[inventory.Restocked | Refused]:
    """Put goods on shelves; refused as `variant_unknown` where the shop is not the actor's."""

    def wanted(command: Restock, shop_id: UUID) -> inventory.Restock:
        return inventory.Restock(
            id=command.id, market_id=command.market_id, actor_id=command.actor_id,
            variant_id=command.variant_id, shop_id=shop_id, quantity=command.quantity,
            location_id=command.location_id, reason=command.reason,
        )  # fmt: skip

    return await _owned(tx, commands, wanted, inventory.restock)


async def recount(tx: Tx, commands: Sequence[Recount]) -> list[inventory.Adjusted | Refused]:
    """Believe counts; refused as `variant_unknown` where the shop is not the actor's."""

    def wanted(command: Recount, shop_id: UUID) -> inventory.Adjust:
        return inventory.Adjust(
            id=command.id, market_id=command.market_id, actor_id=command.actor_id,
            variant_id=command.variant_id, shop_id=shop_id, counted=command.counted,
            location_id=command.location_id, reason=command.reason,
        )  # fmt: skip

    return await _owned(tx, commands, wanted, inventory.adjust)


async def _owned(
    tx: Tx,
    commands: Sequence[C],
    wanted: Callable[[C, UUID], W],
    do: Callable[[Tx, Sequence[W]], Awaitable[list[R | Refused]]],
) -> list[R | Refused]:
    """Do the commands of owners, with the shop that each is about; refuse the others."""
    shops = await _shops(tx, [command.variant_id for command in commands])
    answers: list[R | Refused | None] = []
    mine: list[W] = []
    for command in commands:
        shop = shops.get(command.variant_id)
        if shop is None or shop.owner_id != command.actor_id:
            answers.append(_unknown(command.variant_id))
        else:
            answers.append(None)
            mine.append(wanted(command, shop.id))
    done = iter(await do(tx, mine) if mine else [])
    return [next(done) if answer is None else answer for answer in answers]


async def _shops(tx: Tx, variant_ids: Sequence[UUID]) -> dict[UUID, members.Shop]:
    offers = await catalog.offers(tx, variant_ids)
    shops = await members.shops(tx, {offer.shop_id for offer in offers.values()})
    return {variant_id: shops[offer.shop_id] for variant_id, offer in offers.items()}


def _unknown(variant_id: UUID) -> Refused:
    return Refused(catalog.Code.VARIANT_UNKNOWN, {"variant_id": str(variant_id)})


async def shelf(
    tx: Tx,
    shop_id: UUID,
    *,
    at_most: int | None = None,
    after: tuple[UUID, UUID] | None = None,
    limit: int = 50,
) -> list[ShelfRow]:
    """List what lies in a shop, or only where `at_most` so many are left.

    `after` is the `(variant_id, location_id)` of the last row of the page before.
    """
    levels = await inventory.levels_of_shop(tx, shop_id, at_most=at_most, after=after, limit=limit)
    offers = await catalog.offers(tx, {level.variant_id for level in levels})
    return [_row(level, offers.get(level.variant_id)) for level in levels]


def _row(level: inventory.Level, offer: catalog.Offer | None) -> ShelfRow:
    if offer is None:
        return ShelfRow(level, "", "", [])
    return ShelfRow(level, offer.title, offer.sku, offer.options)


async def movements(
    tx: Tx, owner_id: UUID, variant_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[inventory.Movement] | Refused:
    """List what moved on a variant's shelves, newest first, for the shop's owner alone."""
    shop = (await _shops(tx, [variant_id])).get(variant_id)
    if shop is None or shop.owner_id != owner_id:
        return _unknown(variant_id)
    return await inventory.movements(tx, variant_id, after, limit)
