"""Members at the door: joining, coming in, keys, shops, addresses, and those who run the market."""

from uuid import uuid4

import httpx

from serai.api.app import MODULES
from serai.kernel.settings import Settings
from tests.api.conftest import PASSWORD, Person, Start, Town, again

ADDRESS = {
    "recipient": "Lin",
    "phone": "+8613800138000",
    "lines": ["1 Lantern Lane"],
    "place_id": 1816670,
}


def newcomer() -> dict[str, str]:
    return {"name": "Mei", "email": f"{uuid4().hex}@example.org", "password": PASSWORD}


async def test_a_stranger_joins_comes_in_and_goes(door: httpx.AsyncClient) -> None:
    mei = newcomer()
    joined = await door.post("/api/v1/members", json=mei)
    assert joined.status_code == 201, joined.text
    assert "password" not in joined.text
    wrong = await door.post("/api/v1/sessions", json={"login": mei["email"], "password": "no no"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_failed")
    assert "www-authenticate" in wrong.headers
    entered = await door.post(
        "/api/v1/sessions",
        json={"login": mei["email"], "password": PASSWORD},
        headers={"User-Agent": "Lantern/1"},
    )
    assert entered.status_code == 201
    assert entered.json()["session"]["agent"] == "Lantern/1"
    assert entered.json()["session"]["address"] == "203.0.113.9"
    headers = {"Authorization": f"Bearer {entered.json()['token']}"}
    me = (await door.get("/api/v1/me", headers=headers)).json()
    assert (me["member"]["id"], me["roles"]) == (joined.json()["id"], ["buyer"])
    assert me["scopes"] is None
    assert len((await door.get("/api/v1/sessions", headers=headers)).json()) == 1
    assert (await door.delete("/api/v1/sessions/current", headers=headers)).status_code == 204
    assert (await door.get("/api/v1/me", headers=headers)).status_code == 401


async def test_a_field_that_the_hall_refuses_is_pointed_at(door: httpx.AsyncClient) -> None:
    bad = newcomer() | {"email": "not an address"}
    answer = await door.post("/api/v1/members", json=bad, headers={"Accept-Language": "zh"})
    assert (answer.status_code, answer.json()["code"]) == (422, "email_invalid")
    assert answer.json()["errors"] == [
        {"field": "/email", "code": "email_invalid", "reason": "这不是电子邮件地址。"}
    ]
    missing = {"name": "Mei", "password": PASSWORD}
    answer = await door.post("/api/v1/members", json=missing)
    assert [e["field"] for e in answer.json()["errors"]] == ["/email", "/phone"]


async def test_guessing_passwords_is_slowed_down(start: Start, town: Town) -> None:
    door = await start(Settings(requests_per_minute=120), MODULES, address="198.51.100.77")
    guess = {"login": f"{uuid4().hex}@example.org", "password": "guess guess"}
    codes = [(await door.post("/api/v1/sessions", json=guess)).json()["code"] for _ in range(3)]
    assert codes == ["sign_in_failed", "sign_in_failed", "too_many_requests"]
    patient = await start(Settings(requests_per_minute=100_000), MODULES, address="198.51.100.78")
    answers = [await patient.post("/api/v1/sessions", json=guess) for _ in range(6)]
    assert answers[-1].json()["code"] == "too_many_attempts"
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_name_changes_and_a_wrong_language_changes_nothing(
    door: httpx.AsyncClient, town: Town
) -> None:
    zoe = (await again(town, town.tester)).headers
    both = {"name": "Zoe of the lanterns", "locale": "tlh"}
    refused = await door.patch("/api/v1/me", json=both, headers=zoe)
    assert (refused.status_code, refused.json()["code"]) == (422, "locale_unknown")
    assert (await door.get("/api/v1/me", headers=zoe)).json()["member"]["name"] == "Zoe"
    done = await door.patch("/api/v1/me", json={"locale": "zh"}, headers=zoe)
    assert (done.json()["member"]["name"], done.json()["member"]["locale"]) == ("Zoe", "zh")


async def test_a_token_is_shown_once_works_and_is_revoked(
    door: httpx.AsyncClient, buyer: Person
) -> None:
    wanted = {"name": "till", "scopes": ["read"]}
    made = await door.post("/api/v1/tokens", json=wanted, headers=buyer.headers)
    assert made.status_code == 201, made.text
    secret, token_id = made.json()["secret"], made.json()["token"]["id"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await door.get("/api/v1/me", headers=headers)).json()["scopes"] == ["read"]
    listed = await door.get("/api/v1/tokens", headers=buyer.headers)
    assert token_id in [token["id"] for token in listed.json()]
    assert secret not in listed.text
    gone = await door.delete(f"/api/v1/tokens/{token_id}", headers=buyer.headers)
    assert gone.status_code == 204
    assert (await door.get("/api/v1/me", headers=headers)).status_code == 401
    operator = {"name": "till", "scopes": ["market:operate"]}
    refused = await door.post("/api/v1/tokens", json=operator, headers=buyer.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_not_yours")


async def test_addresses_are_their_owners_alone(
    door: httpx.AsyncClient, buyer: Person, other: Person
) -> None:
    made = await door.post("/api/v1/addresses", json=ADDRESS, headers=buyer.headers)
    assert made.status_code == 201, made.text
    path = f"/api/v1/addresses/{made.json()['id']}"
    assert made.json()["place"]["name"] == "Beijing"
    assert (await door.get(path, headers=buyer.headers)).json() == made.json()
    for refused in (
        await door.get(path, headers=other.headers),
        await door.put(path, json=ADDRESS, headers=other.headers),
        await door.delete(path, headers=other.headers),
    ):
        assert refused.status_code == 404
    assert (await door.get(path, headers=buyer.headers)).status_code == 200
    assert (await door.delete(path, headers=buyer.headers)).status_code == 204
    assert (await door.get(path, headers=buyer.headers)).status_code == 404


async def test_places_are_found_in_any_language(door: httpx.AsyncClient) -> None:
    found = await door.get("/api/v1/places", params={"q": "北京"})
    assert found.json()[0]["name"] == "Beijing"
    same = await door.get(f"/api/v1/places/{found.json()[0]['id']}")
    assert same.json() == found.json()[0]
    assert (await door.get("/api/v1/places/1")).status_code == 404
    wrong = await door.get("/api/v1/places?country=china")
    assert {e["field"] for e in wrong.json()["errors"]} == {"?q", "?country"}


async def test_a_shop_opens_changes_pauses_and_is_seen(
    door: httpx.AsyncClient, town: Town, other: Person
) -> None:
    zoe = (await again(town, town.tester)).headers
    slug = f"tea-{uuid4().hex[:8]}"
    shop = {
        "slug": slug,
        "name": "Zoe's Tea",
        "kind": "individual",
        "currency": "CNY",
        "place_id": 1816670,
        "translations": {"zh": {"name": "佐伊的茶"}},
    }
    made = await door.post("/api/v1/shops", json=shop, headers=zoe)
    assert made.status_code == 201, made.text
    path = f"/api/v1/shops/{made.json()['id']}"
    assert "seller" in (await door.get("/api/v1/me", headers=zoe)).json()["roles"]
    assert (await door.get(path)).json() == made.json()
    by_slug = (await door.get("/api/v1/shops", params={"slug": slug})).json()
    assert [one["id"] for one in by_slug["items"]] == [made.json()["id"]]
    taken = await door.post("/api/v1/shops", json=shop, headers=zoe)
    assert (taken.status_code, taken.json()["code"]) == (409, "slug_taken")
    edited = await door.patch(path, json={"ship_free_from": None, "ship_fee": 800}, headers=zoe)
    assert (edited.json()["ship_fee"], edited.json()["name"]) == (800, "Zoe's Tea")
    stolen = await door.patch(path, json={"ship_fee": 0}, headers=other.headers)
    assert (stolen.status_code, stolen.json()["code"]) == (403, "not_yours")
    pause = {"state": "paused", "reason": "Holidays"}
    changes = f"{path}/state-changes"
    assert (await door.post(changes, json=pause, headers=other.headers)).status_code == 403
    assert (await door.post(changes, json=pause, headers=zoe)).json()["state"] == "paused"
    told = (await door.get(changes, headers=zoe)).json()
    assert [change["reason"] for change in told] == ["Holidays"]
    assert (await door.get(changes, headers=other.headers)).status_code == 403


async def test_terms_are_changed_by_operators_one_by_one(
    door: httpx.AsyncClient, operator: Person, buyer: Person
) -> None:
    before = (await door.get("/api/v1/market")).json()["terms"]
    change = {"ship_hours": 48, "reason": "Faster"}
    refused = await door.patch("/api/v1/market/terms", json=change, headers=buyer.headers)
    assert refused.status_code == 403
    wrong = change | {"confirm_days": 0}
    invalid = await door.patch("/api/v1/market/terms", json=wrong, headers=operator.headers)
    assert (invalid.status_code, invalid.json()["code"]) == (422, "terms_invalid")
    assert (await door.get("/api/v1/market")).json()["terms"] == before
    done = await door.patch("/api/v1/market/terms", json=change, headers=operator.headers)
    assert done.json()["terms"] == before | {"ship_hours": 48}
    told = (await door.get("/api/v1/market/terms-changes")).json()
    assert told[0]["reason"] == "Faster"


async def test_operators_make_couriers_and_keep_people_out(
    door: httpx.AsyncClient, operator: Person
) -> None:
    mei = newcomer()
    joined = (await door.post("/api/v1/members", json=mei)).json()
    path = f"/api/v1/members/{joined['id']}"
    run, why = operator.headers, {"reason": "Asked to"}
    assert (await door.put(f"{path}/roles/courier", json=why, headers=run)).status_code == 200
    found = (await door.get("/api/v1/members", params={"q": mei["email"]}, headers=run)).json()
    assert found["items"][0]["roles"] == ["buyer", "courier"]
    assert (await door.put(f"{path}/roles/buyer", json=why, headers=run)).status_code == 422
    king = await door.put(f"{path}/roles/king", json=why, headers=run)
    assert [(e["field"], e["code"]) for e in king.json()["errors"]] == [("{role}", "not_one_of")]
    gone = await door.delete(f"{path}/roles/courier", params=why, headers=run)
    assert gone.status_code == 204
    assert (await door.put(f"{path}/deactivation", json=why, headers=run)).status_code == 200
    entry = {"login": mei["email"], "password": PASSWORD}
    out = await door.post("/api/v1/sessions", json=entry)
    assert (out.status_code, out.json()["code"]) == (403, "deactivated")
    assert (await door.delete(f"{path}/deactivation", params=why, headers=run)).status_code == 204
    assert (await door.post("/api/v1/sessions", json=entry)).status_code == 201
    acts = await door.get("/api/v1/actions", params={"subject": joined["id"]}, headers=run)
    assert len(acts.json()["items"]) == 4


async def test_a_member_of_another_market_is_nobody_here(
    door: httpx.AsyncClient, operator: Person
) -> None:
    path = f"/api/v1/members/{uuid4()}/deactivation"
    answer = await door.put(path, json={"reason": "Why not"}, headers=operator.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
