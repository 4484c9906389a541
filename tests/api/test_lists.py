"""Lists come a page at a time, and commands are done once."""

import asyncio
from uuid import uuid4

import httpx

from serai.api.idempotency import command_id_of
from tests.api.conftest import Person


async def test_following_next_shows_every_entry_once_and_ends(api: httpx.AsyncClient) -> None:
    seen: list[str] = []
    url = "/api/v1/things?limit=100&least=5"
    while url:
        answer = await api.get(url)
        seen += answer.json()["items"]
        link = answer.links.get("next", {}).get("url", "")
        assert bool(link) == (answer.json()["next"] is not None)
        assert "least=5" in link or not link
        url = link
    assert seen == [str(n) for n in range(5, 250)]


async def test_a_cursor_that_the_list_did_not_give_is_a_wrong_field(
    api: httpx.AsyncClient,
) -> None:
    for cursor in ("nonsense", "!", "wAD", "é", "2gAG", "x" * 501):
        answer = await api.get("/api/v1/things", params={"cursor": cursor})
        assert answer.status_code == 422, (cursor, answer.text)
        assert [error["field"] for error in answer.json()["errors"]] == ["?cursor"]


def body(quantity: int = 1) -> dict[str, object]:
    return {"name": "lamp", "lines": [{"variant_id": str(uuid4()), "quantity": quantity}]}


async def test_the_same_key_and_body_get_the_same_answer(
    api: httpx.AsyncClient, buyer: Person
) -> None:
    headers, lamp = buyer.headers | {"Idempotency-Key": str(uuid4())}, body()
    answers = await asyncio.gather(
        *(api.post("/api/v1/things", json=lamp, headers=headers) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1


async def test_a_refusal_is_remembered_too(api: httpx.AsyncClient, buyer: Person) -> None:
    headers = buyer.headers | {"Idempotency-Key": "lamp 7"}
    wanted = body() | {"name": "sold out"}
    first = await api.post("/api/v1/things", json=wanted, headers=headers)
    again = await api.post("/api/v1/things", json=wanted, headers=headers)
    assert (first.status_code, first.json()) == (409, again.json())


async def test_the_same_key_with_another_body_is_refused(
    api: httpx.AsyncClient, buyer: Person
) -> None:
    headers = buyer.headers | {"Idempotency-Key": str(uuid4())}
    assert (await api.post("/api/v1/things", json=body(1), headers=headers)).status_code == 201
    answer = await api.post("/api/v1/things", json=body(2), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "id_reused")


async def test_a_key_of_somebody_else_is_another_command(
    api: httpx.AsyncClient, buyer: Person, other: Person
) -> None:
    key, lamp = {"Idempotency-Key": str(uuid4())}, body()
    mine = await api.post("/api/v1/things", json=lamp, headers=buyer.headers | key)
    theirs = await api.post("/api/v1/things", json=lamp, headers=other.headers | key)
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]


def test_no_key_names_a_command_by_an_id_of_its_senders_choice() -> None:
    member, key = uuid4(), uuid4()
    named = command_id_of(member, str(key))
    assert named != key
    assert named == command_id_of(member, str(key).upper())
    assert named.bytes[:6] == key.bytes[:6]
    assert command_id_of(member, "a") == command_id_of(member, "a") != command_id_of(member, "b")


async def test_a_missing_or_endless_key_is_asked_for(api: httpx.AsyncClient, buyer: Person) -> None:
    for key in (None, "", '""', "x" * 300):
        headers = buyer.headers | ({} if key is None else {"Idempotency-Key": key})
        answer = await api.post("/api/v1/things", json=body(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
