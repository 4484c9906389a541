"""Logistics' part of the audit: every status follows from the scans that are kept."""

from uuid import UUID

from serai.kernel.proof import Breach, Proof
from serai.kernel.tx import Tx, columns
from serai.logistics.model import Parcel
from serai.logistics.parcels import scans_of
from serai.logistics.status import standing

_PAGE = 1000

_NEXT = f"""
select {columns(Parcel)} from logistics_parcel
where $1::uuid is null or id > $1 order by id limit $2
"""  # noqa: S608  the columns are a class's own

_ASTRAY = """
select s.id from logistics_scan as s
where not exists (
    select from logistics_parcel as p
    where p.id = s.parcel_id and p.number = s.number and p.market_id = s.market_id)
order by s.id
"""


async def audit(tx: Tx) -> list[Proof]:
    """Check that scans belong to parcels, and that each parcel stands where they put it."""
    return [await folded(tx), await attached(tx)]


async def folded(tx: Tx) -> Proof:
    """Check that every parcel's status is the fold of its scans."""
    last: UUID | None = None
    count = 0
    breaches = []
    while page := await tx.fetch(Parcel, _NEXT, last, _PAGE):
        last = page[-1].id
        count += len(page)
        scans = await scans_of(tx, [parcel.id for parcel in page])
        for parcel in page:
            now = standing(scans[parcel.id])
            if (parcel.status, parcel.status_at) != (now.status, now.since or parcel.booked_at):
                says = f"kept as {parcel.status}, its scans say {now.status}"
                breaches.append(Breach(says, (f"logistics_parcel {parcel.id}",)))
    return Proof("a parcel's status follows from its scans", count, tuple(breaches))


async def attached(tx: Tx) -> Proof:
    """Check that every scan is of a parcel that exists, under its number."""
    astray = await tx.values(_ASTRAY)
    breaches = tuple(Breach("a scan of no parcel", (f"logistics_scan {id}",)) for id in astray)
    count = await tx.value("select count(*) from logistics_scan")
    return Proof("a scan belongs to a parcel", count, breaches)
