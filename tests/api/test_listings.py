"""Listings over HTTP: written by their sellers, found by buyers, hidden until published."""

from typing import Any

import httpx

from tests.api.bazaar import Bazaar, Who, send

DRAFT = {
    "title": "Jasmine Tea",
    "body_html": "<p>Picked at dawn</p><script>alert(1)</script>",
    "option_names": ["Size"],
    "variants": [
        {"options": ["50 g"], "price": 4_000, "weight_g": 60},
        {"options": ["100 g"], "price": 7_000, "weight_g": 115},
    ],
    "translations": {"zh": {"title": "茉莉花茶"}},
}


async def written(
    stall: httpx.AsyncClient,
    bazaar: Bazaar,
    handle: str,
    **changes: Any,  # noqa: ANN401
) -> dict[str, Any]:
    body = DRAFT | {"handle": handle} | changes
    path = f"/shops/{bazaar.world.tea_shop}/listings"
    answer = await send(stall, "POST", path, await bazaar.session(Who.SELLER), body)
    assert answer.status_code == 201, answer.text
    listing = answer.json()
    assert isinstance(listing, dict)
    return listing


async def publish(stall: httpx.AsyncClient, bazaar: Bazaar, listing: dict[str, Any]) -> None:
    path = f"/listings/{listing['id']}/publication"
    answer = await send(stall, "POST", path, await bazaar.session(Who.SELLER), {})
    assert (answer.status_code, answer.json()["state"]) == (201, "published")


