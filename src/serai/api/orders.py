"""Orders at the machine's door: placing and paying them, finding them, and their whole record."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from serai import inventory, trade
from serai.api import owned, refusals
from serai.api.asked import CommandId, Part, TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import requires
from serai.api.pages import Page, paged
from serai.api.says import accepted
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Tx
from serai.members import Scope
from serai.trade import (
    LINES_MAX,
    QUANTITY_MAX,
    Deadline,
    Line,
    Order,
    OrderTransfer,
    Placed,
    PlacedOrder,
    Record,
    State,
)

Quantity = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217, such as CNY.")]
Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX, description="Minor units.")]


class WantedLine(Body):
    """So many of a variant."""

    variant_id: UUID
    quantity: Quantity


class NewCheckout(Body):
    """What is bought of one shop or several, where it goes, and at which totals.

    `expected` is what you were shown, a total for each currency; where it no
    longer holds, nothing is bought and the answer has the totals of now. With
    `pay` the money is set aside in your wallet at once; otherwise each order
    waits for its payment until its deadline.
    """

    lines: Annotated[list[WantedLine], Meta(min_length=1, max_length=LINES_MAX)]
    address_id: UUID | None = None
    expected: Annotated[dict[Currency, Amount], Meta(max_length=10)] | None = None
    pay: bool = True
    from_cart: Annotated[bool, Meta(description="Take what is bought out of the cart.")] = False


class OrderEntry(Struct, frozen=True):
    """An order as a list shows it. Amounts are minor units of its currency."""

    id: UUID
    checkout_id: UUID
    buyer_id: UUID
    shop_id: UUID
    seller_id: UUID
    state: State
    currency: str
    items_total: int
    shipping_total: int
    total: int
    digital: bool
    placed_at: datetime
    deadline: Deadline | None
    deadline_at: datetime | None
    stopped_at: datetime | None
    lines: list[Line]


@post("/orders", tags=["orders"], opt=requires(Scope.ORDERS_WRITE))
async def place_orders(
    house: TheHouse, caller: TheCaller, command_id: CommandId, data: JSONBody[NewCheckout]
) -> Placed:
    """Check out: an order for each shop, one payment, all or nothing.

    Stock is set aside for every line, and with `pay` the money too, or nothing
    happens at all.
    """
    command = trade.Checkout(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        wanted=tuple(trade.Wanted(line.variant_id, line.quantity) for line in data.lines),
        address_id=data.address_id,
        expected=data.expected,
        pay=data.pay,
        from_cart=data.from_cart,
    )
    with house.rush.among(command):
        outcome = await house.submit(trade.place_orders, command)
    await house.rush.learn(outcome, lambda ids: house.ask(inventory.available, ids))
    return accepted(outcome)


@post("/orders/{order_id:uuid}/payment", tags=["orders"], opt=requires(Scope.ORDERS_WRITE))
async def pay_order(
    house: TheHouse, caller: TheCaller, command_id: CommandId, order_id: FromPath[UUID]
) -> PlacedOrder:
    """Pay an order that waits for it: the money is set aside in your wallet."""
    command = trade.Pay(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        order_ids=(order_id,),
    )
    return accepted(await house.submit(trade.pay_orders, command)).orders[0]


States = Annotated[
    list[State] | None, QueryParameter(name="state", description="Only these; repeat it.")
]


@get("/orders", tags=["orders"], opt=requires(Scope.READ))
async def list_orders(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    part: Part,
    states: States = None,
) -> Response[Page[OrderEntry]]:
    """List what you have ordered, the newest first."""

    async def read(tx: Tx) -> list[OrderEntry]:
        rows = await trade.orders_of_buyer(
            tx,
            caller.member_id,
            states=states or (),
            before=part.after(UUID),
            limit=part.fetch,
        )
        return await _entries(tx, rows)

    rows = await house.ask(read)
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


@get("/shops/{shop_id:uuid}/orders", tags=["orders"], opt=requires(Scope.READ))
async def list_shop_orders(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    shop_id: FromPath[UUID],
    part: Part,
    states: States = None,
) -> Response[Page[OrderEntry]]:
    """List what was ordered of your shop, the newest first."""

    async def read(tx: Tx) -> list[OrderEntry]:
        await owned.shop(tx, caller, shop_id)
        rows = await trade.orders_of_shop(
            tx, shop_id, states=states or (), before=part.after(UUID), limit=part.fetch
        )
        return await _entries(tx, rows)

    rows = await house.ask(read)
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


async def _entries(tx: Tx, orders: list[Order]) -> list[OrderEntry]:
    lines = await trade.lines_of(tx, [order.id for order in orders])
    return [_entry(order, lines.get(order.id, [])) for order in orders]


def _entry(order: Order, lines: list[Line]) -> OrderEntry:
    shared = {name: getattr(order, name) for name in OrderEntry.__struct_fields__[:-1]}
    return OrderEntry(**shared, lines=lines)


@get("/orders/{order_id:uuid}", tags=["orders"], opt=requires(Scope.READ))
async def show_order(house: TheHouse, caller: TheCaller, order_id: FromPath[UUID]) -> Record:
    """Show all there is to know about an order.

    Its lines and steps, every deadline with its exact moment, where its money
    is and what moves it next, refunds, parcels and their scans. For its two
    parties and for operators.
    """
    return accepted(await house.ask(trade.record, caller, order_id))


@get("/orders/{order_id:uuid}/transfers", tags=["orders"], opt=requires(Scope.READ))
async def list_order_transfers(
    house: TheHouse, caller: TheCaller, order_id: FromPath[UUID]
) -> list[OrderTransfer]:
    """List what the ledger moved for an order, in its order."""
    return accepted(await house.ask(trade.transfers, caller, order_id))


ROUTES = [
    place_orders,
    list_orders,
    list_shop_orders,
    show_order,
    pay_order,
    list_order_transfers,
]
REFUSALS = refusals.TRADE
