"""Scans as the world reads them: GS1 EPCIS 2.0 events in JSON-LD.

Business steps and dispositions are words of GS1's Core Business Vocabulary
(CBV 2.0, sections 7.1 and 7.2), which has none for a courier's last mile: that a
parcel is out for delivery is told by `transporting`, a failed attempt by `holding`.
"""

from typing import Any, NamedTuple
from uuid import UUID

from serai.logistics import sscc
from serai.logistics.model import Observation, Step

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
"""Where the words of an event are defined."""

OBSERVE = "OBSERVE"
"""The action of every scan: the parcel is seen, neither made nor unmade by it."""


class Meaning(NamedTuple):
    """What a step is in CBV, and whether the parcel is at the read point afterwards."""

    business_step: str
    disposition: str
    stays: bool


MEANINGS = {
    Step.ACCEPT: Meaning("accepting", "in_progress", stays=True),
    Step.DEPART: Meaning("departing", "in_transit", stays=False),
    Step.ARRIVE: Meaning("arriving", "in_progress", stays=True),
    Step.OUT_FOR_DELIVERY: Meaning("transporting", "in_transit", stays=False),
    Step.ATTEMPT_FAIL: Meaning("holding", "in_transit", stays=False),
    Step.DELIVER: Meaning("receiving", "in_progress", stays=True),
    Step.RETURN: Meaning("receiving", "returned", stays=True),
    Step.CANCEL: Meaning("void_shipping", "in_progress", stays=True),
}


def epcis(scan: Observation) -> dict[str, Any]:
    """Write a scan as an EPCIS 2.0 ObjectEvent, complete with its context.

    One that declares another wrong is written as EPCIS has it: the wrong event
    again, under its own id, with an `errorDeclaration`.
    """
    meaning = MEANINGS[scan.step]
    event: dict[str, Any] = {
        "@context": [CONTEXT],
        "type": "ObjectEvent",
        "eventID": _event_id(scan.declares or scan.id),
        "eventTime": scan.event_time.isoformat(timespec="milliseconds"),
        "eventTimeZoneOffset": zone(scan.zone_offset),
        "recordTime": scan.record_time.isoformat(timespec="milliseconds"),
        "action": scan.action,
        "bizStep": meaning.business_step,
        "disposition": scan.disposition,
        "epcList": [sscc.urn(scan.number)],
    }
    if scan.read_point is not None:
        place = {"id": f"https://sws.geonames.org/{scan.read_point}/"}
        event["readPoint"] = place
        if meaning.stays:
            event["bizLocation"] = place
    if scan.declares is not None:
        event["errorDeclaration"] = {
            "declarationTime": scan.record_time.isoformat(timespec="milliseconds"),
            "reason": "did_not_occur",
        }
    return event


def zone(minutes: int) -> str:
    """Write an offset from UTC: `+08:00`."""
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{sign}{hours:02d}:{rest:02d}"


def _event_id(scan_id: UUID) -> str:
    return f"urn:uuid:{scan_id}"
