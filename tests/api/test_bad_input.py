"""Bad input over HTTP: a clear error, and nothing has changed.

The whole state of the market is compared before and after each of these.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from serai.kernel.money import AMOUNT_MAX
from serai.trade import QUANTITY_MAX
from tests import world as worlds
from tests.api.bazaar import Bazaar, Who, key, placed, send

pytestmark = pytest.mark.money

Case = tuple[str, str, Who, Any, int, str]

NOBODYS = "01954b2c-7d00-7a51-8c21-5f0e3a9d4b17"


@pytest.fixture
async def still(bazaar: Bazaar) -> AsyncIterator[dict[str, Any]]:
    """Make an unpaid, a paid and a completed order, and insist that nothing moves after it."""
    async with bazaar.database.tx() as tx:
        made = {
            "placed": await placed(tx, bazaar),
            "paid": await worlds.bought(tx, bazaar.world),
            "completed": await worlds.confirmed(tx, bazaar.world),
            "tea": bazaar.world.tea,
            "door": bazaar.world.anas_door,
            "ben": bazaar.world.ben,
        }
    before = await bazaar.state()
    yield made
    assert await bazaar.state() == before


def cart(quantity: Any, variant: str = "{tea}", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"lines": [{"variant_id": variant, "quantity": quantity}], "address_id": "{door}"} | more


def given(amount: Any, currency: str = "CNY", to: str = "{ben}") -> dict[str, Any]:  # noqa: ANN401
    return {"to_id": to, "amount": amount, "currency": currency}


B, S, C = Who.BUYER, Who.SELLER, Who.COURIER

UNKNOWN: list[Case] = [
    ("POST", f"/orders/{NOBODYS}/payment", B, None, 404, "order_unknown"),
    ("POST", f"/orders/{NOBODYS}/confirmation", B, None, 404, "order_unknown"),
    ("POST", f"/orders/{NOBODYS}/shipment", S, {}, 404, "order_unknown"),
    ("POST", f"/orders/{NOBODYS}/refunds", S, {}, 404, "order_unknown"),
    ("POST", "/orders", B, cart(1, NOBODYS), 409, "not_on_sale"),
    ("POST", "/orders", B, cart(1, address_id=NOBODYS), 404, "address_unknown"),
    ("POST", "/transfers", B, given(1, to=NOBODYS), 404, "member_unknown"),
    ("POST", f"/variants/{NOBODYS}/restocks", S, {"quantity": 1}, 404, "variant_unknown"),
    ("PATCH", f"/listings/{NOBODYS}", S, {"title": "A"}, 404, "listing_unknown"),
    ("POST", f"/shops/{NOBODYS}/listings", S, {"handle": "a", "title": "A"}, 404, "shop_unknown"),
    ("PUT", f"/cart/lines/{NOBODYS}", B, {"quantity": 1}, 409, "not_on_sale"),
    ("POST", "/orders/not-an-id/payment", B, None, 404, "not_found"),
    ("POST", "/variants/{tea}/restocks", S, {"quantity": 1, "location_id": NOBODYS},
     404, "location_unknown"),
]  # fmt: skip

NUMBERS: list[Case] = [
    *[
        ("POST", "/orders", B, cart(quantity), 422, "invalid_fields")
        for quantity in (0, -1, QUANTITY_MAX + 1, 2**63, 10**400, 1.5, "1", True, None)
    ],
    *[
        ("POST", "/transfers", B, given(amount), 422, "invalid_fields")
        for amount in (0, -1, AMOUNT_MAX + 1, 2**63, -(2**63), 10**400, 0.1, "5")
    ],
    ("POST", "/orders/{paid}/refunds", S, {"amount": -5}, 422, "invalid_fields"),
    ("POST", "/orders/{paid}/refunds", S, {"amount": 0}, 422, "invalid_fields"),
    ("POST", "/orders/{paid}/refunds", S, {"amount": AMOUNT_MAX}, 409, "refund_exceeds"),
    ("POST", "/orders/{completed}/refunds", S, {"amount": AMOUNT_MAX}, 409, "refund_exceeds"),
    ("POST", "/orders", B, cart(QUANTITY_MAX), 409, "insufficient_funds"),
    ("POST", "/orders", B, cart(QUANTITY_MAX, pay=False), 409, "out_of_stock"),
    ("POST", "/orders", B, {"lines": [], "address_id": "{door}"}, 422, "invalid_fields"),
    ("POST", "/orders", B,
     {"lines": [{"variant_id": "{tea}", "quantity": QUANTITY_MAX}] * 2, "address_id": "{door}"},
     422, "quantity_out_of_range"),
    ("POST", "/variants/{tea}/restocks", S, {"quantity": -3}, 422, "invalid_fields"),
    ("POST", "/variants/{tea}/counts", S, {"counted": -1}, 422, "invalid_fields"),
    ("POST", "/transfers", B, given(AMOUNT_MAX), 409, "insufficient_funds"),
]  # fmt: skip

CURRENCIES: list[Case] = [
    ("POST", "/transfers", B, given(5, "XXX"), 422, "currency_unknown"),
    ("POST", "/transfers", B, given(5, "cny"), 422, "invalid_fields"),
    ("POST", "/transfers", B, given(5, "USD"), 409, "insufficient_funds"),
    ("POST", "/orders", B, cart(1, expected={"USD": 7_400}), 409, "price_changed"),
    ("POST", "/orders", B, cart(1, expected={"CNY": 1}), 409, "price_changed"),
    ("POST", "/top-ups", B, {"amount": 5, "currency": "ZZZ", "account": "A"},
     422, "currency_unknown"),
    ("POST", "/top-ups", B, {"amount": 5, "currency": "CNY", "account": "A", "provider": "x"},
     422, "provider_unknown"),
]  # fmt: skip

ORDER_OF_STEPS: list[Case] = [
    ("POST", "/orders/{paid}/payment", B, None, 409, "order_state"),
    ("POST", "/orders/{completed}/payment", B, None, 409, "order_state"),
    ("POST", "/orders/{placed}/confirmation", B, None, 409, "order_state"),
    ("POST", "/orders/{paid}/confirmation", B, None, 409, "order_state"),
    ("POST", "/orders/{completed}/confirmation", B, None, 409, "order_state"),
    ("POST", "/orders/{paid}/extension", B, None, 409, "order_state"),
    ("POST", "/orders/{paid}/cancellation", B, {}, 409, "too_early"),
    ("POST", "/orders/{completed}/cancellation", S, {}, 409, "order_state"),
    ("POST", "/orders/{placed}/shipment", S, {}, 409, "order_state"),
    ("POST", "/orders/{completed}/shipment", S, {}, 409, "order_state"),
    ("POST", "/orders/{placed}/refunds", S, {}, 409, "order_state"),
    ("POST", "/orders/{placed}/freezes", Who.OPERATOR, {"reason": "r"}, 409, "order_state"),
    ("POST", f"/orders/{{paid}}/freezes/{NOBODYS}/lifting", Who.OPERATOR, {"reason": "r"},
     404, "freeze_unknown"),
]  # fmt: skip


@pytest.mark.parametrize("case", [*UNKNOWN, *NUMBERS, *CURRENCIES, *ORDER_OF_STEPS])
async def test_what_cannot_be_done_is_refused_and_moves_nothing(
    stall: httpx.AsyncClient, bazaar: Bazaar, still: dict[str, Any], case: Case
) -> None:
    method, path, who, body, status, code = case
    headers = await bazaar.session(who)
    answer = await send(stall, method, path.format(**still), headers, _filled(body, still))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["detail"]
    assert "…" not in answer.json()["detail"] or code == "currency_unknown"


def _filled(body: Any, things: dict[str, Any]) -> Any:  # noqa: ANN401  any JSON
    if isinstance(body, dict):
        return {name: _filled(value, things) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, things) for value in body]
    return body.format(**things) if isinstance(body, str) else body


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b'{"lines": "' + b"a" * 10_000_000 + b'"}', 413, "too_large"),
        (b'{"lines": "\xff\xfe"}', 400, "not_utf8"),
        (b'{"lines": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, "too_deep"),
        (b'{"lines": [}', 400, "not_json"),
        (b"", 400, "body_missing"),
        (b"[]", 422, "invalid_fields"),
        (b'{"lines": [], "admin": true}', 422, "invalid_fields"),
    ],
    ids=["ten megabytes", "broken UTF-8", "deep", "cut off", "empty", "a list", "unknown field"],
)
async def test_a_body_that_is_none_is_refused_and_moves_nothing(
    stall: httpx.AsyncClient,
    bazaar: Bazaar,
    still: dict[str, Any],
    data: bytes,
    status: int,
    code: str,
) -> None:
    headers = await bazaar.session(B) | {"Content-Type": "application/json"}
    for path in ("/orders", "/transfers", "/top-ups", f"/orders/{still['paid']}/refunds"):
        answer = await send(stall, "POST", path, headers, data)
        assert (answer.status_code, answer.json()["code"]) == (status, code), path


async def test_ten_megabytes_in_pieces_are_not_read_to_the_end(
    stall: httpx.AsyncClient, bazaar: Bazaar, still: dict[str, Any]
) -> None:
    assert still
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 100_000
            yield b" " * 100_000

    headers = await bazaar.session(B) | key() | {"Content-Type": "application/json"}
    answer = await stall.post("/api/v1/orders", content=pieces(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert sent <= 10_000_000


async def test_expired_ended_and_forged_sessions_open_nothing(
    stall: httpx.AsyncClient, bazaar: Bazaar, still: dict[str, Any]
) -> None:
    ended = await bazaar.session(B)
    assert (await stall.delete("/api/v1/sessions/current", headers=ended)).status_code == 204
    good = (await bazaar.session(B))["Authorization"]
    for headers in (
        await bazaar.expired(B),
        ended,
        {"Authorization": good[:-1] + ("A" if good[-1] != "A" else "B")},
        {"Authorization": "Bearer serai_" + "0" * 43},
        {"Authorization": f"Bearer {uuid4()}"},
    ):
        for path in (f"/orders/{still['placed']}/payment", "/sessions"):
            answer = await send(stall, "POST", path, headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


async def test_paying_twice_takes_the_money_once(stall: httpx.AsyncClient, bazaar: Bazaar) -> None:
    async with bazaar.database.tx() as tx:
        order_id = await placed(tx, bazaar)
    path, headers = f"/orders/{order_id}/payment", await bazaar.session(B)
    assert (await send(stall, "POST", path, headers)).status_code == 201
    before = await bazaar.state()
    again = await send(stall, "POST", path, headers)
    assert (again.status_code, again.json()["code"]) == (409, "order_state")
    assert await bazaar.state() == before


async def test_a_key_used_for_another_request_is_refused(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    async with bazaar.database.tx() as tx:
        first, other = await placed(tx, bazaar), await placed(tx, bazaar)
    headers = await bazaar.session(B) | key()
    done = await stall.post(f"/api/v1/orders/{first}/payment", headers=headers)
    assert done.status_code == 201
    before = await bazaar.state()
    for path, body in (
        (f"/orders/{other}/payment", None),
        (f"/orders/{first}/cancellation", {}),
        ("/transfers", given(1, to=str(bazaar.world.ben))),
    ):
        answer = await stall.post(f"/api/v1{path}", headers=headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "id_reused"), path
    assert await bazaar.state() == before
    same = await stall.post(f"/api/v1/orders/{first}/payment", headers=headers)
    assert same.json() == done.json()


async def test_one_key_of_two_people_names_two_requests(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    shared = key()
    body = {"amount": 100, "currency": "CNY", "account": "SANDBOX-OK"}
    answers = [
        await stall.post("/api/v1/top-ups", headers=await bazaar.session(who) | shared, json=body)
        for who in (B, Who.OTHER_BUYER)
    ]
    assert [one.status_code for one in answers] == [202, 202]
    assert answers[0].json()["id"] != answers[1].json()["id"]
