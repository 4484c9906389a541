"""Scans as GS1 EPCIS 2.0 events, in the words of its vocabulary."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from serai import logistics
from serai.kernel.tx import Tx
from serai.logistics import Correct, Step, epcis
from serai.logistics.epcis import MEANINGS, zone
from tests.logistics.parcels import COURIER, MARKET, booked, scanned, seen

# CBV 2.0, 7.1 and 7.2: the words that the JSON binding allows bare.
BUSINESS_STEPS = {
    "accepting",
    "arriving",
    "assembling",
    "collecting",
    "commissioning",
    "consigning",
    "creating_class_instance",
    "cycle_counting",
    "decommissioning",
    "departing",
    "destroying",
    "disassembling",
    "dispensing",
    "encoding",
    "entering_exiting",
    "holding",
    "inspecting",
    "installing",
    "killing",
    "loading",
    "other",
    "packing",
    "picking",
    "receiving",
    "removing",
    "repackaging",
    "repairing",
    "replacing",
    "reserving",
    "retail_selling",
    "sampling",
    "sensor_reporting",
    "shipping",
    "staging_outbound",
    "stock_taking",
    "stocking",
    "storing",
    "transporting",
    "unloading",
    "unpacking",
    "void_shipping",
}
DISPOSITIONS = {
    "active",
    "available",
    "completeness_inferred",
    "completeness_verified",
    "conformant",
    "container_closed",
    "container_open",
    "damaged",
    "destroyed",
    "dispensed",
    "disposed",
    "encoded",
    "expired",
    "in_progress",
    "in_transit",
    "inactive",
    "mismatch_class",
    "mismatch_instance",
    "mismatch_quantity",
    "needs_replacement",
    "no_pedigree_match",
    "non_conformant",
    "non_sellable_other",
    "partially_dispensed",
    "recalled",
    "reserved",
    "retail_sold",
    "returned",
    "sellable_accessible",
    "sellable_not_accessible",
    "stolen",
    "unavailable",
    "unknown",
}


def test_every_step_is_said_in_words_of_the_vocabulary() -> None:
    assert set(MEANINGS) == set(Step)
    assert {meaning.business_step for meaning in MEANINGS.values()} <= BUSINESS_STEPS
    assert {meaning.disposition for meaning in MEANINGS.values()} <= DISPOSITIONS


async def test_a_scan_is_an_object_event(tx: Tx) -> None:
    parcel = await booked(tx)
    at = parcel.booked_at - timedelta(minutes=1)
    command = seen(parcel, Step.ARRIVE, at, place_id=1808926)
    await logistics.scan(tx, [command])
    (scan,) = (await logistics.scans_of(tx, [parcel.id]))[parcel.id]
    event = epcis(scan)
    assert event == {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:{scan.id}",
        "eventTime": "2026-03-02T07:59:00.000+00:00",
        "eventTimeZoneOffset": "+08:00",
        "recordTime": "2026-03-02T08:00:00.000+00:00",
        "action": "OBSERVE",
        "bizStep": "arriving",
        "disposition": "in_progress",
        "epcList": ["urn:epc:id:sscc:9521000." + parcel.number[0] + parcel.number[8:17]],
        "readPoint": {"id": "https://sws.geonames.org/1808926/"},
        "bizLocation": {"id": "https://sws.geonames.org/1808926/"},
    }
    assert datetime.fromisoformat(event["eventTime"]) == at


async def test_a_parcel_that_left_is_at_no_location(tx: Tx) -> None:
    parcel = await booked(tx)
    await logistics.scan(
        tx,
        [
            seen(parcel, Step.DEPART, parcel.booked_at, place_id=1808926),
            seen(parcel, Step.OUT_FOR_DELIVERY, parcel.booked_at),
        ],
    )
    departed, unplaced = map(epcis, (await logistics.scans_of(tx, [parcel.id]))[parcel.id])
    if departed["bizStep"] != "departing":
        departed, unplaced = unplaced, departed
    assert "readPoint" in departed
    assert "bizLocation" not in departed
    assert "readPoint" not in unplaced


async def test_a_correction_is_the_wrong_event_with_an_error_declaration(tx: Tx) -> None:
    parcel = await booked(tx)
    (scan_id,) = await scanned(tx, parcel, Step.DELIVER)
    await logistics.correct(
        tx,
        [
            Correct(
                id=uuid4(),
                market_id=MARKET,
                actor_id=COURIER,
                parcel_id=parcel.id,
                scan_id=scan_id,
            )
        ],
    )
    scans = (await logistics.scans_of(tx, [parcel.id]))[parcel.id]
    (wrong,) = [epcis(scan) for scan in scans if scan.declares is None]
    (declared,) = [epcis(scan) for scan in scans if scan.declares is not None]
    declaration = declared.pop("errorDeclaration")
    assert declaration == {
        "declarationTime": "2026-03-02T08:00:00.000+00:00",
        "reason": "did_not_occur",
    }
    assert declared == wrong


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "+00:00"), (345, "+05:45"), (-210, "-03:30"), (840, "+14:00")]
)
def test_a_zone_is_written_as_hours_and_minutes(minutes: int, text: str) -> None:
    assert zone(minutes) == text
