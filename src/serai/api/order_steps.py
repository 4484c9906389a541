"""Steps of orders at the machine's door: each is a resource, made once under its key."""

from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from serai import trade
from serai.api.asked import CommandId, TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import requires
from serai.api.orders import Amount
from serai.api.says import Says, accepted
from serai.members import Caller, Role, Scope
from serai.trade import Moved, RefundMade, Stopped

Words = Annotated[str, Meta(max_length=500)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, description="Both sides read it.")]

_ORDERS = requires(Scope.ORDERS_WRITE)
_OPERATE = requires(Scope.MARKET_OPERATE, role=Role.OPERATOR)


class Cancellation(Body):
    """Why the order is called off."""

    reason: Words = ""


class Shipment(Body):
    """A word for the buyer."""

    note: Words = ""


class NewRefund(Body):
    """How much goes back, in minor units; all that is left where nothing is said."""

    amount: Amount | None = None
    reason: Words = ""


class Why(Body):
    """Why an operator steps in."""

    reason: Reason


def _about(caller: Caller, command_id: UUID, order_id: UUID) -> dict[str, UUID]:
    """Name what every command about an order has."""
    return {
        "id": command_id,
        "market_id": caller.market_id,
        "actor_id": caller.member_id,
        "order_id": order_id,
    }


@post("/orders/{order_id:uuid}/cancellation", tags=["orders"], opt=_ORDERS)
async def cancel_order(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    order_id: FromPath[UUID],
    data: JSONBody[Cancellation],
) -> Moved:
    """Call an order off before it ships; stock and money go back at once.

    Its seller may at any time; its buyer while it is unpaid, and again when the
    seller's time to ship has passed.
    """
    command = trade.Cancel(**_about(caller, command_id, order_id), reason=data.reason)
    return accepted(await house.submit(trade.cancel_orders, command))


@post("/orders/{order_id:uuid}/shipment", tags=["orders"], opt=requires(Scope.SHIPPING_WRITE))
async def ship_order(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    order_id: FromPath[UUID],
    data: JSONBody[Shipment],
) -> Moved:
    """Hand the goods over: a parcel is booked; what is digital arrives at once."""
    command = trade.Ship(**_about(caller, command_id, order_id), note=data.note)
    return accepted(await house.submit(trade.ship_orders, command))


@post("/orders/{order_id:uuid}/confirmation", tags=["orders"], opt=_ORDERS)
async def confirm_order(
    house: TheHouse, caller: TheCaller, command_id: CommandId, order_id: FromPath[UUID]
) -> Moved:
    """Confirm that you have what you bought; the seller is paid."""
    command = trade.Confirm(**_about(caller, command_id, order_id))
    return accepted(await house.submit(trade.confirm_orders, command))


@post("/orders/{order_id:uuid}/extension", tags=["orders"], opt=_ORDERS)
async def extend_order(
    house: TheHouse, caller: TheCaller, command_id: CommandId, order_id: FromPath[UUID]
) -> Moved:
    """Take more time to confirm; once an order."""
    command = trade.Extend(**_about(caller, command_id, order_id))
    return accepted(await house.submit(trade.extend_orders, command))


@post("/orders/{order_id:uuid}/refunds", tags=["orders"], opt=requires(Scope.MONEY_WRITE))
async def refund_order(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    order_id: FromPath[UUID],
    data: JSONBody[NewRefund],
) -> RefundMade:
    """Give the buyer back a part of an order or all of it, as its seller.

    Out of what is held while it is; afterwards out of your wallet, and what it
    lacks the market's guarantee pays and takes from your next sales.
    """
    command = trade.Refund(
        **_about(caller, command_id, order_id), amount=data.amount, reason=data.reason
    )
    return accepted(await house.submit(trade.refund_orders, command))


@post("/orders/{order_id:uuid}/freezes", tags=["orders"], opt=_OPERATE)
async def freeze_order(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    order_id: FromPath[UUID],
    data: JSONBody[Why],
) -> Stopped:
    """Freeze an order's money and stop its clock, as an operator."""
    command = trade.Stop(**_about(caller, command_id, order_id), reason=data.reason)
    return accepted(await house.submit(trade.stop_orders, command))


@post(
    "/orders/{order_id:uuid}/freezes/{freeze_id:uuid}/lifting",
    tags=["orders"],
    opt=_OPERATE,
)
async def lift_freeze(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    order_id: FromPath[UUID],
    freeze_id: FromPath[UUID],
    data: JSONBody[Why],
) -> Moved:
    """Lift a freeze; without another one the clock goes on where it stood."""
    command = trade.Resume(
        **_about(caller, command_id, order_id), freeze_id=freeze_id, reason=data.reason
    )
    return accepted(await house.submit(trade.resume_orders, command))


ROUTES = [
    cancel_order,
    ship_order,
    confirm_order,
    extend_order,
    refund_order,
    freeze_order,
    lift_freeze,
]
REFUSALS: dict[str, Says] = {}
"""None of its own: what `serai.trade` refuses is told with `serai.api.orders`."""
