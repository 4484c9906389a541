"""Orders over HTTP: placed, paid, shipped, scanned, confirmed, refunded, frozen, and read."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests import world as worlds
from tests.api.bazaar import Bazaar, Who, key, placed, send
from tests.conftest import START

pytestmark = pytest.mark.money


async def buy(
    stall: httpx.AsyncClient, bazaar: Bazaar, *, pay: bool = True, quantity: int = 1
) -> dict[str, Any]:
    """Have Ana buy tea; gives the order as the answer tells it."""
    async with bazaar.database.tx() as tx:
        await worlds.fund(tx, bazaar.world, bazaar.world.ana, 1_000_000)
    body = {
        "lines": [{"variant_id": str(bazaar.world.tea), "quantity": quantity}],
        "address_id": str(bazaar.world.anas_door),
        "pay": pay,
    }
    answer = await send(stall, "POST", "/orders", await bazaar.session(Who.BUYER), body)
    assert answer.status_code == 201, answer.text
    [order] = answer.json()["orders"]
    assert isinstance(order, dict)
    return order


async def record(stall: httpx.AsyncClient, bazaar: Bazaar, who: Who, order_id: str) -> Any:  # noqa: ANN401
    answer = await stall.get(f"/api/v1/orders/{order_id}", headers=await bazaar.session(who))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def step(
    stall: httpx.AsyncClient,
    bazaar: Bazaar,
    who: Who,
    path: str,
    body: Any = None,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    answer = await send(stall, "POST", path, await bazaar.session(who), body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_trade_goes_from_the_order_to_the_sellers_wallet(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    bought = await buy(stall, bazaar, quantity=2)
    order = f"/orders/{bought['id']}"
    total = 2 * worlds.TEA_PRICE + worlds.SHIP_FEE
    assert (bought["state"], bought["total"]) == ("paid", total)
    told = await record(stall, bazaar, Who.BUYER, bought["id"])
    [due] = told["deadlines"]
    assert due == {
        "deadline": "ship",
        "of": "seller",
        "at": bought["deadline_at"],
        "otherwise": "cancellable",
        "extendable": False,
        "stopped_at": None,
    }
    assert told["money"] == {
        "amount": total,
        "currency": "CNY",
        "held_by": "hold",
        "since": told["order"]["placed_at"],
        "next": "shipment",
        "until": bought["deadline_at"],
        "otherwise": "cancellable",
    }
    assert (await step(stall, bazaar, Who.SELLER, f"{order}/shipment", {}))["state"] == "shipped"
    told = await record(stall, bazaar, Who.SELLER, bought["id"])
    [travel] = told["parcels"]
    assert travel["parcel"]["status"] == "booked"
    scan = {"step": "deliver", "event_time": START.isoformat(), "zone_offset_minutes": 480}
    number = travel["parcel"]["number"]
    await step(stall, bazaar, Who.COURIER, f"/parcels/{number}/scans", scan)
    extended = await step(stall, bazaar, Who.BUYER, f"{order}/extension")
    later = datetime.fromisoformat(extended["deadline_at"])
    told = await record(stall, bazaar, Who.BUYER, bought["id"])
    assert told["money"]["otherwise"] == "completed"
    assert datetime.fromisoformat(told["money"]["until"]) == later
    assert [scan["step"] for scan in told["parcels"][0]["scans"]] == ["deliver"]
    done = await step(stall, bazaar, Who.BUYER, f"{order}/confirmation")
    assert (done["state"], done["deadline_at"]) == ("completed", None)
    told = await record(stall, bazaar, Who.SELLER, bought["id"])
    assert [one["state"] for one in told["history"]] == [
        "placed", "paid", "shipped", "delivered", "completed",
    ]  # fmt: skip
    assert told["deadlines"] == []
    assert (told["money"]["held_by"], told["money"]["amount"]) == ("seller", total)
    moves = await stall.get(
        f"/api/v1/orders/{bought['id']}/transfers", headers=await bazaar.session(Who.SELLER)
    )
    assert [(one["code"], one["phase"], one["amount"]) for one in moves.json()] == [
        ("order.hold", "pending", total),
        ("order.release", "settled", total),
    ]
    assert moves.json()[1]["credit"]["owner_id"] == str(bazaar.world.lin)


async def test_what_is_not_paid_waits_and_says_until_when(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    bought = await buy(stall, bazaar, pay=False)
    told = await record(stall, bazaar, Who.BUYER, bought["id"])
    assert told["hold"] is None
    assert (told["money"]["held_by"], told["money"]["next"]) == ("buyer", "payment")
    assert (told["money"]["otherwise"], told["money"]["until"]) == ("closed", bought["deadline_at"])
    paid = await step(stall, bazaar, Who.BUYER, f"/orders/{bought['id']}/payment")
    assert paid["state"] == "paid"
    gone = await step(
        stall, bazaar, Who.SELLER, f"/orders/{bought['id']}/cancellation", {"reason": "sold"}
    )
    assert gone["state"] == "refunded"
    told = await record(stall, bazaar, Who.BUYER, bought["id"])
    assert told["history"][-1]["reason"] == "sold"
    assert (told["money"]["held_by"], told["money"]["next"]) == ("buyer", None)
    [refund] = told["refunds"]
    assert (refund["amount"], refund["from_hold"]) == (bought["total"], bought["total"])


async def test_a_part_goes_back_and_the_rest_stays_held(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    bought = await buy(stall, bazaar)
    body = {"amount": 400, "reason": "a dent"}
    made = await step(stall, bazaar, Who.SELLER, f"/orders/{bought['id']}/refunds", body)
    assert (made["amount"], made["state"]) == (400, "paid")
    told = await record(stall, bazaar, Who.BUYER, bought["id"])
    assert told["money"]["amount"] == bought["total"] - 400
    answer = await send(
        stall,
        "POST",
        f"/orders/{bought['id']}/refunds",
        await bazaar.session(Who.SELLER),
        {"amount": bought["total"]},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds")
    assert answer.json()["facts"] == {"left": bought["total"] - 400}


async def test_a_frozen_order_stands_still_until_an_operator_lifts_it(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    bought = await buy(stall, bazaar)
    order = f"/orders/{bought['id']}"
    frozen = await step(stall, bazaar, Who.OPERATOR, f"{order}/freezes", {"reason": "a question"})
    told = await record(stall, bazaar, Who.OPERATOR, bought["id"])
    assert told["deadlines"][0]["stopped_at"] == frozen["stopped_at"]
    assert (told["money"]["next"], told["money"]["until"]) == ("lifting", None)
    answer = await send(stall, "POST", f"{order}/shipment", await bazaar.session(Who.SELLER), {})
    assert (answer.status_code, answer.json()["code"]) == (409, "order_stopped")
    path = f"{order}/freezes/{frozen['freeze_id']}/lifting"
    lifted = await step(stall, bazaar, Who.OPERATOR, path, {"reason": "answered"})
    assert (lifted["stopped_at"], lifted["deadline"]) == (None, "ship")


async def test_the_same_request_under_the_same_key_is_done_once(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    async with bazaar.database.tx() as tx:
        await worlds.fund(tx, bazaar.world, bazaar.world.ana, 1_000_000)
    headers = await bazaar.session(Who.BUYER) | key()
    body = {
        "lines": [{"variant_id": str(bazaar.world.tea), "quantity": 1}],
        "address_id": str(bazaar.world.anas_door),
    }
    first, again = [
        await stall.post("/api/v1/orders", headers=headers, json=body) for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    before = await bazaar.state()
    body["lines"] = [{"variant_id": str(bazaar.world.tea), "quantity": 2}]
    other = await stall.post("/api/v1/orders", headers=headers, json=body)
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")
    bare = await stall.post("/api/v1/orders", headers=await bazaar.session(Who.BUYER), json=body)
    assert (bare.status_code, bare.json()["code"]) == (400, "idempotency_key_missing")
    assert await bazaar.state() == before


async def test_lists_show_what_is_yours_by_state_and_page_by_page(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    mine = [(await buy(stall, bazaar, pay=False))["id"] for _ in range(3)]
    buyer, seller = await bazaar.session(Who.BUYER), await bazaar.session(Who.SELLER)
    for path, headers in (
        ("/api/v1/orders", buyer),
        (f"/api/v1/shops/{bazaar.world.tea_shop}/orders", seller),
    ):
        url, seen = f"{path}?limit=2&state=placed&state=closed", []
        for _ in range(2):
            page = await stall.get(url, headers=headers)
            assert page.status_code == 200, page.text
            seen += page.json()["items"]
            url = page.links["next"]["url"] if "next" in page.links else ""
        assert [one["id"] for one in seen[:3]] == mine[::-1]
        assert {one["state"] for one in seen} <= {"placed", "closed"}
        assert seen[0]["lines"][0]["title"] == "Green Tea"
        assert "address" not in seen[0]
    theirs = await stall.get("/api/v1/orders", headers=await bazaar.session(Who.OTHER_SELLER))
    assert theirs.json() == {"items": [], "next": None}


@pytest.mark.parametrize("who", [Who.OTHER_BUYER, Who.OTHER_SELLER, Who.COURIER])
async def test_another_persons_order_is_not_there(
    stall: httpx.AsyncClient, bazaar: Bazaar, who: Who
) -> None:
    async with bazaar.database.tx() as tx:
        order_id = await placed(tx, bazaar)
    headers = await bazaar.session(who)
    for path in ("", "/transfers"):
        answer = await stall.get(f"/api/v1/orders/{order_id}{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "order_unknown")
    unknown = await stall.get(f"/api/v1/orders/{bazaar.world.ana}", headers=headers)
    known = await stall.get(f"/api/v1/orders/{order_id}", headers=headers)
    assert unknown.json() | {"instance": ""} == known.json() | {"instance": ""}


async def test_a_shops_orders_are_for_its_owner(stall: httpx.AsyncClient, bazaar: Bazaar) -> None:
    path = f"/api/v1/shops/{bazaar.world.tea_shop}/orders"
    answer = await stall.get(path, headers=await bazaar.session(Who.OTHER_SELLER))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
