"""What lies on the shelf, in structs: rows, commands, outcomes and the codes of refusals."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from serai.kernel import ids
from serai.kernel.commands import Command
from serai.kernel.tx import Row

QUANTITY_MAX = 1_000_000
"""The most units that one line, delivery or return may have."""

ON_HAND_MAX = 1_000_000_000
"""The most units of a variant that one location may hold; the table says so too."""


class Code(StrEnum):
    """Why inventory refuses."""

    OUT_OF_STOCK = "out_of_stock"
    """No location has that many; `lines` names every line that falls short."""
    QUANTITY_OUT_OF_RANGE = "quantity_out_of_range"
    VARIANT_TWICE = "variant_twice"
    """One order names a variant in two lines."""
    BELOW_RESERVED = "below_reserved"
    """Fewer were counted than live orders hold."""
    TOO_MUCH_STOCK = "too_much_stock"
    LOCATION_UNKNOWN = "location_unknown"
    NOT_RESERVED = "not_reserved"
    """The order holds no stock and never did."""
    ALREADY_ENDED = "already_ended"
    """The order's reservation was claimed, released or expired before; `kind` says which."""
    NOT_SOLD = "not_sold"
    """More is to be returned than left for that order and was not returned yet."""


class Kind(StrEnum):
    """What a movement is."""

    RESTOCK = "restock"
    ADJUST = "adjust"
    RESERVE = "reserve"
    CLAIM = "claim"
    RELEASE = "release"
    EXPIRE = "expire"
    RETURN = "return"


ENDS = (Kind.CLAIM, Kind.RELEASE, Kind.EXPIRE)
"""The kinds that end a reservation."""


class Location(Row, frozen=True):
    """A place where a shop keeps goods. `place_id` is its city's (GeoNames)."""

    table: ClassVar[str] = "inventory_location"

    id: UUID
    market_id: UUID
    shop_id: UUID
    name: str
    place_id: int | None = None


class Stock(Row, frozen=True):
    """How much of a variant lies at a location, and how much of that live orders hold."""

    table: ClassVar[str] = "inventory_stock"
    key: ClassVar[tuple[str, ...]] = ("variant_id", "location_id")

    variant_id: UUID
    location_id: UUID
    market_id: UUID
    on_hand: int
    reserved: int
    updated_at: datetime


class Movement(Row, frozen=True):
    """One change of a stock row, kept for ever: the deltas of all of them are its counters."""

    table: ClassVar[str] = "inventory_movement"

    id: UUID
    market_id: UUID
    variant_id: UUID
    location_id: UUID
    kind: Kind
    quantity: int
    on_hand_delta: int
    reserved_delta: int
    reference_id: UUID
    """The order that it was for; of a restock or adjustment, the command."""
    actor_id: UUID
    at: datetime
    reason: str


class Line(Struct, frozen=True):
    """So many of a variant for an order. An order names a variant once."""

    order_id: UUID
    variant_id: UUID
    quantity: int


class Take(Struct, frozen=True, kw_only=True):
    """Lines that are reserved together or not at all: those of one checkout."""

    id: UUID
    market_id: UUID
    actor_id: UUID
    lines: tuple[Line, ...]


class Pick(Struct, frozen=True):
    """So many of a variant, and the location that they are at."""

    order_id: UUID
    variant_id: UUID
    location_id: UUID
    quantity: int


def pick_of(movement: Movement) -> Pick:
    """Tell what a movement for an order moved, and from or to where."""
    return Pick(movement.reference_id, movement.variant_id, movement.location_id, movement.quantity)


class Reserved(Struct, frozen=True, tag="reserved", tag_field="outcome"):
    """Every line of the take is set aside; `picks` are in the order of its lines."""

    take_id: UUID
    picks: tuple[Pick, ...]


class Ended(Struct, frozen=True, tag="ended", tag_field="outcome"):
    """The order holds no stock any more: its goods left (claim) or are free again."""

    order_id: UUID
    kind: Kind
    picks: tuple[Pick, ...]


class Return(Struct, frozen=True, kw_only=True):
    """Sold goods that come back to the shelf. `id` is that of the command behind it."""

    id: UUID
    market_id: UUID
    actor_id: UUID
    lines: tuple[Line, ...]
    reason: str = ""


class Returned(Struct, frozen=True, tag="returned", tag_field="outcome"):
    """The goods are on the shelf again that they were sold from."""

    return_id: UUID
    picks: tuple[Pick, ...]


class Restock(Command, frozen=True, kw_only=True):
    """Put goods on a shelf of the shop; without a location, its first, made when missing.

    Whoever sends this has made sure that the variant and the shop belong to each other.
    """

    variant_id: UUID
    shop_id: UUID
    quantity: int
    location_id: UUID | None = None
    reason: str = ""


class Restocked(Struct, frozen=True, tag="restocked", tag_field="outcome"):
    """What lies there now, and what live orders hold of it."""

    variant_id: UUID
    location_id: UUID
    on_hand: int
    reserved: int


class Adjust(Command, frozen=True, kw_only=True):
    """Somebody counted the shelf: `counted` is what lies there, reserved goods included."""

    variant_id: UUID
    shop_id: UUID
    counted: int
    location_id: UUID | None = None
    reason: str = ""


class Adjusted(Struct, frozen=True, tag="adjusted", tag_field="outcome"):
    """What lies there now; `delta` is what the count added or took away."""

    variant_id: UUID
    location_id: UUID
    on_hand: int
    reserved: int
    delta: int


class Level(Struct, frozen=True):
    """How much of a variant a location has; `available` is what no order holds."""

    variant_id: UUID
    location_id: UUID
    on_hand: int
    reserved: int
    available: int


class Reservation(Struct, frozen=True):
    """Stock that an order holds at this moment."""

    order_id: UUID
    variant_id: UUID
    location_id: UUID
    quantity: int
    at: datetime


def reservation_id(order_id: UUID, variant_id: UUID) -> UUID:
    """Name an order's reservation of a variant: it has no more than one, ever."""
    return ids.derive(order_id, "reserve", variant_id)


def end_id(reservation: UUID) -> UUID:
    """Name the one end that a reservation can have, whichever it is."""
    return ids.derive(reservation, "end")


def back_id(return_id: UUID, order_id: UUID, variant_id: UUID) -> UUID:
    """Name the movement that brings a line of a return back, which happens once."""
    return ids.derive(return_id, "return", order_id, variant_id)
