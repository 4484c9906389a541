"""The counters of the shelves, changed set-wise together with the movements behind them."""

from collections.abc import Sequence

from serai.inventory.model import Movement, Stock
from serai.kernel.tx import Tx

_SET = """
update inventory_stock as s
set on_hand = new.on_hand, reserved = new.reserved, updated_at = $5
from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
    as new(variant_id, location_id, on_hand, reserved)
where s.variant_id = new.variant_id and s.location_id = new.location_id
"""


async def move(tx: Tx, rows: Sequence[Stock], movements: Sequence[Movement]) -> None:
    """Write movements, and add their deltas to the counters of `rows`, which must be locked.

    Two statements, whatever their number. The movements go first, so that one
    that exists already fails on its key before any counter is touched.
    """
    if not movements:
        return
    deltas = {(row.variant_id, row.location_id): [row.on_hand, row.reserved] for row in rows}
    touched = set()
    for movement in movements:
        key = (movement.variant_id, movement.location_id)
        counters = deltas[key]
        counters[0] += movement.on_hand_delta
        counters[1] += movement.reserved_delta
        touched.add(key)
    await tx.insert(movements)
    await tx.execute(
        _SET,
        [variant_id for variant_id, _ in touched],
        [location_id for _, location_id in touched],
        [deltas[key][0] for key in touched],
        [deltas[key][1] for key in touched],
        tx.now,
    )
