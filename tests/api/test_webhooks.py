"""Webhooks at the door: one's own, their secrets shown once, the whole market for operators."""

import httpx

from serai.kernel import timers, webhooks
from serai.kernel.settings import Settings
from tests.api.conftest import Person, Town

HOOK = {"url": "https://example.org/hooks", "kinds": ["order.*"]}


async def test_a_webhook_is_registered_listed_rotated_and_removed(
    door: httpx.AsyncClient, buyer: Person
) -> None:
    made = await door.post("/api/v1/webhooks", json=HOOK, headers=buyer.headers)
    assert made.status_code == 201, made.text
    secret, hook = made.json()["secret"], made.json()["webhook"]
    assert secret.startswith("whsec_")
    path = f"/api/v1/webhooks/{hook['id']}"
    for shown in (
        await door.get("/api/v1/webhooks", headers=buyer.headers),
        await door.get(path, headers=buyer.headers),
    ):
        assert hook["id"] in shown.text
        assert "whsec_" not in shown.text
    rotated = await door.post(f"{path}/secrets", headers=buyer.headers)
    assert rotated.status_code == 201
    assert rotated.json()["secret"] not in {secret, ""}
    assert (await door.delete(path, headers=buyer.headers)).status_code == 204
    assert (await door.get(path, headers=buyer.headers)).status_code == 404


async def test_another_members_webhook_is_not_there(
    door: httpx.AsyncClient, buyer: Person, other: Person
) -> None:
    made = await door.post("/api/v1/webhooks", json=HOOK, headers=buyer.headers)
    path = f"/api/v1/webhooks/{made.json()['webhook']['id']}"
    for refused in (
        await door.get(path, headers=other.headers),
        await door.get(f"{path}/messages", headers=other.headers),
        await door.post(f"{path}/secrets", headers=other.headers),
        await door.post(f"{path}/test-messages", headers=other.headers),
        await door.delete(f"{path}/disablement", headers=other.headers),
        await door.delete(path, headers=other.headers),
    ):
        assert (refused.status_code, refused.json()["code"]) == (404, "webhook_unknown")
    assert (await door.get(path, headers=buyer.headers)).status_code == 200


async def test_only_operators_hear_of_the_whole_market(
    door: httpx.AsyncClient, buyer: Person, operator: Person
) -> None:
    whole = HOOK | {"whole_market": True}
    refused = await door.post("/api/v1/webhooks", json=whole, headers=buyer.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
    allowed = await door.post("/api/v1/webhooks", json=whole, headers=operator.headers)
    assert allowed.json()["webhook"]["whole_market"] is True


async def test_an_address_inside_is_refused_by_its_field(
    door: httpx.AsyncClient, buyer: Person
) -> None:
    for url in ("http://example.org/", "https://169.254.169.254/latest"):
        answer = await door.post(
            "/api/v1/webhooks", json=HOOK | {"url": url}, headers=buyer.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook_url_invalid")
        assert answer.json()["errors"][0]["field"] == "/url"


async def test_a_message_is_tried_seen_and_sent_again(
    door: httpx.AsyncClient, town: Town, buyer: Person
) -> None:
    nowhere = HOOK | {"url": "https://nobody.invalid/"}
    made = await door.post("/api/v1/webhooks", json=nowhere, headers=buyer.headers)
    path = f"/api/v1/webhooks/{made.json()['webhook']['id']}"
    sent = await door.post(f"{path}/test-messages", headers=buyer.headers)
    assert (sent.status_code, sent.json()["state"]) == (202, "waiting")
    await timers.fire(town.database, {webhooks.TIMER: webhooks.sender(Settings())})
    listed = await door.get(f"{path}/messages?state=waiting&limit=1", headers=buyer.headers)
    (message,) = listed.json()["items"]
    assert (message["attempts"], message["kind"]) == (1, "webhook.test")
    assert "cannot be resolved" in message["error"]
    assert (await door.get(f"{path}/messages?state=dead", headers=buyer.headers)).json() == {
        "items": [],
        "next": None,
    }
    redelivery = f"{path}/messages/{message['id']}/redelivery"
    again = await door.post(redelivery, headers=buyer.headers)
    assert (again.status_code, again.json()["attempts"]) == (202, 0)
    unknown = f"{path}/messages/{made.json()['webhook']['id']}/redelivery"
    assert (await door.post(unknown, headers=buyer.headers)).status_code == 404
