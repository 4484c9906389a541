"""Purchase limits: how many of a variant one buyer may have, over all his orders.

Counted in rows that are locked before they are judged, so that neither two
tabs nor two machines get a buyer more than his share. What is called off before
it ships counts no more.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar
from uuid import UUID

from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Row, Tx
from serai.trade.model import Code, Line, Order

Pair = tuple[UUID, UUID]
"""A buyer and a variant."""


class Count(Row, frozen=True):
    """How many of a limited variant a buyer has ordered."""

    table: ClassVar[str] = "trade_limit"
    key: ClassVar[tuple[str, ...]] = ("buyer_id", "variant_id")

    buyer_id: UUID
    variant_id: UUID
    market_id: UUID
    quantity: int


async def locked(tx: Tx, pairs: Mapping[Pair, UUID]) -> dict[Pair, int]:
    """Lock and read the counts of pairs, which begin at nothing.

    `pairs` maps each to its market; a batch may come from several.
    """
    await tx.ensure([Count(*pair, market_id, 0) for pair, market_id in pairs.items()])
    rows = await lock(tx, Count, {buyer for buyer, _ in pairs})
    counts = {(row.buyer_id, row.variant_id): row.quantity for row in rows}
    return {pair: counts[pair] for pair in pairs}


def over(
    counts: Mapping[Pair, int], limits: Mapping[UUID, int], buyer_id: UUID, lines: Iterable[Line]
) -> Refused | None:
    """Tell which line, if any, would give the buyer more than his share."""
    for line in lines:
        limit = limits.get(line.variant_id)
        if limit is None:
            continue
        before = counts[buyer_id, line.variant_id]
        if before + line.quantity > limit:
            facts = {"variant_id": str(line.variant_id), "limit": limit, "already": before}
            return Refused(Code.LIMIT_EXCEEDED, facts)
    return None


_WRITE = """
update trade_limit as l set quantity = new.quantity
from unnest($1::uuid[], $2::uuid[], $3::int[]) as new(buyer_id, variant_id, quantity)
where l.buyer_id = new.buyer_id and l.variant_id = new.variant_id
"""


async def write(tx: Tx, counts: Mapping[Pair, int]) -> None:
    """Write counts that were locked."""
    if counts:
        buyers, variants = [b for b, _ in counts], [v for _, v in counts]
        await tx.execute(_WRITE, buyers, variants, list(counts.values()))


async def give_back(tx: Tx, orders: Iterable[Order], lines: Mapping[UUID, list[Line]]) -> None:
    """Count no more what called-off orders had; the orders are locked."""
    given: dict[Pair, int] = {}
    for order in orders:
        for line in lines.get(order.id, []):
            pair = (order.buyer_id, line.variant_id)
            given[pair] = given.get(pair, 0) + line.quantity
    rows = await lock(tx, Count, {buyer for buyer, _ in given})
    await write(
        tx,
        {
            (row.buyer_id, row.variant_id): max(0, row.quantity - given[pair])
            for row in rows
            if (pair := (row.buyer_id, row.variant_id)) in given
        },
    )
