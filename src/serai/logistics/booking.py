"""Booking: a parcel is announced, numbered and promised."""

from collections import Counter
from collections.abc import Sequence

from serai.kernel.tx import Tx
from serai.logistics import sscc
from serai.logistics.carriers import carrier
from serai.logistics.model import Booking, Parcel, Status
from serai.logistics.parcels import parcels


async def book(tx: Tx, bookings: Sequence[Booking]) -> list[Parcel]:
    """Have parcels carried; one parcel a booking, in order.

    A parcel has its booking's id, so a booking sent again gives the parcel that
    it made. Every number is drawn from its carrier's series and used once.
    """
    known = await parcels(tx, [booking.id for booking in bookings])
    fresh = {booking.id: booking for booking in bookings if booking.id not in known}
    numbers = await _draw(tx, [carrier(booking.carrier).prefix for booking in fresh.values()])
    made = [
        _parcel(tx, booking, number)
        for booking, number in zip(fresh.values(), numbers, strict=True)
    ]
    await tx.insert(made)
    known.update((parcel.id, parcel) for parcel in made)
    return [known[booking.id] for booking in bookings]


def _parcel(tx: Tx, booking: Booking, number: str) -> Parcel:
    return Parcel(
        booking.id,
        booking.market_id,
        booking.order_id,
        number,
        booking.carrier,
        booking.service,
        booking.sender_id,
        booking.receiver_id,
        booking.origin,
        booking.destination,
        booking.weight_g,
        tx.now + carrier(booking.carrier).book(booking),
        tx.now,
        Status.BOOKED,
        tx.now,
    )


_DRAW = """
insert into logistics_series as s (prefix, drawn) values ($1, $2)
on conflict (prefix) do update set drawn = s.drawn + excluded.drawn
returning drawn
"""


async def _draw(tx: Tx, prefixes: Sequence[str]) -> list[str]:
    """Draw a number under each prefix: one statement a prefix, however many are drawn."""
    numbers: dict[str, list[str]] = {}
    for prefix, count in sorted(Counter(prefixes).items()):
        drawn = await tx.value(_DRAW, prefix, count)
        serials = range(drawn - 1, drawn - 1 - count, -1)
        numbers[prefix] = [sscc.number(serial, prefix) for serial in serials]
    return [numbers[prefix].pop() for prefix in prefixes]
