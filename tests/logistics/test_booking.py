"""Parcels are booked once, numbered by GS1's rules and promised by distance."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai import logistics
from serai.kernel.tx import Database, Tx
from serai.logistics import Status, Step, Waypoint, great_circle_km, quote
from serai.logistics.sscc import PREFIX, check_digit, number, urn, valid
from tests.logistics.parcels import HANGZHOU, LISBON, MARKET, booked, booking, scanned


def _town(latitude: float, longitude: float, country: str = "CN") -> Waypoint:
    return Waypoint(name="town", country=country, latitude=latitude, longitude=longitude)


async def test_a_booking_makes_one_parcel_with_its_id(tx: Tx) -> None:
    wanted = booking()
    first, twin = await logistics.book(tx, [wanted, wanted])
    (again,) = await logistics.book(tx, [wanted])
    assert first == twin == again
    assert first.id == wanted.id
    assert (first.status, first.origin, first.destination) == (Status.BOOKED, HANGZHOU, LISBON)
    assert first.promised_at == first.booked_at + timedelta(days=10)
    assert await logistics.parcels_of(tx, [wanted.order_id]) == {wanted.order_id: [first]}
    assert await logistics.by_number(tx, first.number) == first


async def test_every_parcel_has_a_number_of_its_own(tx: Tx) -> None:
    many = await logistics.book(tx, [booking() for _ in range(50)])
    more = await logistics.book(tx, [booking() for _ in range(50)])
    numbers = {parcel.number for parcel in many + more}
    assert len(numbers) == 100
    assert all(valid(one) for one in numbers)


async def test_bookings_at_once_draw_different_numbers(database: Database) -> None:
    async def book() -> list[str]:
        async with database.tx() as tx:
            return [one.number for one in await logistics.book(tx, [booking() for _ in range(5)])]

    drawn = [
        one for numbers in await asyncio.gather(*(book() for _ in range(6))) for one in numbers
    ]
    assert len(set(drawn)) == 30


async def test_an_unknown_carrier_is_a_bug_not_a_parcel(tx: Tx) -> None:
    with pytest.raises(LookupError, match="nobody"):
        await logistics.book(tx, [booking(carrier="nobody")])


async def test_unknown_parcels_are_nothing(tx: Tx) -> None:
    unknown = uuid4()
    assert await logistics.book(tx, []) == []
    assert await logistics.parcel(tx, unknown) is None
    assert await logistics.by_number(tx, "x") is None
    assert await logistics.parcels(tx, [unknown]) == {}
    assert await logistics.parcels_of(tx, [unknown]) == {unknown: []}
    assert await logistics.scans_of(tx, [unknown]) == {unknown: []}


async def test_a_courier_sees_what_is_still_to_be_carried_page_by_page(tx: Tx) -> None:
    parcels = [await booked(tx) for _ in range(5)]
    await scanned(tx, parcels[0], Step.DELIVER)
    await scanned(tx, parcels[1], Step.CANCEL)
    await scanned(tx, parcels[2], Step.ACCEPT, Step.ATTEMPT_FAIL)
    await booked(tx, market_id=uuid4())
    wanted = sorted(parcel.id for parcel in parcels[2:])
    first = await logistics.open_parcels(tx, MARKET, limit=2)
    rest = await logistics.open_parcels(tx, MARKET, first[-1].id, limit=2)
    assert [parcel.id for parcel in first + rest] == wanted
    assert await logistics.open_parcels(tx, MARKET, rest[-1].id) == []


def test_the_check_digit_is_gs1s() -> None:
    # GS1's own examples of an SSCC: 106141412345678908 and 340123450000000000.
    assert valid("106141412345678908")
    assert check_digit("10614141234567890") == "8"
    assert urn("106141412345678908") == "urn:epc:id:sscc:0614141.1234567890"


@given(st.integers(0, 10**10 - 1))
def test_a_number_is_eighteen_digits_under_the_prefix(serial: int) -> None:
    text = number(serial)
    assert valid(text)
    assert text[1 : 1 + len(PREFIX)] == PREFIX
    assert urn(text) == f"urn:epc:id:sscc:{PREFIX}.{serial:010d}"


@given(st.integers(0, 10**10 - 1), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(serial: int, place: int, by: int) -> None:
    text = number(serial)
    wrong = str((int(text[place]) + by) % 10)
    assert not valid(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize("text", ["", "1", "x" * 18, "1061414123456789080", "１" * 18])
def test_what_is_no_number_is_not_valid(text: str) -> None:
    assert not valid(text)


@pytest.mark.parametrize("serial", [-1, 10**10])
def test_a_series_has_an_end(serial: int) -> None:
    with pytest.raises(ValueError, match="serial"):
        number(serial)


def test_the_way_is_measured_over_the_globe() -> None:
    assert great_circle_km(HANGZHOU, HANGZHOU) == 0
    assert great_circle_km(_town(0, 0), _town(0, 90)) == pytest.approx(10_007.6, abs=0.1)
    assert great_circle_km(_town(90, 0), _town(-90, 123)) == pytest.approx(20_015.1, abs=0.1)
    assert great_circle_km(_town(0, 179), _town(0, -179)) == pytest.approx(222.4, abs=0.1)


def test_a_promise_grows_with_the_way_the_weight_and_a_border() -> None:
    here, near, far = _town(30, 120), _town(30.3, 120), _town(40, 116)
    days = [quote(here, there, 500).days for there in (here, near, far)]
    assert days == [1, 2, 5]
    assert quote(here, near, 40_000).days == 3
    assert quote(here, _town(30.3, 120, "VN"), 500).days == 4
    answer = quote(HANGZHOU, LISBON, 850)
    assert (answer.carrier, answer.distance_km) == ("serai-courier", 10_717)


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180))
def test_no_way_is_longer_than_half_the_globe_and_none_takes_a_month(
    a: float, b: float, c: float, d: float
) -> None:
    there = quote(_town(a, b), _town(c, d, "PT"), 100)
    back = quote(_town(c, d, "PT"), _town(a, b), 100)
    assert (there.days, there.distance_km) == (back.days, back.distance_km)
    assert 0 <= there.distance_km <= 20_016
    assert 1 <= there.days <= 16
