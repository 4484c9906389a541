"""The shelf: goods that arrive on it, and counts of what lies there."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from serai.inventory.counters import move
from serai.inventory.locations import FIRST_NAME, first_location_id, locations
from serai.inventory.model import (
    ON_HAND_MAX,
    QUANTITY_MAX,
    Adjust,
    Adjusted,
    Code,
    Kind,
    Location,
    Movement,
    Restock,
    Restocked,
    Stock,
)
from serai.kernel import ids
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx

C = TypeVar("C", Restock, Adjust)
R = TypeVar("R", Restocked, Adjusted)

_Place = tuple[UUID, UUID]
"""A variant at a location."""


async def restock(tx: Tx, commands: Sequence[Restock]) -> list[Restocked | Refused]:
    """Put goods on the shelf; one outcome a command, in order, the same to the same id.

    Refused are quantities out of range, a location that is not the shop's, and
    what would make a shelf hold more than `ON_HAND_MAX`.
    """
    return await once(tx, commands, _restock, Restocked | Refused)


async def adjust(tx: Tx, commands: Sequence[Adjust]) -> list[Adjusted | Refused]:
    """Believe a count; one outcome a command, in order, the same to the same id.

    Refused as `below_reserved` is a count of fewer than live orders hold: the
    seller settles with them first. A count that changes nothing is kept too.
    """
    return await once(tx, commands, _adjust, Adjusted | Refused)


async def _restock(tx: Tx, commands: list[Restock]) -> list[Restocked | Refused]:
    return await _shelve(tx, commands, lambda command: command.quantity, 1, QUANTITY_MAX, _add)


async def _adjust(tx: Tx, commands: list[Adjust]) -> list[Adjusted | Refused]:
    return await _shelve(tx, commands, lambda command: command.counted, 0, ON_HAND_MAX, _count)


def _add(command: Restock, stock: Stock) -> tuple[int, Restocked] | Refused:
    on_hand = stock.on_hand + command.quantity
    if on_hand > ON_HAND_MAX:
        return Refused(Code.TOO_MUCH_STOCK, {"on_hand": stock.on_hand, "max": ON_HAND_MAX})
    outcome = Restocked(stock.variant_id, stock.location_id, on_hand, stock.reserved)
    return command.quantity, outcome


def _count(command: Adjust, stock: Stock) -> tuple[int, Adjusted] | Refused:
    if command.counted < stock.reserved:
        facts = {"counted": command.counted, "reserved": stock.reserved}
        return Refused(Code.BELOW_RESERVED, facts)
    delta = command.counted - stock.on_hand
    place = (stock.variant_id, stock.location_id)
    return delta, Adjusted(*place, command.counted, stock.reserved, delta)


async def _shelve(
    tx: Tx,
    commands: list[C],
    quantity: Callable[[C], int],
    least: int,
    most: int,
    change: Callable[[C, Stock], tuple[int, R] | Refused],
) -> list[R | Refused]:
    sound = [command for command in commands if least <= quantity(command) <= most]
    known = await _locations(tx, sound)
    places = {command.id: place for command in sound if (place := _place(command, known))}
    rows = [
        Stock(*places[command.id], command.market_id, 0, 0, tx.now)
        for command in sound
        if command.id in places
    ]
    await tx.ensure(rows)
    locked = await lock(tx, Stock, (row.variant_id for row in rows))
    stock = {(row.variant_id, row.location_id): row for row in locked}
    outcomes: list[R | Refused] = []
    movements: list[Movement] = []
    for command in commands:
        if not least <= quantity(command) <= most:
            facts = {"quantity": quantity(command), "min": least, "max": most}
            outcomes.append(Refused(Code.QUANTITY_OUT_OF_RANGE, facts))
            continue
        place = places.get(command.id)
        if place is None:
            facts_of = {"location_id": str(command.location_id)}
            outcomes.append(Refused(Code.LOCATION_UNKNOWN, facts_of))
            continue
        changed = change(command, stock[place])
        if isinstance(changed, Refused):
            outcomes.append(changed)
            continue
        delta, outcome = changed
        stock[place] = msgspec.structs.replace(stock[place], on_hand=outcome.on_hand)
        movements.append(_movement(tx, command, place, delta))
        outcomes.append(outcome)
    await move(tx, locked, movements)
    return outcomes


async def _locations(tx: Tx, commands: Sequence[Restock | Adjust]) -> dict[UUID, Location]:
    """Look up the locations that are named, and make the first ones that are not there."""
    firsts = {
        command.shop_id: Location(
            first_location_id(command.shop_id), command.market_id, command.shop_id, FIRST_NAME
        )
        for command in commands
        if command.location_id is None
    }
    await tx.ensure(list(firsts.values()))
    named = {command.location_id for command in commands if command.location_id is not None}
    return dict(await locations(tx, [*named, *(first.id for first in firsts.values())]))


def _place(command: Restock | Adjust, known: dict[UUID, Location]) -> _Place | None:
    """Tell which shelf is meant; None where it is not that shop's."""
    location = known.get(command.location_id or first_location_id(command.shop_id))
    if location is None:
        return None
    if (location.market_id, location.shop_id) != (command.market_id, command.shop_id):
        return None
    return command.variant_id, location.id


def _movement(tx: Tx, command: Restock | Adjust, place: _Place, delta: int) -> Movement:
    kind = Kind.RESTOCK if isinstance(command, Restock) else Kind.ADJUST
    return Movement(
        ids.derive(command.id, str(kind)),
        command.market_id,
        *place,
        kind,
        abs(delta),
        delta,
        0,
        command.id,
        command.actor_id,
        tx.now,
        command.reason,
    )
