"""Returns: sold goods that come back to the shelf they were sold from."""

from collections.abc import Sequence
from uuid import UUID

from serai.inventory.counters import move
from serai.inventory.model import (
    ON_HAND_MAX,
    Code,
    Kind,
    Movement,
    Pick,
    Return,
    Returned,
    Stock,
    back_id,
    pick_of,
)
from serai.inventory.reservations import check_lines
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx, columns

_Place = tuple[UUID, UUID]
"""A variant at a location."""

_SOLD = f"""
select {columns(Movement)} from inventory_movement
where reference_id = any($1) and kind in ('claim', 'return') order by id
"""  # noqa: S608  the columns are a class's own


async def take_back(tx: Tx, returns: Sequence[Return]) -> list[Returned | Refused]:
    """Put returned goods on the shelf, all lines of a return or none; one outcome each.

    No more comes back than left for that order and has not come back before
    (`not_sold`). A return whose id was taken back already is answered as then
    and moves nothing.
    """
    lines = [line for back in returns for line in back.lines]
    stock = await lock(tx, Stock, (line.variant_id for line in lines))
    known = await tx.fetch(Movement, _SOLD, [line.order_id for line in lines])
    sold: dict[tuple[UUID, UUID], dict[UUID, int]] = {}
    done: dict[UUID, Movement] = {}
    for movement in known:
        left = sold.setdefault((movement.reference_id, movement.variant_id), {})
        sign = 1 if movement.kind is Kind.CLAIM else -1
        at = movement.location_id
        left[at] = left.get(at, 0) + sign * movement.quantity
        done[movement.id] = movement
    on_hand = {(row.variant_id, row.location_id): row.on_hand for row in stock}
    outcomes: list[Returned | Refused] = []
    movements: list[Movement] = []
    for back in returns:
        before = [done.get(back_id(back.id, x.order_id, x.variant_id)) for x in back.lines]
        if back.lines and all(before):
            picks = tuple(pick_of(movement) for movement in before if movement)
            outcomes.append(Returned(back.id, picks))
            continue
        outcome = _decide(back, sold, on_hand)
        outcomes.append(outcome)
        if isinstance(outcome, Returned):
            made = [_movement(tx, back, pick) for pick in outcome.picks]
            done.update((movement.id, movement) for movement in made)
            movements.extend(made)
    await move(tx, stock, movements)
    return outcomes


def _decide(
    back: Return, sold: dict[tuple[UUID, UUID], dict[UUID, int]], on_hand: dict[_Place, int]
) -> Returned | Refused:
    malformed = check_lines(back.lines)
    if malformed is not None:
        return malformed
    picks = []
    for line in back.lines:
        left = sold.get((line.order_id, line.variant_id), {})
        # An order has a variant from one location, so there is no choice to make.
        at, count = next(iter(left.items()), (None, 0))
        facts = {"variant_id": str(line.variant_id), "wanted": line.quantity, "sold": count}
        if at is None or count < line.quantity:
            return Refused(Code.NOT_SOLD, facts)
        if on_hand[line.variant_id, at] + line.quantity > ON_HAND_MAX:
            return Refused(Code.TOO_MUCH_STOCK, facts | {"max": ON_HAND_MAX})
        picks.append(Pick(line.order_id, line.variant_id, at, line.quantity))
    for pick in picks:
        sold[pick.order_id, pick.variant_id][pick.location_id] -= pick.quantity
        on_hand[pick.variant_id, pick.location_id] += pick.quantity
    return Returned(back.id, tuple(picks))


def _movement(tx: Tx, back: Return, pick: Pick) -> Movement:
    return Movement(
        back_id(back.id, pick.order_id, pick.variant_id),
        back.market_id,
        pick.variant_id,
        pick.location_id,
        Kind.RETURN,
        pick.quantity,
        pick.quantity,
        0,
        pick.order_id,
        back.actor_id,
        tx.now,
        back.reason,
    )
