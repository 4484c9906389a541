"""Logistics: parcels, who carries them, and every scan on their way.

The scans are the truth and are never changed; a parcel's status is a fold over
them. Carriers stand behind one protocol, the market's own courier among them.
"""

from serai.logistics.booking import book
from serai.logistics.carriers import CARRIERS, Carrier, great_circle_km, quote
from serai.logistics.epcis import epcis
from serai.logistics.model import (
    COURIER,
    ENDED,
    Booking,
    Code,
    Correct,
    Corrected,
    Observation,
    Parcel,
    Quote,
    Scan,
    Scanned,
    Status,
    Step,
    Waypoint,
)
from serai.logistics.parcels import (
    by_number,
    open_parcels,
    parcel,
    parcels,
    parcels_of,
    scans_of,
)
from serai.logistics.proofs import attached, audit, folded
from serai.logistics.scanning import correct, scan
from serai.logistics.status import Standing, fold, standing

__all__ = [
    "CARRIERS",
    "COURIER",
    "ENDED",
    "Booking",
    "Carrier",
    "Code",
    "Correct",
    "Corrected",
    "Observation",
    "Parcel",
    "Quote",
    "Scan",
    "Scanned",
    "Standing",
    "Status",
    "Step",
    "Waypoint",
    "attached",
    "audit",
    "book",
    "by_number",
    "correct",
    "epcis",
    "fold",
    "folded",
    "great_circle_km",
    "open_parcels",
    "parcel",
    "parcels",
    "parcels_of",
    "quote",
    "scan",
    "scans_of",
    "standing",
]
