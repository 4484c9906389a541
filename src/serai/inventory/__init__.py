"""Inventory: how much of a variant is on the shelf, and how much is spoken for.

`on_hand` counts units on the shelf, `reserved` those that live orders hold. What
is left, `available`, is never negative: the table says so, not the code. Every
movement is kept, and the counters are their sum.
"""

from serai.inventory.levels import (
    available,
    levels,
    levels_of_shop,
    live_reservations,
    low,
    movements,
)
from serai.inventory.locations import add_location, ensure_location, locations, locations_of
from serai.inventory.model import (
    ON_HAND_MAX,
    QUANTITY_MAX,
    Adjust,
    Adjusted,
    Code,
    Ended,
    Kind,
    Level,
    Line,
    Location,
    Movement,
    Pick,
    Reservation,
    Reserved,
    Restock,
    Restocked,
    Return,
    Returned,
    Take,
)
from serai.inventory.proofs import audit, bounded, ended_once, held, recounted
from serai.inventory.reservations import claim, release, reserve
from serai.inventory.returns import take_back
from serai.inventory.shelf import adjust, restock

__all__ = [
    "ON_HAND_MAX",
    "QUANTITY_MAX",
    "Adjust",
    "Adjusted",
    "Code",
    "Ended",
    "Kind",
    "Level",
    "Line",
    "Location",
    "Movement",
    "Pick",
    "Reservation",
    "Reserved",
    "Restock",
    "Restocked",
    "Return",
    "Returned",
    "Take",
    "add_location",
    "adjust",
    "audit",
    "available",
    "bounded",
    "claim",
    "ended_once",
    "ensure_location",
    "held",
    "levels",
    "levels_of_shop",
    "live_reservations",
    "locations",
    "locations_of",
    "low",
    "movements",
    "recounted",
    "release",
    "reserve",
    "restock",
    "take_back",
]
