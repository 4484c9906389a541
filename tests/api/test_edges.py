"""At the edges of what may be sent: what the fuzz found, or might, each in plain words."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from serai.api import pages
from tests.api import tries
from tests.api.bazaar import Bazaar, Who, key, send
from tests.api.conftest import Person

SOMETHING = UUID("01954b2c-7d00-7a51-8c21-5f0e3a9d4b17")


async def described(door: httpx.AsyncClient) -> dict[str, Any]:
    document: dict[str, Any] = (await door.get("/api/v1/openapi.json")).json()
    return document


async def test_every_address_tells_all_that_may_be_asked_of_it(door: httpx.AsyncClient) -> None:
    for path, item in (await described(door))["paths"].items():
        address = path
        for name, like in (("number", "x"), ("currency", "CNY"), ("role", "courier")):
            address = address.replace(f"{{{name}}}", like)
        address = address.replace("{place_id}", "1")
        parts = [str(SOMETHING) if part.startswith("{") else part for part in address.split("/")]
        answer = await door.options("/".join(parts))
        allowed = set(answer.headers["allow"].split(", "))
        assert allowed == {method.upper() for method in item} | {"OPTIONS"}, path


async def test_a_null_in_a_query_is_not_taken_for_nothing_said(
    door: httpx.AsyncClient, operator: Person
) -> None:
    for query in ("subject=null", "subject=NULL", "limit=5&subject=Null"):
        answer = await door.get(f"/api/v1/actions?{query}", headers=operator.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_fields"), query
        assert answer.json()["errors"][0]["field"] == "?subject"
    assert (await door.get("/api/v1/listings?text=null")).status_code == 200


async def test_a_bare_number_is_no_moment(door: httpx.AsyncClient, buyer: Person) -> None:
    for moment in ("9", "0.5", "1772438400", "yesterday", "2026-03-02T08:00:00"):
        answer = await door.get(f"/api/v1/wallets/CNY?at={moment}", headers=buyer.headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "?at"), moment
    for moment in ("2026-03-02T08:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        answer = await door.get(f"/api/v1/wallets/CNY?at={moment}", headers=buyer.headers)
        assert answer.status_code == 200, answer.text


FORGED: list[object] = [
    1, "x", None, [], {}, 2**63, SOMETHING, [SOMETHING], [datetime(2026, 3, 2, tzinfo=UTC)],
    ["2026-03-02T08:00:00", SOMETHING], ["0001-01-01T00:00:00+14:00", SOMETHING],
    ["9999-12-31T23:59:59-14:00", SOMETHING], [0, SOMETHING], [1e300, SOMETHING],
    [datetime(1, 1, 1, tzinfo=UTC), SOMETHING], [datetime(9999, 12, 31, tzinfo=UTC), SOMETHING],
]  # fmt: skip


@pytest.mark.parametrize("forged", FORGED, ids=repr)
async def test_a_cursor_that_nobody_gave_breaks_no_list(
    stall: httpx.AsyncClient, bazaar: Bazaar, forged: object
) -> None:
    w = bazaar.world
    lists = {
        "/orders": Who.BUYER, "/top-ups": Who.BUYER, "/wallets/CNY/statement": Who.BUYER,
        "/shops": Who.BUYER, "/listings": Who.BUYER, f"/shops/{w.tea_shop}/stock": Who.SELLER,
        f"/variants/{w.tea}/movements": Who.SELLER, "/suspense": Who.OPERATOR,
        "/actions": Who.OPERATOR, "/members": Who.OPERATOR, "/parcels": Who.COURIER,
    }  # fmt: skip
    for path, who in lists.items():
        query = {"cursor": pages.encode(forged)}
        headers = await bazaar.session(who)
        answer = await stall.get(f"/api/v1{path}", params=query, headers=headers)
        assert answer.status_code in {200, 422}, f"{path}: {answer.text}"


@pytest.mark.parametrize("word", [b"\xff\xfe", b"\xc3\xa9", b" ", b'""', b"x" * 256, b"\x7f", b","])
async def test_a_strange_key_names_a_request_or_is_refused(
    stall: httpx.AsyncClient, bazaar: Bazaar, word: bytes
) -> None:
    headers: Any = [(b"idempotency-key", word)]
    headers += [(n.encode(), v.encode()) for n, v in (await bazaar.session(Who.BUYER)).items()]
    body = {"amount": 100, "currency": "CNY", "account": "SANDBOX-OK"}
    answers = [await stall.post("/api/v1/top-ups", headers=headers, json=body) for _ in range(2)]
    assert answers[0].status_code in {202, 400}, answers[0].text
    assert answers[0].json().get("id") == answers[1].json().get("id")


@pytest.mark.parametrize(
    "body",
    [
        b'{"amount": NaN, "currency": "CNY", "account": "A"}',
        b'{"amount": 1e400, "currency": "CNY", "account": "A"}',
        b'{"amount": 18446744073709551616, "currency": "CNY", "account": "A"}',
        b'{"amount": 1, "currency": "CNY", "account": "\\ud800"}',
        b'{"amount": 1, "currency": "CNY", "account": "\\u0000"}',
        b'{"amount": 1, "currency": "\\u0000\\u0000\\u0000", "account": "A"}',
        b'{"amount": 1, "currency": "CNY\\n", "account": "A"}',
        b'{"\\u0000": 1, "amount": 1, "currency": "CNY", "account": "A"}',
    ],
)
async def test_numbers_and_letters_that_are_none_are_refused(
    stall: httpx.AsyncClient, bazaar: Bazaar, body: bytes
) -> None:
    headers = await bazaar.session(Who.BUYER) | {"Content-Type": "application/json"}
    answer = await send(stall, "POST", "/top-ups", headers, body)
    assert answer.status_code in {400, 422}, answer.text


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_scan_at_the_end_of_time_is_refused(
    stall: httpx.AsyncClient, bazaar: Bazaar, moment: str
) -> None:
    body = {"step": "accept", "event_time": moment, "zone_offset_minutes": 0}
    async with bazaar.database.tx() as tx:
        made = await tries.parcel(tx, bazaar)
    headers = await bazaar.session(Who.COURIER) | key()
    path = f"/api/v1/parcels/{made['number']}/scans"
    answer = await stall.post(path, headers=headers, json=body)
    assert answer.status_code in {201, 409, 422}, answer.text


async def test_the_description_is_as_strict_as_the_door(door: httpx.AsyncClient) -> None:
    document = await described(door)
    schemas = document["components"]["schemas"]
    assert schemas["EditShop"]["additionalProperties"] is False
    assert schemas["EditShop"]["properties"]["ship_fee"]["minimum"] == 0
    assert schemas["NewListing"]["properties"]["tags"]["items"]["maxLength"] == 500
    takes = document["paths"]["/api/v1/pictures"]["post"]["requestBody"]
    assert takes["required"]
    assert {"image/png", "image/svg+xml"} <= takes["content"].keys()
    files = document["paths"]["/api/v1/shops/{shop_id}/product-imports"]["post"]["requestBody"]
    assert list(files["content"]) == ["text/csv"]
