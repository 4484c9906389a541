"""Carriers: who takes a parcel, what they promise, and the one that is built in."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from serai.kernel.errors import Refused
from serai.logistics import sscc
from serai.logistics.model import (
    COURIER,
    Booking,
    Code,
    Parcel,
    Quote,
    Status,
    Waypoint,
)

EARTH_RADIUS_KM = 6371.0088
"""The mean radius (IUGG)."""


class Carrier(Protocol):
    """Whoever carries parcels.

    All of this happens inside a transaction, so nobody outside is called here:
    an adapter for a carrier with a system of its own records what its worker
    will tell that system.
    """

    code: str
    prefix: str
    """The GS1 company prefix under which its parcels are numbered."""

    def quote(self, origin: Waypoint, destination: Waypoint, weight_g: int) -> Quote:
        """Tell how long a parcel of that weight will take."""
        ...

    def book(self, booking: Booking) -> timedelta:
        """Take a booking; gives the longest that the parcel may take."""
        ...

    def cancel(self, parcel: Parcel) -> Refused | None:
        """Give a booking back; a refusal where it is too late for that."""
        ...


class Courier:
    """The market's own courier: a van in town, a lorry between towns, a plane beyond."""

    code = COURIER

    _STRETCHES = ((50, 50), (1_000, 450), (math.inf, 2_500))
    """Up to so many km of the way, it makes so many km a day."""
    _BORDER_DAYS = 2
    _HEAVY_G = 30_000
    """More than one person lifts alone: a day longer."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def quote(self, origin: Waypoint, destination: Waypoint, weight_g: int) -> Quote:
        """Promise a day to collect, the way at its speeds, and the border if there is one."""
        distance = great_circle_km(origin, destination)
        days, begun = 1.0, 0.0
        for until, speed in self._STRETCHES:
            days += max(0.0, min(distance, until) - begun) / speed
            begun = until
        if origin.country != destination.country:
            days += self._BORDER_DAYS
        if weight_g > self._HEAVY_G:
            days += 1
        return Quote(self.code, "standard", round(distance), math.ceil(days))

    def book(self, booking: Booking) -> timedelta:
        """Take every booking, at what was quoted for it."""
        quote = self.quote(booking.origin, booking.destination, booking.weight_g)
        return timedelta(days=quote.days)

    def cancel(self, parcel: Parcel) -> Refused | None:
        """Give a booking back until the parcel is accepted."""
        if parcel.status is Status.BOOKED:
            return None
        return Refused(Code.ALREADY_MOVING, {"status": str(parcel.status)})


def great_circle_km(one: Waypoint, other: Waypoint) -> float:
    """Measure the shortest way over the globe (haversine formula)."""
    latitude, other_latitude = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = (
        math.sin((other_latitude - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(other_latitude) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def carrier(code: str) -> Carrier:
    """Find a carrier by its code; raises for one that nobody here knows."""
    found = CARRIERS.get(code)
    if found is None:
        raise LookupError(f"no carrier is called {code!r}")
    return found


CARRIERS: Mapping[str, Carrier] = {COURIER: Courier(sscc.PREFIX)}
"""Those that this program can book, by their code."""


def quote(origin: Waypoint, destination: Waypoint, weight_g: int, code: str = COURIER) -> Quote:
    """Ask a carrier how long a parcel of that weight takes."""
    return carrier(code).quote(origin, destination, weight_g)
