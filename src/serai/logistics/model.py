"""What travels, in structs: parcels, scans, commands, outcomes and the codes of refusals."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from serai.kernel.commands import Command
from serai.kernel.tx import Row

COURIER = "serai-courier"
"""The built-in carrier."""


class Code(StrEnum):
    """Why logistics refuses."""

    PARCEL_UNKNOWN = "parcel_unknown"
    SCAN_UNKNOWN = "scan_unknown"
    """The parcel has no such scan, or it was declared wrong before."""
    TIME_IN_FUTURE = "time_in_future"
    TIME_BEFORE_BOOKING = "time_before_booking"
    ZONE_OUT_OF_RANGE = "zone_out_of_range"
    """An offset from UTC is within 14 hours."""
    ALREADY_ENDED = "already_ended"
    """The parcel was delivered, returned or cancelled before that moment."""
    ALREADY_MOVING = "already_moving"
    """Only a parcel that nobody has accepted yet can be cancelled."""


class Status(StrEnum):
    """How far a parcel is."""

    BOOKED = "booked"
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAILED = "attempt_failed"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.DELIVERED, Status.RETURNED, Status.CANCELLED})
"""Where a parcel stays, unless the scan that brought it there is declared wrong."""


class Step(StrEnum):
    """What a scan saw happen to a parcel."""

    ACCEPT = "accept"
    """The carrier took it over."""
    DEPART = "depart"
    ARRIVE = "arrive"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAIL = "attempt_fail"
    """The courier was there and could not hand it over."""
    DELIVER = "deliver"
    RETURN = "return"
    """The sender has it again."""
    CANCEL = "cancel"
    """The booking was taken back before the carrier had it."""


class Waypoint(Struct, frozen=True, kw_only=True):
    """One end of a parcel's way: a place (degrees are WGS 84), and who is there."""

    name: str
    country: str
    latitude: float
    longitude: float
    timezone: str = "UTC"
    place_id: int | None = None
    """Of GeoNames."""
    recipient: str = ""
    phone: str = ""
    lines: tuple[str, ...] = ()
    """The address, from the street to the door."""


class Parcel(Row, frozen=True):
    """A thing that travels for an order. `number` is its SSCC (GS1), on the label."""

    table: ClassVar[str] = "logistics_parcel"

    id: UUID
    market_id: UUID
    order_id: UUID
    number: str
    carrier: str
    service: str
    sender_id: UUID
    receiver_id: UUID
    origin: Waypoint
    destination: Waypoint
    weight_g: int
    promised_at: datetime
    booked_at: datetime
    status: Status
    """The fold of its scans, kept here so that a list need not read them."""
    status_at: datetime


class Observation(Row, frozen=True):
    """A scan that is kept: one observation of a parcel, an EPCIS event, never changed."""

    table: ClassVar[str] = "logistics_scan"

    id: UUID
    parcel_id: UUID
    market_id: UUID
    number: str
    action: str
    step: Step
    disposition: str
    event_time: datetime
    zone_offset: int
    """Minutes east of UTC where it happened."""
    record_time: datetime
    read_point: int | None
    """The place where it happened (GeoNames)."""
    actor_id: UUID
    note: str
    declares: UUID | None = None
    """The scan that this row repeats in order to declare that it did not occur."""


class Booking(Struct, frozen=True, kw_only=True):
    """A parcel to be carried. The parcel gets the booking's id."""

    id: UUID
    market_id: UUID
    order_id: UUID
    sender_id: UUID
    receiver_id: UUID
    origin: Waypoint
    destination: Waypoint
    weight_g: int
    carrier: str = COURIER
    service: str = "standard"


class Quote(Struct, frozen=True):
    """What a carrier promises for a way. Its price is the shop's affair, which sets the fee."""

    carrier: str
    service: str
    distance_km: int
    days: int


class Scan(Command, frozen=True, kw_only=True):
    """Somebody saw a parcel: named by its id or by the number on its label."""

    parcel_id: UUID | None = None
    number: str | None = None
    step: Step
    event_time: datetime
    zone_offset_minutes: int
    place_id: int | None = None
    note: str = ""


class Scanned(Struct, frozen=True, tag="scanned", tag_field="outcome"):
    """The scan is kept; `status` is the parcel's after it."""

    scan_id: UUID
    parcel_id: UUID
    order_id: UUID
    number: str
    status: Status
    at: datetime
    """When it happened."""


class Correct(Command, frozen=True, kw_only=True):
    """Declare that a scan did not occur. What did occur is another scan."""

    parcel_id: UUID
    scan_id: UUID
    reason: str = ""


class Corrected(Struct, frozen=True, tag="corrected", tag_field="outcome"):
    """The scan counts no more; `status` is the parcel's without it."""

    scan_id: UUID
    parcel_id: UUID
    order_id: UUID
    number: str
    status: Status
