"""Parcels at the machine's door: followed by their number, scanned by couriers.

Whoever has the number learns how far a parcel is; who sends it, to whom and
where to, only they and those who carry it.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from serai import logistics, members
from serai.api import refusals
from serai.api.asked import CommandId, Part, TheCaller, TheHouse, TheMarket, TheVisitor
from serai.api.bodies import Body
from serai.api.callers import public, requires
from serai.api.pages import Page, paged
from serai.api.says import accepted, decline
from serai.kernel.tx import Tx
from serai.logistics import Corrected, Observation, Parcel, Scanned, Status, Step, Waypoint
from serai.members import Caller, Role, Scope

Moment = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=500)]

_SCAN = requires(Scope.SHIPPING_WRITE, role=Role.COURIER)
_SCHEMA = "2.0"


class NewScan(Body, kw_only=True):
    """What was seen of a parcel, when and where."""

    step: Step
    event_time: Moment
    zone_offset_minutes: Annotated[
        int, Meta(ge=-840, le=840, description="East of UTC, where it happened.")
    ]
    place_id: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    note: Words = ""


class Correction(Body):
    """Why the scan is declared wrong."""

    reason: Words = ""


class SeenScan(Struct, frozen=True):
    """A scan as anyone who has the number may see it."""

    id: UUID
    step: Step
    at: datetime
    zone_offset_minutes: int
    recorded_at: datetime
    place_id: int | None
    place: str | None
    declared_wrong: bool


class Ends(Struct, frozen=True):
    """What only the two sides of a parcel, and those who carry it, may know."""

    order_id: UUID
    sender_id: UUID
    receiver_id: UUID
    origin: Waypoint
    destination: Waypoint
    weight_g: int
    notes: dict[UUID, str]
    """What couriers noted, by the scan."""


class Tracking(Struct, frozen=True):
    """How far a parcel is. `ends` is null for who has no part in it."""

    id: UUID
    number: str
    carrier: str
    service: str
    status: Status
    status_at: datetime
    booked_at: datetime
    promised_at: datetime
    scans: list[SeenScan]
    ends: Ends | None


class EventList(Struct, frozen=True, rename="camel"):
    """The events of an EPCIS document."""

    event_list: list[dict[str, Any]]


class Document(Struct, frozen=True, rename={"context": "@context"}):
    """An EPCIS 2.0 document in JSON-LD (GS1)."""

    context: list[str]
    type: str
    schemaVersion: str  # noqa: N815  the standard's own spelling
    creationDate: datetime  # noqa: N815
    epcisBody: EventList  # noqa: N815


@get("/parcels", tags=["parcels"], opt=requires(Scope.READ, role=Role.COURIER))
async def list_parcels(
    request: Request[Any, Any, Any], house: TheHouse, caller: TheCaller, part: Part
) -> Response[Page[Parcel]]:
    """List what is still to be carried, for couriers."""
    rows = await house.ask(logistics.open_parcels, caller.market_id, part.after(UUID), part.fetch)
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


@get("/parcels/{number:str}", tags=["parcels"], opt=public())
async def show_parcel(
    house: TheHouse, market: TheMarket, visitor: TheVisitor, number: FromPath[str]
) -> Tracking:
    """Follow a parcel by the number on its label (SSCC), or by its id.

    Anyone who has the number sees how far it is; its two sides, couriers and
    operators see the rest too.
    """

    async def read(tx: Tx) -> Tracking:
        parcel = await _find(tx, market.id, number)
        scans = (await logistics.scans_of(tx, [parcel.id]))[parcel.id]
        ends = _ends(parcel, scans) if _has_part(visitor, parcel) else None
        return _tracking(parcel, scans, ends)

    return await house.ask(read)


async def _find(tx: Tx, market_id: UUID, named: str) -> Parcel:
    """Find a parcel of this market by its number or its id."""
    try:
        found = await logistics.parcel(tx, UUID(named))
    except ValueError:
        found = await logistics.by_number(tx, named)
    if found is None or found.market_id != market_id:
        raise decline(logistics.Code.PARCEL_UNKNOWN)
    return found


def _has_part(visitor: Caller | None, parcel: Parcel) -> bool:
    if visitor is None or not visitor.may(Scope.READ):
        return False
    runs_it = Role.OPERATOR in visitor.roles and visitor.may(Scope.MARKET_OPERATE)
    is_end = visitor.member_id in {parcel.sender_id, parcel.receiver_id}
    return is_end or runs_it or Role.COURIER in visitor.roles


def _tracking(parcel: Parcel, scans: list[Observation], ends: Ends | None) -> Tracking:
    wrong = {scan.declares for scan in scans}
    return Tracking(
        parcel.id,
        parcel.number,
        parcel.carrier,
        parcel.service,
        parcel.status,
        parcel.status_at,
        parcel.booked_at,
        parcel.promised_at,
        [_seen(scan, wrong=scan.id in wrong) for scan in scans if scan.declares is None],
        ends,
    )


def _seen(scan: Observation, *, wrong: bool) -> SeenScan:
    place = members.place(scan.read_point) if scan.read_point else None
    return SeenScan(
        scan.id,
        scan.step,
        scan.event_time,
        scan.zone_offset,
        scan.record_time,
        scan.read_point,
        place.name if place else None,
        wrong,
    )


def _ends(parcel: Parcel, scans: list[Observation]) -> Ends:
    return Ends(
        parcel.order_id,
        parcel.sender_id,
        parcel.receiver_id,
        parcel.origin,
        parcel.destination,
        parcel.weight_g,
        {scan.declares or scan.id: scan.note for scan in scans if scan.note},
    )


@get("/parcels/{number:str}/events", tags=["parcels"], opt=requires(Scope.READ))
async def list_parcel_events(house: TheHouse, caller: TheCaller, number: FromPath[str]) -> Document:
    """Give a parcel's scans as an EPCIS 2.0 document, for its two sides and who carries it."""

    async def read(tx: Tx) -> Document:
        parcel = await _find(tx, caller.market_id, number)
        if not _has_part(caller, parcel):
            raise decline(logistics.Code.PARCEL_UNKNOWN)
        scans = (await logistics.scans_of(tx, [parcel.id]))[parcel.id]
        events = [logistics.epcis(scan) for scan in scans]
        context = sorted({word for event in events for word in event.pop("@context")})
        return Document(context, "EPCISDocument", _SCHEMA, tx.now, EventList(events))

    return await house.ask(read)


