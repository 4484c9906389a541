"""Parcels over HTTP: followed by anyone, scanned by couriers, their ends private."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from serai import logistics
from serai.members import Scope
from tests import world as worlds
from tests.api.bazaar import Bazaar, Who, send
from tests.conftest import START

SCAN = {"step": "accept", "event_time": START.isoformat(), "zone_offset_minutes": 480,
        "place_id": 1808926, "note": "a dented corner"}  # fmt: skip


async def shipped(bazaar: Bazaar) -> logistics.Parcel:
    async with bazaar.database.tx() as tx:
        order_id = await worlds.shipped(tx, bazaar.world)
        [parcel] = (await logistics.parcels_of(tx, [order_id]))[order_id]
    return parcel


async def scan(
    stall: httpx.AsyncClient,
    bazaar: Bazaar,
    named: str | UUID,
    **changes: Any,  # noqa: ANN401
) -> httpx.Response:
    headers = await bazaar.session(Who.COURIER)
    return await send(stall, "POST", f"/parcels/{named}/scans", headers, SCAN | changes)


async def test_who_has_the_number_learns_how_far_it_is_and_nothing_of_its_people(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    parcel = await shipped(bazaar)
    kept = await scan(stall, bazaar, parcel.number)
    assert (kept.status_code, kept.json()["status"]) == (201, "accepted")
    path = f"/api/v1/parcels/{parcel.number}"
    for headers in ({}, await bazaar.session(Who.OTHER_BUYER)):
        told = await stall.get(path, headers=headers)
        assert (told.status_code, told.json()["status"]) == (200, "accepted")
        assert told.json()["ends"] is None
        assert told.json()["scans"][0]["place"] == "Hangzhou"
        for secret in ("At home", "Lake Road", "13800138000", "dented", str(bazaar.world.ana)):
            assert secret not in told.text
    for who in (Who.BUYER, Who.SELLER, Who.COURIER, Who.OPERATOR):
        told = await stall.get(path, headers=await bazaar.session(who))
        assert told.json()["ends"]["destination"]["lines"] == ["1 Lake Road"]
        assert list(told.json()["ends"]["notes"].values()) == ["a dented corner"]
    reads = await bazaar.token(Who.OPERATOR, [Scope.READ])
    assert (await stall.get(path, headers=reads)).json()["ends"] is None
    unknown = await stall.get("/api/v1/parcels/000000000000000000")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "parcel_unknown")


async def test_scans_read_as_an_epcis_document(stall: httpx.AsyncClient, bazaar: Bazaar) -> None:
    parcel = await shipped(bazaar)
    await scan(stall, bazaar, parcel.id)
    path = f"/api/v1/parcels/{parcel.id}/events"
    answer = await stall.get(path, headers=await bazaar.session(Who.BUYER))
    document = answer.json()
    assert document["@context"] == [
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    ]
    assert (document["type"], document["schemaVersion"]) == ("EPCISDocument", "2.0")
    [event] = document["epcisBody"]["eventList"]
    assert (event["type"], event["bizStep"], event["action"]) == (
        "ObjectEvent", "accepting", "OBSERVE",
    )  # fmt: skip
    assert "@context" not in event
    hidden = await stall.get(path, headers=await bazaar.session(Who.OTHER_BUYER))
    assert (hidden.status_code, hidden.json()["code"]) == (404, "parcel_unknown")


async def test_couriers_see_what_is_still_to_be_carried(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    parcel = await shipped(bazaar)
    courier = await bazaar.session(Who.COURIER)
    seen: list[str] = []
    url = "/api/v1/parcels?limit=100"
    while url:
        page = await stall.get(url, headers=courier)
        seen += [one["id"] for one in page.json()["items"]]
        url = page.links["next"]["url"] if "next" in page.links else ""
    assert str(parcel.id) in seen
    refused = await stall.get("/api/v1/parcels", headers=await bazaar.session(Who.BUYER))
    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")


async def test_a_wrong_scan_is_declared_so_and_counts_no_more(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    parcel = await shipped(bazaar)
    wrong = (await scan(stall, bazaar, parcel.number, step="deliver")).json()
    courier = await bazaar.session(Who.COURIER)
    path = f"/parcels/{parcel.number}/scans/{wrong['scan_id']}/correction"
    undone = await send(stall, "POST", path, courier, {"reason": "the other door"})
    assert (undone.status_code, undone.json()["status"]) == (201, "booked")
    told = (await stall.get(f"/api/v1/parcels/{parcel.number}")).json()
    assert [(one["step"], one["declared_wrong"]) for one in told["scans"]] == [("deliver", True)]
    again = await send(stall, "POST", path, courier, {})
    assert (again.status_code, again.json()["code"]) == (404, "scan_unknown")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"event_time": "2027-01-01T00:00:00Z"}, 422, "time_in_future"),
        ({"event_time": "2020-01-01T00:00:00Z"}, 422, "time_before_booking"),
        ({"event_time": "2026-03-02T08:00:00"}, 422, "invalid_fields"),
        ({"zone_offset_minutes": 841}, 422, "invalid_fields"),
        ({"step": "teleport"}, 422, "invalid_fields"),
        ({"place_id": 1}, 422, "place_unknown"),
    ],
)
async def test_a_scan_that_cannot_be_true_is_refused(
    stall: httpx.AsyncClient, bazaar: Bazaar, changes: dict[str, Any], status: int, code: str
) -> None:
    parcel = await shipped(bazaar)
    before = await bazaar.state()
    answer = await scan(stall, bazaar, parcel.number, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await bazaar.state() == before
