"""Parcels for the tests of logistics: from Hangzhou to Lisbon, and what is seen of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from serai import logistics
from serai.kernel.tx import Tx
from serai.logistics import Booking, Parcel, Scan, Scanned, Step, Waypoint

MARKET, SENDER, RECEIVER, COURIER = uuid4(), uuid4(), uuid4(), uuid4()

HANGZHOU = Waypoint(
    name="Hangzhou",
    country="CN",
    latitude=30.29365,
    longitude=120.16142,
    timezone="Asia/Shanghai",
    place_id=1808926,
)
LISBON = Waypoint(
    name="Lisbon",
    country="PT",
    latitude=38.72509,
    longitude=-9.1498,
    timezone="Europe/Lisbon",
    place_id=2267057,
    recipient="Inês",
    lines=("Rua Augusta 1", "1100-048"),
)


def booking(**more: Any) -> Booking:  # noqa: ANN401  any field
    given: dict[str, Any] = {
        "id": uuid4(),
        "market_id": MARKET,
        "order_id": uuid4(),
        "sender_id": SENDER,
        "receiver_id": RECEIVER,
        "origin": HANGZHOU,
        "destination": LISBON,
        "weight_g": 850,
    }
    return Booking(**(given | more))


async def booked(tx: Tx, **more: Any) -> Parcel:  # noqa: ANN401  any field
    (parcel,) = await logistics.book(tx, [booking(**more)])
    return parcel


def seen(parcel: Parcel, step: Step, at: datetime, **more: Any) -> Scan:  # noqa: ANN401  any field
    given: dict[str, Any] = {
        "id": uuid4(),
        "market_id": MARKET,
        "actor_id": COURIER,
        "parcel_id": parcel.id,
        "step": step,
        "event_time": at,
        "zone_offset_minutes": 480,
    }
    return Scan(**(given | more))


async def scanned(tx: Tx, parcel: Parcel, *steps: Step) -> list[UUID]:
    """Scan the steps a minute apart from the booking on; gives the scans' ids."""
    at = [parcel.booked_at + timedelta(minutes=n) for n in range(len(steps))]
    commands = [seen(parcel, step, at[n]) for n, step in enumerate(steps)]
    outcomes = await logistics.scan(tx, commands)
    assert all(isinstance(outcome, Scanned) for outcome in outcomes), outcomes
    return [outcome.scan_id for outcome in outcomes if isinstance(outcome, Scanned)]


async def news(tx: Tx, order_id: UUID) -> list[str]:
    """List the kinds of events about an order, in order."""
    sql = "select kind from kernel_event where subject = $1 order by id"
    return [str(kind) for kind in await tx.values(sql, order_id)]