@post("/parcels/{number:str}/scans", tags=["parcels"], opt=_SCAN)
async def scan_parcel(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    number: FromPath[str],
    data: JSONBody[NewScan],
) -> Scanned:
    """Keep what you saw of a parcel, as a courier; named by its number or its id."""
    if data.place_id is not None and members.place(data.place_id) is None:
        raise decline("place_unknown", field="place_id", place_id=data.place_id)
    parcel = await house.ask(_find, caller.market_id, number)
    command = logistics.Scan(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        parcel_id=parcel.id,
        step=data.step,
        event_time=data.event_time,
        zone_offset_minutes=data.zone_offset_minutes,
        place_id=data.place_id,
        note=data.note,
    )
    return accepted(await house.submit(logistics.scan, command))


@post("/parcels/{number:str}/scans/{scan_id:uuid}/correction", tags=["parcels"], opt=_SCAN)
async def correct_scan(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    number: FromPath[str],
    scan_id: FromPath[UUID],
    data: JSONBody[Correction],
) -> Corrected:
    """Declare that a scan did not occur; the parcel stands as if it had never been."""
    parcel = await house.ask(_find, caller.market_id, number)
    command = logistics.Correct(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        parcel_id=parcel.id,
        scan_id=scan_id,
        reason=data.reason,
    )
    return accepted(await house.submit(logistics.correct, command))


ROUTES = [list_parcels, show_parcel, list_parcel_events, scan_parcel, correct_scan]
REFUSALS = refusals.LOGISTICS
