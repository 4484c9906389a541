"""Reservations: stock set aside for orders, until it leaves or is free again.

A reservation is its `reserve` movement and never changes. It ends by one more
movement (claim, release or expire), whose id follows from the reservation's;
so the primary key of the movements is what lets it end once.

Everything here is set-wise: a batch of hundreds costs as many statements as one.
"""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from serai.inventory.counters import move
from serai.inventory.model import (
    ENDS,
    QUANTITY_MAX,
    Code,
    Ended,
    Kind,
    Line,
    Movement,
    Pick,
    Reserved,
    Stock,
    Take,
    end_id,
    pick_of,
    reservation_id,
)
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx, columns

_Free = dict[tuple[UUID, UUID], dict[UUID, int]]
"""What each location has left, by market and variant."""


async def reserve(tx: Tx, takes: Sequence[Take]) -> list[Reserved | Refused]:
    """Set stock aside for each take, all of its lines or none; one outcome a take, in order.

    Takes are decided in the order given, so of many for the last unit the first
    gets it. A line is taken whole from the location that has most (of equals,
    the one with the smallest id). Rows are locked in key order: two batches may
    wait for each other, never in a circle.

    An order reserves a variant once in its life; a second time is a bug of the
    caller and fails on the movement's key.
    """
    stock = await lock(tx, Stock, (line.variant_id for take in takes for line in take.lines))
    free: _Free = {}
    for row in stock:
        places = free.setdefault((row.market_id, row.variant_id), {})
        places[row.location_id] = row.on_hand - row.reserved
    outcomes = [_decide(take, free) for take in takes]
    movements = [
        Movement(
            reservation_id(pick.order_id, pick.variant_id),
            take.market_id,
            pick.variant_id,
            pick.location_id,
            Kind.RESERVE,
            pick.quantity,
            0,
            pick.quantity,
            pick.order_id,
            take.actor_id,
            tx.now,
            "",
        )
        for take, outcome in zip(takes, outcomes, strict=True)
        if isinstance(outcome, Reserved)
        for pick in outcome.picks
    ]
    await move(tx, stock, movements)
    return outcomes


def _decide(take: Take, free: _Free) -> Reserved | Refused:
    """Take every line out of `free`, or leave it as it was."""
    malformed = check_lines(take.lines)
    if malformed is not None:
        return malformed
    picks: list[Pick] = []
    short: list[dict[str, object]] = []
    for line in take.lines:
        places = free.get((take.market_id, line.variant_id), {})
        best = _fullest(places)
        if best is None or places[best] < line.quantity:
            left = 0 if best is None else places[best]
            facts = {"variant_id": str(line.variant_id), "wanted": line.quantity}
            short.append(facts | {"available": left})
            continue
        places[best] -= line.quantity
        picks.append(Pick(line.order_id, line.variant_id, best, line.quantity))
    if not short:
        return Reserved(take.id, tuple(picks))
    for pick in picks:
        free[take.market_id, pick.variant_id][pick.location_id] += pick.quantity
    return Refused(Code.OUT_OF_STOCK, short[0] | {"lines": short})


def _fullest(places: dict[UUID, int]) -> UUID | None:
    return min(places, key=lambda place: (-places[place], place), default=None)


def check_lines(lines: Sequence[Line]) -> Refused | None:
    """Refuse quantities that nobody means, and an order that names a variant twice."""
    seen = set()
    for line in lines:
        if not 1 <= line.quantity <= QUANTITY_MAX:
            facts = {"variant_id": str(line.variant_id), "quantity": line.quantity}
            return Refused(Code.QUANTITY_OUT_OF_RANGE, facts | {"min": 1, "max": QUANTITY_MAX})
        key = (line.order_id, line.variant_id)
        if key in seen:
            return Refused(Code.VARIANT_TWICE, {"variant_id": str(line.variant_id)})
        seen.add(key)
    return None


Actor = UUID | Mapping[UUID, UUID]
"""Who ends the reservations: one member for all orders, or one for each."""


async def claim(
    tx: Tx, order_ids: Sequence[UUID], actor_id: Actor, reason: str = ""
) -> list[Ended | Refused]:
    """Let the goods of the orders leave: they are neither reserved nor on hand any more.

    One outcome an order, in order. A reservation that has ended, or never was,
    is refused as `already_ended` or `not_reserved` and nothing moves.
    """
    return await _end(tx, order_ids, actor_id, Kind.CLAIM, reason)


async def release(
    tx: Tx,
    order_ids: Sequence[UUID],
    actor_id: Actor,
    reason: str,
    kind: Literal[Kind.RELEASE, Kind.EXPIRE] = Kind.RELEASE,
) -> list[Ended | Refused]:
    """Set what the orders hold free again; outcomes and refusals as for `claim`."""
    return await _end(tx, order_ids, actor_id, kind, reason)


_OF_ORDERS = f"""
select {columns(Movement)} from inventory_movement
where reference_id = any($1) and kind in ('reserve', 'claim', 'release', 'expire') order by id
"""  # noqa: S608  the columns are a class's own


async def _end(
    tx: Tx, order_ids: Sequence[UUID], actor_id: Actor, kind: Kind, reason: str
) -> list[Ended | Refused]:
    """End what is live of the orders.

    What ended is read before the rows are locked. Should somebody else end the
    same reservation in between, this transaction fails on the key of the second
    end and is tried again; whoever has locked the order is never in that place.
    """
    known = await tx.fetch(Movement, _OF_ORDERS, list(order_ids))
    ended = {movement.id: movement.kind for movement in known if movement.kind in ENDS}
    held: dict[UUID, list[Movement]] = {}
    for movement in known:
        if movement.kind is Kind.RESERVE:
            held.setdefault(movement.reference_id, []).append(movement)
    live = [one for reserves in held.values() for one in reserves if end_id(one.id) not in ended]
    stock = await lock(tx, Stock, (one.variant_id for one in live))
    outcomes: list[Ended | Refused] = []
    ends: list[Movement] = []
    for order_id in order_ids:
        reserves = held.get(order_id, [])
        mine = [one for one in reserves if end_id(one.id) not in ended]
        if not mine:
            outcomes.append(_nothing_to_end(order_id, reserves, ended))
            continue
        actor = actor_id if isinstance(actor_id, UUID) else actor_id[order_id]
        ends.extend(_end_of(tx, one, kind, actor, reason) for one in mine)
        ended.update((end_id(one.id), kind) for one in mine)
        outcomes.append(Ended(order_id, kind, tuple(map(pick_of, mine))))
    await move(tx, stock, ends)
    return outcomes


def _nothing_to_end(
    order_id: UUID, reserves: Sequence[Movement], ended: Mapping[UUID, Kind]
) -> Refused:
    facts = {"order_id": str(order_id)}
    if not reserves:
        return Refused(Code.NOT_RESERVED, facts)
    return Refused(Code.ALREADY_ENDED, facts | {"kind": str(ended[end_id(reserves[0].id)])})


def _end_of(tx: Tx, reserve: Movement, kind: Kind, actor_id: UUID, reason: str) -> Movement:
    return Movement(
        end_id(reserve.id),
        reserve.market_id,
        reserve.variant_id,
        reserve.location_id,
        kind,
        reserve.quantity,
        -reserve.quantity if kind is Kind.CLAIM else 0,
        -reserve.quantity,
        reserve.reference_id,
        actor_id,
        tx.now,
        reason,
    )
