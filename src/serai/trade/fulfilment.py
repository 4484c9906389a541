"""Fulfilment: the goods leave the shelf, travel, arrive."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import asdict

from serai import inventory, logistics, members
from serai.kernel import ids
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.trade.model import Code, Deliver, Line, Moved, Order, Ship, State
from serai.trade.orders import lines_of
from serai.trade.steps import Steps, moved, terms_of, unconfirmed


async def ship_orders(tx: Tx, commands: Sequence[Ship]) -> list[Moved | Refused]:
    """Hand goods over: stock is claimed and a parcel booked; what is digital arrives at once.

    Refused as `order_unknown`, `not_the_seller`, `order_state`, `order_stopped`.
    """
    return await once(tx, commands, _ship, Moved | Refused)


async def _ship(tx: Tx, commands: list[Ship]) -> list[Moved | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    terms = await terms_of(tx, [steps.order(command.order_id) for command in commands])
    answers: list[Moved | Refused] = []
    shipped: list[Order] = []
    for command in commands:
        order = steps.order(command.order_id)
        said = _against_shipping(command, order)
        if order is None or said:
            answers.append(said or Refused(Code.ORDER_UNKNOWN))
            continue
        due = unconfirmed(terms[order.market_id], order, tx.now, scanned=False)
        after = steps.step(order, State.SHIPPED, command, reason=command.note or None, due=due)
        shipped.append(after)
        if after.digital:
            after = steps.step(after, State.DELIVERED, command, reason="digital", due=due)
        answers.append(moved(after))
    if shipped:
        sellers = {order.id: order.seller_id for order in shipped}
        await inventory.claim(tx, list(sellers), sellers)
        await _book(tx, [order for order in shipped if not order.digital])
    await steps.write()
    return answers


def _against_shipping(command: Ship, order: Order | None) -> Refused | None:
    if order is None or command.actor_id not in order.parties:
        return Refused(Code.ORDER_UNKNOWN)
    if order.seller_id != command.actor_id:
        return Refused(Code.NOT_THE_SELLER)
    if order.state is not State.PAID:
        return Refused(Code.ORDER_STATE, {"state": order.state})
    if order.stopped_at is not None:
        return Refused(Code.ORDER_STOPPED, {"since": order.stopped_at.isoformat()})
    return None


async def _book(tx: Tx, orders: Sequence[Order]) -> None:
    """Book one parcel an order, from the shop's place to the buyer's address."""
    if not orders:
        return
    shops = await members.shops(tx, list({order.shop_id for order in orders}))
    lines = await lines_of(tx, [order.id for order in orders])
    await logistics.book(
        tx, [_booking(order, shops[order.shop_id], lines[order.id]) for order in orders]
    )


def _booking(order: Order, shop: members.Shop, lines: Sequence[Line]) -> logistics.Booking:
    return logistics.Booking(
        id=ids.derive(order.id, "parcel"),
        market_id=order.market_id,
        order_id=order.id,
        sender_id=order.seller_id,
        receiver_id=order.buyer_id,
        origin=_origin(shop),
        destination=_destination(order),
        weight_g=max(1, sum(line.weight_g * line.quantity for line in lines)),
    )


def _origin(shop: members.Shop) -> logistics.Waypoint:
    place = members.place(shop.place_id)
    if place is None:
        message = f"shop {shop.id} is in no known place"
        raise RuntimeError(message)
    facts = asdict(place)
    del facts["id"], facts["population"]
    return logistics.Waypoint(**facts, place_id=place.id, recipient=shop.name)


def _destination(order: Order) -> logistics.Waypoint:
    address = order.address
    if address is None:
        message = f"order {order.id} travels but has no address"
        raise RuntimeError(message)
    return logistics.Waypoint(
        name=address["city"],
        country=address["country"],
        latitude=address["latitude"],
        longitude=address["longitude"],
        timezone=address["timezone"],
        place_id=address["place_id"],
        recipient=address["recipient"],
        phone=address["phone"],
        lines=tuple(address["lines"]),
    )


async def deliver_orders(tx: Tx, commands: Sequence[Deliver]) -> list[Moved | Refused]:
    """Note that orders have arrived, when every parcel of theirs was delivered."""
    return await once(tx, commands, _deliver, Moved | Refused)


async def _deliver(tx: Tx, commands: list[Deliver]) -> list[Moved | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    terms = await terms_of(tx, [steps.order(command.order_id) for command in commands])
    under_way = await _under_way(tx, [command.order_id for command in commands])
    answers: list[Moved | Refused] = []
    for command in commands:
        order = steps.order(command.order_id)
        if order is None:
            answers.append(Refused(Code.ORDER_UNKNOWN))
        elif order.state is not State.SHIPPED:
            answers.append(Refused(Code.ORDER_STATE, {"state": order.state}))
        elif order.id in under_way:
            answers.append(Refused(Code.NOT_DUE))
        else:
            due = unconfirmed(terms[order.market_id], order, tx.now, scanned=True)
            after = steps.step(order, State.DELIVERED, command, due=due)
            answers.append(moved(after))
    await steps.write()
    return answers


async def _under_way(tx: Tx, order_ids: Sequence[UUID]) -> set[UUID]:
    """Tell which orders still have a parcel that was not handed over."""
    parcels = await logistics.parcels_of(tx, order_ids)
    arrived = logistics.Status.DELIVERED
    return {
        order_id
        for order_id, theirs in parcels.items()
        if any(parcel.status is not arrived for parcel in theirs)
    }
