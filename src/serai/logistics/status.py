"""How far a parcel is: a fold over its scans by the time at which each happened.

Scans arrive late, twice and in any order; whichever way they come, the same
scans give the same status. A scan that was declared wrong counts for nothing.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from serai.logistics.model import ENDED, Observation, Status, Step

_LEADS_TO = {
    Step.ACCEPT: Status.ACCEPTED,
    Step.DEPART: Status.IN_TRANSIT,
    Step.ARRIVE: Status.IN_TRANSIT,
    Step.OUT_FOR_DELIVERY: Status.OUT_FOR_DELIVERY,
    Step.ATTEMPT_FAIL: Status.ATTEMPT_FAILED,
    Step.DELIVER: Status.DELIVERED,
    Step.RETURN: Status.RETURNED,
    Step.CANCEL: Status.CANCELLED,
}

_RANK = {step: rank for rank, step in enumerate(Step)}
"""Of scans of one moment, the one nearer to the door is the later."""


class Standing(Struct, frozen=True):
    """A parcel's status, and when it came to it; None while it is only booked."""

    status: Status
    since: datetime | None = None


def fold(scans: Iterable[Observation]) -> Status:
    """Tell a parcel's status from its scans, whatever their order or repetition."""
    return standing(scans).status


def standing(scans: Iterable[Observation]) -> Standing:
    """Tell a parcel's status and since when, from its scans in any order."""
    now = Standing(Status.BOOKED)
    for scan in counted(scans):
        status = _after(now.status, scan.step)
        if status != now.status:
            now = Standing(status, scan.event_time)
    return now


def counted(scans: Iterable[Observation]) -> list[Observation]:
    """Give the scans that count, each once, in the order in which they happened."""
    once = {scan.id: scan for scan in scans}
    wrong = {scan.declares for scan in once.values()}
    valid = [scan for scan in once.values() if scan.declares is None and scan.id not in wrong]
    return sorted(valid, key=lambda scan: (scan.event_time, _RANK[scan.step], scan.id))


def _after(status: Status, step: Step) -> Status:
    if status in ENDED:
        return status
    if step is Step.CANCEL and status is not Status.BOOKED:
        # It was on its way by then: taking the booking back came too late.
        return status
    if step is Step.ACCEPT and status is not Status.BOOKED:
        # A hand-over between two of its carriers.
        return Status.IN_TRANSIT
    return _LEADS_TO[step]
