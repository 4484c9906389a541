"""Scanning: what is seen of a parcel is kept, and moves its status on.

A scan that comes late is kept where it belongs in time. Once a parcel is
delivered, returned or cancelled it stays so; only a correction, which declares
a scan wrong, takes it out again.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from serai.kernel import ids
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.outbox import Event, emit, event
from serai.kernel.tx import Tx
from serai.logistics.carriers import carrier
from serai.logistics.epcis import MEANINGS, OBSERVE
from serai.logistics.model import (
    ENDED,
    Code,
    Correct,
    Corrected,
    Observation,
    Parcel,
    Scan,
    Scanned,
    Status,
    Step,
)
from serai.logistics.parcels import scans_of
from serai.logistics.status import counted, standing

CLOCKS_APART_MAX = timedelta(minutes=5)
"""How far the clock of a scanner may be from ours."""
ZONE_MAX_MINUTES = 14 * 60

_ENDINGS = frozenset({Step.DELIVER, Step.RETURN, Step.CANCEL})


async def scan(tx: Tx, commands: Sequence[Scan]) -> list[Scanned | Refused]:
    """Keep scans; one outcome a command, in order, the same to the same id.

    Emits `parcel.scanned` for each, and `parcel.delivered` or `parcel.returned`
    for the one by which its parcel comes to that end; all about the order.
    """
    return await once(tx, commands, _scan, Scanned | Refused)


async def correct(tx: Tx, commands: Sequence[Correct]) -> list[Corrected | Refused]:
    """Declare scans wrong; one outcome a command, in order, the same to the same id.

    Emits `parcel.corrected` about the order, with the status that is left.
    """
    return await once(tx, commands, _correct, Corrected | Refused)


class _Change(NamedTuple):
    """A parcel before and after a scan, and the scan."""

    before: Parcel
    after: Parcel
    scan: Observation


async def _scan(tx: Tx, commands: list[Scan]) -> list[Scanned | Refused]:
    by_number = await _ids_of(tx, [command.number for command in commands if command.number])
    named = [command.parcel_id or by_number.get(command.number or "") for command in commands]
    parcels, history = await _locked(tx, [parcel_id for parcel_id in named if parcel_id])
    outcomes: list[Scanned | Refused] = []
    changes: list[_Change] = []
    for command, parcel_id in zip(commands, named, strict=True):
        parcel = parcels.get(parcel_id) if parcel_id else None
        refused = _refusal(tx, command, parcel)
        if refused is not None or parcel is None:
            outcomes.append(refused or Refused(Code.PARCEL_UNKNOWN))
            continue
        observation = _observation(tx, command, parcel)
        after = _seen(parcel, history[parcel.id], observation)
        parcels[parcel.id] = after
        changes.append(_Change(parcel, after, observation))
        outcomes.append(
            Scanned(
                observation.id,
                parcel.id,
                parcel.order_id,
                parcel.number,
                after.status,
                command.event_time,
            )
        )
    await _keep(tx, changes)
    return outcomes


def _refusal(tx: Tx, command: Scan, parcel: Parcel | None) -> Refused | None:
    if parcel is None or parcel.market_id != command.market_id:
        return Refused(Code.PARCEL_UNKNOWN)
    if command.number is not None and command.number != parcel.number:
        return Refused(Code.PARCEL_UNKNOWN)
    if abs(command.zone_offset_minutes) > ZONE_MAX_MINUTES:
        return Refused(Code.ZONE_OUT_OF_RANGE, {"minutes": command.zone_offset_minutes})
    if command.event_time > tx.now + CLOCKS_APART_MAX:
        return Refused(Code.TIME_IN_FUTURE, {"now": tx.now.isoformat()})
    if command.event_time < parcel.booked_at - CLOCKS_APART_MAX:
        return Refused(Code.TIME_BEFORE_BOOKING, {"booked_at": parcel.booked_at.isoformat()})
    if parcel.status in ENDED:
        late = command.event_time <= parcel.status_at and command.step not in _ENDINGS
        if parcel.status is Status.CANCELLED or not late:
            facts = {"status": str(parcel.status), "since": parcel.status_at.isoformat()}
            return Refused(Code.ALREADY_ENDED, facts)
    if command.step is Step.CANCEL:
        return carrier(parcel.carrier).cancel(parcel)
    return None


def _observation(tx: Tx, command: Scan, parcel: Parcel) -> Observation:
    return Observation(
        ids.derive(command.id, "scan"),
        parcel.id,
        parcel.market_id,
        parcel.number,
        OBSERVE,
        command.step,
        MEANINGS[command.step].disposition,
        command.event_time,
        command.zone_offset_minutes,
        tx.now,
        command.place_id,
        command.actor_id,
        command.note,
    )


async def _correct(tx: Tx, commands: list[Correct]) -> list[Corrected | Refused]:
    parcels, history = await _locked(tx, [command.parcel_id for command in commands])
    outcomes: list[Corrected | Refused] = []
    changes: list[_Change] = []
    for command in commands:
        parcel = parcels.get(command.parcel_id)
        if parcel is None or parcel.market_id != command.market_id:
            outcomes.append(Refused(Code.PARCEL_UNKNOWN))
            continue
        valid = {one.id: one for one in counted(history[parcel.id])}
        wrong = valid.get(command.scan_id)
        if wrong is None:
            outcomes.append(Refused(Code.SCAN_UNKNOWN))
            continue
        declaration = msgspec.structs.replace(
            wrong,
            id=ids.derive(command.id, "correct"),
            record_time=tx.now,
            actor_id=command.actor_id,
            note=command.reason,
            declares=wrong.id,
        )
        after = _seen(parcel, history[parcel.id], declaration)
        parcels[parcel.id] = after
        changes.append(_Change(parcel, after, declaration))
        outcomes.append(
            Corrected(wrong.id, parcel.id, parcel.order_id, parcel.number, after.status)
        )
    await _keep(tx, changes)
    return outcomes


_IDS = "select number, id from logistics_parcel where number = any($1)"


class _Numbered(msgspec.Struct, frozen=True):
    number: str
    id: UUID


async def _ids_of(tx: Tx, numbers: Sequence[str]) -> dict[str, UUID]:
    if not numbers:
        return {}
    return {one.number: one.id for one in await tx.fetch(_Numbered, _IDS, list(numbers))}


async def _locked(
    tx: Tx, parcel_ids: Sequence[UUID]
) -> tuple[dict[UUID, Parcel], dict[UUID, list[Observation]]]:
    locked = await lock(tx, Parcel, parcel_ids)
    parcels = {parcel.id: parcel for parcel in locked}
    return parcels, await scans_of(tx, list(parcels))


def _seen(parcel: Parcel, history: list[Observation], scan: Observation) -> Parcel:
    """Add a scan to the history; gives the parcel as it stands then."""
    history.append(scan)
    now = standing(history)
    return msgspec.structs.replace(
        parcel, status=now.status, status_at=now.since or parcel.booked_at
    )


_STAND = """
update logistics_parcel as p set status = new.status, status_at = new.status_at
from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as new(id, status, status_at)
where p.id = new.id
"""


async def _keep(tx: Tx, changes: Sequence[_Change]) -> None:
    """Write the scans, the parcels that they moved on, and the news of both."""
    if not changes:
        return
    await tx.insert([change.scan for change in changes])
    last = {change.after.id: change.after for change in changes}
    await tx.execute(
        _STAND,
        list(last),
        [str(parcel.status) for parcel in last.values()],
        [parcel.status_at for parcel in last.values()],
    )
    await emit(tx, [news for change in changes for news in _news(tx, change)])


def _news(tx: Tx, change: _Change) -> list[Event]:
    kinds = ["parcel.scanned" if change.scan.declares is None else "parcel.corrected"]
    if change.after.status is Status.DELIVERED and change.before.status is not Status.DELIVERED:
        kinds.append("parcel.delivered")
    if change.after.status is Status.RETURNED and change.before.status is not Status.RETURNED:
        kinds.append("parcel.returned")
    parcel = change.after
    body: dict[str, Any] = {
        "parcel_id": parcel.id,
        "order_id": parcel.order_id,
        "number": parcel.number,
        "scan_id": change.scan.declares or change.scan.id,
        "step": change.scan.step,
        "status": parcel.status,
        "at": change.scan.event_time,
    }
    return [
        event(
            tx,
            market_id=parcel.market_id,
            subject=parcel.order_id,
            kind=kind,
            body=body,
            audience=sorted({parcel.sender_id, parcel.receiver_id}),
        )
        for kind in kinds
    ]
