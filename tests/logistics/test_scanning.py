"""Scans are kept once, in time, for parcels that exist, until the parcel has ended."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from serai import logistics
from serai.kernel.batch import Batcher
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from serai.logistics import Code, Correct, Corrected, Parcel, Scanned, Status, Step
from tests.logistics.parcels import COURIER, MARKET, RECEIVER, SENDER, booked, news, scanned, seen


async def _status(tx: Tx, parcel: Parcel) -> Status:
    found = await logistics.parcel(tx, parcel.id)
    assert found is not None
    return found.status


def _wrong(parcel: Parcel, scan_id: Any) -> Correct:  # noqa: ANN401  an id, or what is none
    return Correct(
        id=uuid4(),
        market_id=MARKET,
        actor_id=COURIER,
        parcel_id=parcel.id,
        scan_id=scan_id,
        reason="wrong door",
    )


async def test_a_parcel_travels_from_door_to_door(tx: Tx) -> None:
    parcel = await booked(tx)
    way = [Step.ACCEPT, Step.DEPART, Step.ARRIVE, Step.OUT_FOR_DELIVERY, Step.DELIVER]
    await scanned(tx, parcel, *way)
    assert await _status(tx, parcel) is Status.DELIVERED
    assert [scan.step for scan in (await logistics.scans_of(tx, [parcel.id]))[parcel.id]] == way
    assert await news(tx, parcel.order_id) == ["parcel.scanned"] * 5 + ["parcel.delivered"]
    assert all(proof.holds for proof in await logistics.audit(tx))


async def test_delivery_is_told_once_to_sender_and_receiver(tx: Tx) -> None:
    parcel = await booked(tx)
    at = parcel.booked_at + timedelta(minutes=1)
    command = seen(parcel, Step.DELIVER, at)
    first, twin = await logistics.scan(tx, [command, command])
    (again,) = await logistics.scan(tx, [command])
    assert first == twin == again
    assert isinstance(first, Scanned)
    assert (first.status, first.at) == (Status.DELIVERED, at)
    assert await news(tx, parcel.order_id) == ["parcel.scanned", "parcel.delivered"]
    sql = "select body from kernel_event where kind = 'parcel.delivered' and subject = $1"
    body = await tx.value(sql, parcel.order_id)
    assert body["parcel_id"] == str(parcel.id)
    assert body["order_id"] == str(parcel.order_id)
    assert (body["number"], body["status"]) == (parcel.number, "delivered")
    sql = "select audience from kernel_event where kind = 'parcel.delivered' and subject = $1"
    assert set(await tx.value(sql, parcel.order_id)) == {SENDER, RECEIVER}


async def test_a_label_is_as_good_as_an_id(tx: Tx) -> None:
    parcel = await booked(tx)
    at = parcel.booked_at
    by_label, by_both, mismatched, neither = await logistics.scan(
        tx,
        [
            seen(parcel, Step.ACCEPT, at, parcel_id=None, number=parcel.number),
            seen(parcel, Step.DEPART, at, number=parcel.number),
            seen(parcel, Step.DEPART, at, number="000000000000000000"),
            seen(parcel, Step.DEPART, at, parcel_id=None),
        ],
    )
    assert isinstance(by_label, Scanned)
    assert isinstance(by_both, Scanned)
    assert mismatched == neither == Refused(Code.PARCEL_UNKNOWN)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"parcel_id": uuid4()}, Code.PARCEL_UNKNOWN),
        ({"market_id": uuid4()}, Code.PARCEL_UNKNOWN),
        ({"parcel_id": None, "number": "no number"}, Code.PARCEL_UNKNOWN),
        ({"zone_offset_minutes": 841}, Code.ZONE_OUT_OF_RANGE),
        ({"zone_offset_minutes": -841}, Code.ZONE_OUT_OF_RANGE),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_no_trace(
    tx: Tx, change: dict[str, Any], code: Code
) -> None:
    parcel = await booked(tx)
    (outcome,) = await logistics.scan(tx, [seen(parcel, Step.ACCEPT, parcel.booked_at, **change)])
    assert isinstance(outcome, Refused)
    assert outcome.code == code
    assert await logistics.scans_of(tx, [parcel.id]) == {parcel.id: []}
    assert await news(tx, parcel.order_id) == []
    assert await _status(tx, parcel) is Status.BOOKED


@pytest.mark.parametrize(
    ("minutes", "code"),
    [
        (-6, Code.TIME_BEFORE_BOOKING),
        (-4, None),
        (4, None),
        (6, Code.TIME_IN_FUTURE),
    ],
)
async def test_clocks_may_be_five_minutes_apart(tx: Tx, minutes: int, code: Code | None) -> None:
    parcel = await booked(tx)
    at = parcel.booked_at + timedelta(minutes=minutes)
    (outcome,) = await logistics.scan(tx, [seen(parcel, Step.ACCEPT, at)])
    assert (outcome.code if isinstance(outcome, Refused) else None) == code


async def test_after_the_end_only_what_came_late_is_kept(tx: Tx, clock: ManualClock) -> None:
    parcel = await booked(tx)
    clock.advance(timedelta(hours=5))
    tx.now = clock.now()
    at = parcel.booked_at
    await logistics.scan(tx, [seen(parcel, Step.DELIVER, at + timedelta(hours=3))])
    late, after, twice, back = await logistics.scan(
        tx,
        [
            seen(parcel, Step.ARRIVE, at + timedelta(hours=2)),
            seen(parcel, Step.ARRIVE, at + timedelta(hours=4)),
            seen(parcel, Step.DELIVER, at + timedelta(hours=2)),
            seen(parcel, Step.RETURN, at + timedelta(hours=1)),
        ],
    )
    assert isinstance(late, Scanned)
    assert late.status is Status.DELIVERED
    codes = [one.code for one in (after, twice, back) if isinstance(one, Refused)]
    assert codes == [Code.ALREADY_ENDED] * 3
    assert (await news(tx, parcel.order_id)).count("parcel.delivered") == 1
    assert await _status(tx, parcel) is Status.DELIVERED


async def test_a_booking_is_taken_back_only_before_the_carrier_has_it(tx: Tx) -> None:
    idle, moving = await booked(tx), await booked(tx)
    await scanned(tx, moving, Step.ACCEPT)
    at = idle.booked_at + timedelta(minutes=1)
    done, refused, accepted = await logistics.scan(
        tx,
        [
            seen(idle, Step.CANCEL, at),
            seen(moving, Step.CANCEL, at),
            seen(idle, Step.ACCEPT, at - timedelta(minutes=1)),
        ],
    )
    assert isinstance(done, Scanned)
    assert refused == Refused(Code.ALREADY_MOVING, {"status": "accepted"})
    assert isinstance(accepted, Refused)
    assert await _status(tx, idle) is Status.CANCELLED
    assert await _status(tx, moving) is Status.ACCEPTED


async def test_a_delivery_that_did_not_occur_is_corrected(tx: Tx) -> None:
    parcel = await booked(tx)
    _, delivery = await scanned(tx, parcel, Step.OUT_FOR_DELIVERY, Step.DELIVER)
    command = _wrong(parcel, delivery)
    (outcome,) = await logistics.correct(tx, [command])
    assert isinstance(outcome, Corrected)
    assert outcome.status is Status.OUT_FOR_DELIVERY
    assert await logistics.correct(tx, [command]) == [outcome]
    assert await _status(tx, parcel) is Status.OUT_FOR_DELIVERY
    at = parcel.booked_at + timedelta(minutes=3)
    (really,) = await logistics.scan(tx, [seen(parcel, Step.DELIVER, at)])
    assert isinstance(really, Scanned)
    assert really.status is Status.DELIVERED
    told = await news(tx, parcel.order_id)
    assert told[2:] == [
        "parcel.delivered",
        "parcel.corrected",
        "parcel.scanned",
        "parcel.delivered",
    ]
    assert len((await logistics.scans_of(tx, [parcel.id]))[parcel.id]) == 4, "nothing is erased"
    assert all(proof.holds for proof in await logistics.audit(tx))


async def test_only_a_scan_that_counts_can_be_corrected(tx: Tx) -> None:
    parcel, other = await booked(tx), await booked(tx)
    (accepted,) = await scanned(tx, parcel, Step.ACCEPT)
    (elsewhere,) = await scanned(tx, other, Step.ACCEPT)
    good, twice, foreign, unknown = await logistics.correct(
        tx,
        [
            _wrong(parcel, accepted),
            _wrong(parcel, accepted),
            _wrong(parcel, elsewhere),
            _wrong(parcel, uuid4()),
        ],
    )
    assert isinstance(good, Corrected)
    codes = [one.code for one in (twice, foreign, unknown) if isinstance(one, Refused)]
    assert codes == [Code.SCAN_UNKNOWN] * 3
    stranger = Correct(
        id=uuid4(), market_id=uuid4(), actor_id=COURIER, parcel_id=other.id, scan_id=elsewhere
    )
    assert await logistics.correct(tx, [stranger]) == [Refused(Code.PARCEL_UNKNOWN)]


async def test_two_scanners_at_one_door_deliver_once(database: Database) -> None:
    async with database.tx() as tx:
        parcel = await booked(tx)
    batches = [Batcher(database, logistics.scan) for _ in range(2)]
    outcomes = await asyncio.gather(
        *(batch.submit(seen(parcel, Step.DELIVER, parcel.booked_at)) for batch in batches * 3)
    )
    assert sum(isinstance(outcome, Scanned) for outcome in outcomes) == 1
    async with database.tx() as tx:
        assert await news(tx, parcel.order_id) == ["parcel.scanned", "parcel.delivered"]


async def test_a_status_that_its_scans_do_not_bear_out_is_found(tx: Tx) -> None:
    parcel = await booked(tx)
    await scanned(tx, parcel, Step.ACCEPT)
    await tx.execute("update logistics_parcel set status = 'delivered' where id = $1", parcel.id)
    folded, attached = await logistics.audit(tx)
    assert attached.holds
    (breach,) = folded.breaches
    assert (breach.says, breach.rows) == (
        "kept as delivered, its scans say accepted",
        (f"logistics_parcel {parcel.id}",),
    )
    await tx.execute("update logistics_scan set number = '000000000000000000'")
    assert not (await logistics.attached(tx)).holds
