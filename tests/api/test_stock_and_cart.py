"""Stock and carts over HTTP."""

from datetime import timedelta

import httpx
import pytest

from serai.kernel.clock import ManualClock
from tests import world as worlds
from tests.api.bazaar import Bazaar, Who, send
from tests.api.test_listings import publish, written

pytestmark = pytest.mark.money


async def test_a_seller_stocks_counts_and_reads_the_shelf(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    listing = await written(stall, bazaar, "white-tea")
    small, large = [one["id"] for one in listing["variants"]]
    seller = await bazaar.session(Who.SELLER)
    put = await send(stall, "POST", f"/variants/{small}/restocks", seller, {"quantity": 5})
    assert (put.status_code, put.json()["on_hand"]) == (201, 5)
    await send(stall, "POST", f"/variants/{large}/restocks", seller, {"quantity": 90})
    clock = bazaar.database.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=1))
    body = {"counted": 3, "reason": "two broke"}
    counted = await send(stall, "POST", f"/variants/{small}/counts", seller, body)
    assert (counted.json()["on_hand"], counted.json()["delta"]) == (3, -2)
    moves = await stall.get(f"/api/v1/variants/{small}/movements?limit=1", headers=seller)
    assert [(one["kind"], one["reason"]) for one in moves.json()["items"]] == [
        ("adjust", "two broke")
    ]
    path = f"/api/v1/shops/{bazaar.world.tea_shop}/stock"
    low = await stall.get(path, params={"low": 3, "limit": 100}, headers=seller)
    rows = {row["level"]["variant_id"]: row for row in low.json()["items"]}
    assert rows[small]["level"]["available"] == 3
    assert rows[small]["options"] == ["50 g"]
    assert large not in rows
    seen: list[str] = []
    url = f"{path}?limit=1"
    while url:
        page = await stall.get(url, headers=seller)
        seen += [row["level"]["variant_id"] for row in page.json()["items"]]
        url = page.links["next"]["url"] if "next" in page.links else ""
    assert {small, large} <= set(seen)
    assert len(seen) == len(set(seen))


async def test_a_count_below_what_orders_hold_is_refused(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    async with bazaar.database.tx() as tx:
        await worlds.bought(tx, bazaar.world, (bazaar.world.tea, 2))
    before = await bazaar.state()
    seller = await bazaar.session(Who.SELLER)
    path = f"/variants/{bazaar.world.tea}/counts"
    answer = await send(stall, "POST", path, seller, {"counted": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "below_reserved")
    assert answer.json()["facts"]["counted"] == 1
    assert await bazaar.state() == before


async def test_anothers_shelves_are_not_there(stall: httpx.AsyncClient, bazaar: Bazaar) -> None:
    headers = await bazaar.session(Who.OTHER_SELLER)
    moves = await stall.get(f"/api/v1/variants/{bazaar.world.tea}/movements", headers=headers)
    assert (moves.status_code, moves.json()["code"]) == (404, "variant_unknown")
    stock = await stall.get(f"/api/v1/shops/{bazaar.world.tea_shop}/stock", headers=headers)
    assert (stock.status_code, stock.json()["code"]) == (403, "not_yours")


async def test_a_cart_shows_what_it_would_cost_and_what_speaks_against_it(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    w, ben = bazaar.world, await bazaar.session(Who.OTHER_BUYER)
    listing = await written(stall, bazaar, "rare-tea")
    await publish(stall, bazaar, listing)
    rare = listing["variants"][0]["id"]
    for variant, quantity in ((w.tea, 2), (w.song, 1), (w.rug, 1), (rare, 1)):
        body = {"quantity": quantity}
        put = await send(stall, "PUT", f"/cart/lines/{variant}", ben, body)
        assert put.status_code == 204, put.text
    cart = (await stall.get("/api/v1/cart", headers=ben)).json()
    tea_total = 2 * worlds.TEA_PRICE + 500 + worlds.SHIP_FEE
    assert sorted(one["total"] for one in cart["shops"]) == [tea_total, 81_000]
    assert cart["totals"] == {"CNY": tea_total + 81_000}
    against = {one["variant_id"]: one["against"] for one in cart["lines"]}
    assert against[rare]["code"] == "out_of_stock"
    assert against[str(w.tea)] is None
    for variant in (w.rug, w.song, rare, w.tea):
        gone = await send(stall, "DELETE", f"/cart/lines/{variant}", ben)
        assert gone.status_code == 204
    empty = (await stall.get("/api/v1/cart", headers=ben)).json()
    assert empty == {"lines": [], "shops": [], "totals": {}}
    refused = await send(stall, "PUT", f"/cart/lines/{w.ana}", ben, {"quantity": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_on_sale")
