"""Sending: sellers ship, couriers scan what they carry."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from serai import logistics, members, trade
from serai.cli.rehearsal.agenda import Entry, What
from serai.cli.rehearsal.fates import arrival
from serai.cli.rehearsal.model import Ending, Sighting
from serai.cli.rehearsal.stage import LOOKED_INTO, Deal, Stage, agreed, things

_LONGEST_SILENCE = timedelta(days=12)
"""When a buyer confirms whose parcel nobody ever scanned."""
_DEADLINE = timedelta(days=11)
"""When a silent buyer's order is completed, seen from its arrival, with a day to spare."""
_REPORTED = timedelta(hours=16)
"""By when the market has heard of a delivery."""
_MOMENT = timedelta(hours=16)
"""More than lies between two moments at which people look."""


class _Seen(Struct, frozen=True):
    """A scan that a courier is going to make."""

    parcel_id: UUID
    courier_id: UUID
    sighting: Sighting
    place_id: int


async def ship(stage: Stage, due: Sequence[Entry]) -> None:
    """Hand goods over to the courier, and foresee the way to the buyer."""
    deals = things(due, Deal)
    commands = [
        trade.Ship(**stage.command(deal.seller_id), order_id=deal.order_id) for deal in deals
    ]
    async with stage.database.tx() as tx:
        agreed(await trade.ship_orders(tx, commands), "shipping")
        parcels = await logistics.parcels_of(tx, [deal.order_id for deal in deals])
    for deal in deals:
        for parcel in parcels[deal.order_id]:
            _foresee_scans(stage, deal, parcel)
        _foresee_ending(stage, deal, stage.clock.now())


def _foresee_scans(stage: Stage, deal: Deal, parcel: logistics.Parcel) -> None:
    there, here = stage.people[deal.email].geonameid, stage.shops[deal.shop].place_id
    courier_id = stage.couriers[parcel.id.int % len(stage.couriers)]
    for sighting in deal.fate.way:
        seen = _Seen(parcel.id, courier_id, sighting, there if sighting.there else here)
        stage.agenda.put(stage.clock.now() + sighting.after, What.SCAN, seen)


async def scan(stage: Stage, due: Sequence[Entry]) -> None:
    """Let the couriers hand in what they scanned since the last moment."""
    commands = []
    for entry in due:
        seen = entry.thing
        assert isinstance(seen, _Seen)
        commands.append(
            logistics.Scan(
                **stage.command(seen.courier_id),
                parcel_id=seen.parcel_id,
                step=seen.sighting.step,
                event_time=entry.at,
                zone_offset_minutes=_zone_minutes(seen.place_id),
                place_id=seen.place_id,
            )
        )
    async with stage.database.tx() as tx:
        agreed(await logistics.scan(tx, commands), "a scan")


def _zone_minutes(place_id: int) -> int:
    """Tell the nautical time zone of a place: an hour for every 15 degrees."""
    place = members.place(place_id)
    assert place is not None
    return 60 * round(place.longitude / 15)


def _foresee_ending(stage: Stage, deal: Deal, shipped_at: datetime) -> None:
    """Put on the agenda what happens between the order's arrival and its end, and after it."""
    fate, agenda = deal.fate, stage.agenda
    after = arrival(fate.way)
    if fate.ending is Ending.LOST:
        agenda.put(shipped_at + fate.ends_after, What.LOSE, deal)
        return
    if after is None:
        if fate.ending is Ending.CONFIRMED:
            agenda.put(shipped_at + _LONGEST_SILENCE, What.CONFIRM, deal)
        return
    arrived_at = shipped_at + after
    ends_at = arrived_at + (fate.ends_after if fate.ending is Ending.CONFIRMED else _DEADLINE)
    reported_at = arrived_at + _REPORTED
    if fate.extended:
        agenda.put(reported_at, What.EXTEND, deal)
        ends_at = max(ends_at, reported_at + _MOMENT)
    if fate.eased_percent:
        agenda.put(reported_at, What.EASE, deal)
        ends_at = max(ends_at, reported_at + _MOMENT)
    if fate.stopped:
        agenda.put(reported_at, What.STOP, deal)
        ends_at = max(ends_at, reported_at + 2 * _MOMENT) + LOOKED_INTO
    if fate.ending is Ending.CONFIRMED:
        agenda.put(ends_at, What.CONFIRM, deal)
    if fate.regretted_percent:
        after_payout = stage.next_payout(deal.shop, ends_at + timedelta(days=1))
        regrets_at = ends_at + timedelta(days=3)
        if fate.regretted_after_payout and after_payout:
            regrets_at = after_payout
        agenda.put(regrets_at, What.REGRET, deal)
