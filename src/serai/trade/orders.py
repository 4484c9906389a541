"""Reading orders: one, a party's list, its lines and how it came to where it stands."""

from collections.abc import Sequence
from uuid import UUID

from serai.kernel.tx import Tx, columns
from serai.trade.model import Line, Order, State, Transition

_ORDER = f"select {columns(Order)} from trade_order"  # noqa: S608


async def order(tx: Tx, order_id: UUID) -> Order | None:
    """Read an order. Whether the reader may see it is his party's affair: see `parties`."""
    return await tx.first(Order, f"{_ORDER} where id = $1", order_id)


async def orders(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, Order]:
    """Read orders by id."""
    found = await tx.fetch(Order, f"{_ORDER} where id = any($1)", order_ids)
    return {order.id: order for order in found}


async def orders_of_buyer(
    tx: Tx,
    buyer_id: UUID,
    *,
    states: Sequence[State] = (),
    before: UUID | None = None,
    limit: int = 50,
) -> list[Order]:
    """List a buyer's orders, newest first; `before` is the last id of the page before."""
    return await _list(tx, "buyer_id", buyer_id, states, before, limit)


async def orders_of_shop(
    tx: Tx,
    shop_id: UUID,
    *,
    states: Sequence[State] = (),
    before: UUID | None = None,
    limit: int = 50,
) -> list[Order]:
    """List a shop's orders, newest first; `before` is the last id of the page before."""
    return await _list(tx, "shop_id", shop_id, states, before, limit)


async def _list(
    tx: Tx, party: str, id: UUID, states: Sequence[State], before: UUID | None, limit: int
) -> list[Order]:
    wanted = list(states) or list(State)
    return await tx.fetch(
        Order,
        f"{_ORDER} where {party} = $1 and state = any($2)"
        " and ($3::uuid is null or id < $3) order by id desc limit $4",
        id,
        wanted,
        before,
        limit,
    )


_LINES = f"""
select {columns(Line)} from trade_line where order_id = any($1) order by order_id, position
"""  # noqa: S608


async def lines_of(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, list[Line]]:
    """Read the lines of orders, each order's in their order."""
    found: dict[UUID, list[Line]] = {}
    for line in await tx.fetch(Line, _LINES, order_ids):
        found.setdefault(line.order_id, []).append(line)
    return found


_HISTORY = f"""
select {columns(Transition)} from trade_transition where order_id = any($1)
order by order_id, at, array_position(
    array['placed', 'paid', 'shipped', 'delivered', 'completed', 'refunded', 'closed'], state)
"""  # noqa: S608


async def history(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, list[Transition]]:
    """Read how orders came to where they stand, first step first."""
    found: dict[UUID, list[Transition]] = {}
    for step in await tx.fetch(Transition, _HISTORY, order_ids):
        found.setdefault(step.order_id, []).append(step)
    return found
