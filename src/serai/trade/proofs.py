"""The trade's part of the promises: orders against stock, money, commands and the drawn steps."""

from collections.abc import AsyncIterator
from uuid import UUID

from serai import inventory, payments
from serai.kernel import commands
from serai.kernel.proof import Breach, Proof
from serai.kernel.tx import Tx, columns
from serai.trade.model import HOLDING_STOCK, TRANSITIONS, Checkout, Order, State, Transition
from serai.trade.orders import history, lines_of, orders

_PAGE = 5_000

_ORDERS = f"""
select {columns(Order)} from trade_order where id > $1 order by id limit $2
"""  # noqa: S608


async def _pages(tx: Tx) -> AsyncIterator[list[Order]]:
    last = UUID(int=0)
    while page := await tx.fetch(Order, _ORDERS, last, _PAGE):
        yield page
        last = page[-1].id


async def stock_for_orders(tx: Tx) -> Proof:
    """Check that live orders and live reservations are the same, unit for unit."""
    reserved = {
        (one.order_id, one.variant_id): one.quantity
        async for one in inventory.live_reservations(tx)
    }
    checked = len(reserved)
    breaches: list[Breach] = []
    async for page in _pages(tx):
        live = [order.id for order in page if order.state in HOLDING_STOCK]
        lines = await lines_of(tx, live)
        checked += len(live)
        for order_id in live:
            for line in lines.get(order_id, []):
                got = reserved.pop((order_id, line.variant_id), 0)
                if got != line.quantity:
                    said = f"{got} of {line.quantity} units are set aside for a live order"
                    breaches.append(Breach(said, (f"trade_order {order_id}",)))
    for (order_id, variant_id), quantity in reserved.items():
        said = f"{quantity} units of {variant_id} are set aside for no live order"
        breaches.append(Breach(said, (f"inventory_movement of order {order_id}",)))
    return Proof("no order without stock, no stock without order", checked, tuple(breaches))


_HOLDLESS = frozenset({State.PLACED, State.CLOSED})


async def money_for_orders(tx: Tx) -> Proof:
    """Check that an order's total is its lines' and the money held for it, to the minor unit."""
    checked = 0
    breaches: list[Breach] = []
    async for page in _pages(tx):
        checked += len(page)
        ids = [order.id for order in page]
        holds = await payments.holds(tx, ids)
        lines = await lines_of(tx, ids)
        for order in page:
            held = holds[order.id].amount if order.id in holds else 0
            owed = 0 if order.state in _HOLDLESS else order.total
            goods = sum(line.unit_price * line.quantity for line in lines.get(order.id, []))
            if held != owed:
                said = f"{owed} is owed for the order, {held} was held"
                breaches.append(Breach(said, (f"trade_order {order.id}",)))
            if goods != order.items_total:
                said = f"the lines come to {goods}, the order says {order.items_total}"
                breaches.append(Breach(said, (f"trade_order {order.id}",)))
    return Proof("an order's total equals the money held for it", checked, tuple(breaches))


async def commands_once(tx: Tx) -> Proof:
    """Check that what was acknowledged is there, and that what is there was acknowledged."""
    checked = 0
    breaches: list[Breach] = []
    async for answers in commands.pages(tx, Checkout):
        checked += len(answers)
        breaches += await _missing(tx, answers)
    async for page in _pages(tx):
        steps = [s for theirs in (await history(tx, [o.id for o in page])).values() for s in theirs]
        known = await commands.answered(tx, list({step.command_id for step in steps}))
        checked += len(steps)
        for step in steps:
            answer = known.get(step.command_id)
            if answer is None or answer.outcome.get("outcome") == "refused":
                said = f"came to {step.state} by a command that was not accepted"
                breaches.append(Breach(said, (f"trade_transition {step.order_id}/{step.state}",)))
    return Proof("an acknowledged command stands exactly once", checked, tuple(breaches))


async def _missing(tx: Tx, answers: list[commands.Answered]) -> list[Breach]:
    promised = {
        UUID(order["id"]): answer.id
        for answer in answers
        if answer.outcome.get("outcome") == "placed"
        for order in answer.outcome["orders"]
    }
    there = await orders(tx, list(promised))
    return [
        Breach("an acknowledged order is not there", (f"kernel_command {by}, trade_order {id}",))
        for id, by in promised.items()
        if id not in there
    ]


async def steps_as_drawn(tx: Tx) -> Proof:
    """Check that every order came to where it stands by the drawn steps alone."""
    checked = 0
    breaches: list[Breach] = []
    async for page in _pages(tx):
        steps = await history(tx, [order.id for order in page])
        for order in page:
            theirs = steps.get(order.id, [])
            checked += len(theirs)
            said = _not_as_drawn(order, theirs)
            if said:
                breaches.append(Breach(said, (f"trade_order {order.id}",)))
    return Proof("only the drawn transitions happen", checked, tuple(breaches))


def _not_as_drawn(order: Order, steps: list[Transition]) -> str | None:
    at: State | None = None
    when = order.placed_at
    for step in steps:
        if step.from_state != at or step.state not in TRANSITIONS[at]:
            return f"went from {step.from_state} to {step.state} when it was {at}"
        if step.at < when:
            return f"came to {step.state} before its time"
        at, when = step.state, step.at
    return None if at is order.state else f"says {order.state}, its steps end in {at}"