async def test_a_draft_is_its_sellers_alone_until_it_is_published(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    listing = await written(stall, bazaar, "jasmine-hidden")
    assert (listing["state"], listing["price_from"]) == ("draft", 4_000)
    assert "script" not in listing["body_html"]
    path = f"/api/v1/listings/{listing['id']}"
    for headers in ({}, await bazaar.session(Who.OTHER_SELLER)):
        for more in ("", "/availability"):
            hidden = await stall.get(path + more, headers=headers)
            assert (hidden.status_code, hidden.json()["code"]) == (404, "listing_unknown")
    mine = await stall.get(path, headers=await bazaar.session(Who.SELLER))
    assert mine.json()["id"] == listing["id"]
    await publish(stall, bazaar, listing)
    shown = await stall.get(path, params={"locale": "zh-CN"})
    assert (shown.status_code, shown.json()["title"]) == (200, "茉莉花茶")
    assert shown.json()["body_html"] == "<p>Picked at dawn</p>"
    left = await stall.get(path + "/availability")
    assert [one["available"] for one in left.json()] == [0, 0]


async def test_listings_are_found_by_words_shop_category_and_price(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    operator, seller = await bazaar.session(Who.OPERATOR), await bazaar.session(Who.SELLER)
    above = await send(
        stall, "POST", "/categories", operator, {"slug": "drinks", "names": {"en": "Drinks"}}
    )
    body = {"slug": "teas", "names": {"en": "Teas", "zh": "茶"}, "parent_id": above.json()["id"]}
    below = await send(stall, "POST", "/categories", operator, body)
    tree = await stall.get("/api/v1/categories", headers={"Accept-Language": "zh"})
    assert {one["slug"]: one["name"] for one in tree.json()}["teas"] == "茶"
    made = [
        await written(
            stall, bazaar, f"osmanthus-{n}", title=f"Osmanthus {n}", category_id=below.json()["id"],
            option_names=[], variants=[{"price": price}],
        )
        for n, price in enumerate((300, 100, 200))
    ]  # fmt: skip
    for one in made:
        await publish(stall, bazaar, one)
    query = {"category": above.json()["id"], "text": "osmanthus", "sort": "cheapest", "limit": 2}
    first = await stall.get("/api/v1/listings", params=query)
    assert [one["price_from"] for one in first.json()["items"]] == [100, 200]
    second = await stall.get(first.links["next"]["url"])
    assert [one["price_from"] for one in second.json()["items"]] == [300]
    assert second.json()["next"] is None
    foreign = await stall.get("/api/v1/listings", params={"cursor": first.json()["next"]})
    assert (foreign.status_code, foreign.json()["code"]) == (422, "cursor_unknown")
    rugs = await stall.get("/api/v1/listings", params={"shop": str(bazaar.world.rug_shop)})
    assert {one["shop_id"] for one in rugs.json()["items"]} == {str(bazaar.world.rug_shop)}
    drafts = await stall.get(
        f"/api/v1/shops/{bazaar.world.tea_shop}/listings?state=draft", headers=seller
    )
    assert {one["state"] for one in drafts.json()["items"]} <= {"draft"}
    theirs = await stall.get(
        f"/api/v1/shops/{bazaar.world.tea_shop}/listings",
        headers=await bazaar.session(Who.OTHER_SELLER),
    )
    assert (theirs.status_code, theirs.json()["code"]) == (403, "not_yours")


async def test_a_listing_is_revised_priced_paused_archived_and_reopened(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    listing = await written(stall, bazaar, "jasmine-long-life")
    path, seller = f"/listings/{listing['id']}", await bazaar.session(Who.SELLER)
    await publish(stall, bazaar, listing)
    revised = await send(stall, "PATCH", path, seller, {"title": "Jasmine Pearls"})
    assert revised.json()["title"] == "Jasmine Pearls"
    assert [one["id"] for one in revised.json()["variants"]] == [
        one["id"] for one in listing["variants"]
    ]
    variant = listing["variants"][0]["id"]
    dear = await send(stall, "PUT", f"/variants/{variant}/price", seller, {"price": 4_500})
    assert dear.json()["variants"][0]["price"] == 4_500
    states = [
        (await send(stall, method, path + noun, seller, body)).json()["state"]
        for method, noun, body in (
            ("DELETE", "/publication", None),
            ("POST", "/archival", {"reason": "over"}),
            ("DELETE", "/archival", None),
        )
    ]
    assert states == ["paused", "archived", "draft"]
    changes = await stall.get(f"/api/v1{path}/changes", headers=seller)
    assert [one["to_state"] for one in changes.json()] == [
        "draft", "published", "paused", "archived", "draft",
    ]  # fmt: skip
    again = await send(stall, "DELETE", path + "/archival", seller)
    assert (again.status_code, again.json()["code"]) == (409, "transition_unknown")
    assert again.json()["facts"] == {"from": "draft", "to": "draft"}


async def test_all_that_is_wrong_with_a_listing_is_told_by_field(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    seller = await bazaar.session(Who.SELLER)
    body = {
        "handle": "No Such Handle",
        "title": "Tea",
        "option_names": ["Size"],
        "variants": [{"options": [], "price": 1}],
        "pictures": [{"alt": "nothing to see"}],
    }
    answer = await send(stall, "POST", f"/shops/{bazaar.world.tea_shop}/listings", seller, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_fields")
    assert {one["field"] for one in answer.json()["errors"]} == {
        "/handle", "/variants/0/options", "/pictures/0",
    }  # fmt: skip
    body = {"handle": "dear", "title": "Tea", "variants": [{"price": -1}, {"price": 10**16}]}
    answer = await send(stall, "POST", f"/shops/{bazaar.world.tea_shop}/listings", seller, body)
    assert {one["field"]: one["code"] for one in answer.json()["errors"]} == {
        "/variants/0/price": "too_small",
        "/variants/1/price": "too_large",
    }


async def test_what_lacks_a_price_is_not_published(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    listing = await written(stall, bazaar, "priceless", option_names=[], variants=[{"price": 0}])
    path = f"/listings/{listing['id']}/publication"
    answer = await send(stall, "POST", path, await bazaar.session(Who.SELLER), {})
    assert (answer.status_code, answer.json()["code"]) == (409, "listing_incomplete")
    assert answer.json()["detail"] == "Add what it lacks first: price."


async def test_a_category_is_renamed_and_moved_but_never_below_itself(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    operator = await bazaar.session(Who.OPERATOR)
    body = {"slug": "cups", "names": {"en": "Cups"}}
    cups = (await send(stall, "POST", "/categories", operator, body)).json()["id"]
    body = {"slug": "mugs", "names": {"en": "Mugs"}, "parent_id": cups}
    mugs = (await send(stall, "POST", "/categories", operator, body)).json()["id"]
    change = {"names": {"en": "Bowls"}, "parent_id": mugs}
    answer = await send(stall, "PATCH", f"/categories/{cups}", operator, change)
    assert (answer.status_code, answer.json()["code"]) == (409, "category_circle")
    tree = {one["id"]: one for one in (await stall.get("/api/v1/categories")).json()}
    assert tree[cups]["name"] == "Cups"
    change = {"names": {"en": "Bowls"}, "parent_id": None, "position": 7}
    moved = await send(stall, "PATCH", f"/categories/{mugs}", operator, change)
    assert (moved.json()["name"], moved.json()["parent_id"]) == ("Bowls", None)
