"""Errors: each says what is wrong, in a form that programs and people can read."""

from collections.abc import AsyncIterator
from types import ModuleType
from uuid import uuid4

import asyncpg
import httpx
import pytest
from litestar import get

from serai.api.app import create_app
from serai.api.says import Says, decline, gather
from serai.kernel import i18n
from serai.kernel.settings import Settings
from tests.api import sample
from tests.api.conftest import Person, Town

LINE = {"variant_id": str(uuid4()), "quantity": 1}


def fields(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


async def test_every_wrong_field_is_named_and_not_only_the_first(
    api: httpx.AsyncClient, buyer: Person
) -> None:
    body = {
        "name": "Not lower case, and much too long",
        "lines": [LINE, {"variant_id": "x", "quantity": 0}, {"quantity": "1", "colour": 1}, 7],
        "colour": "green",
        "wrap": {"as": "gift", "words": 5},
        "notes": {"a": 1},
        "weight": 0,
        "price": 1,
    }
    keyed = buyer.headers | {"Idempotency-Key": "1"}
    answer = await api.post("/api/v1/things", json=body, headers=keyed)
    assert fields(answer) == {
        "/name": "wrong_form",
        "/lines": "too_many",
        "/lines/1/variant_id": "not_uuid",
        "/lines/1/quantity": "too_small",
        "/lines/2/variant_id": "missing",
        "/lines/2/quantity": "not_integer",
        "/lines/2/colour": "unknown",
        "/lines/3": "not_object",
        "/colour": "not_one_of",
        "/wrap/words": "not_text",
        "/notes/a": "not_text",
        "/weight": "too_small",
        "/price": "unknown",
    }
    reasons = {error["field"]: error["reason"] for error in answer.json()["errors"]}
    assert reasons["/colour"] == "This must be one of: red, blue."
    assert reasons["/lines/1/quantity"] == "This must be 1 or more."


async def test_wrong_parameters_of_a_query_are_all_named(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/things?limit=101&least=x&colour=green&cursor=%21")
    assert fields(answer).keys() == {"?limit", "?least", "?colour"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "body_missing"),
        (b'{"name": "a"', 400, "not_json"),
        (b'{"name": "a",}', 400, "not_json"),
        (b'{"name": "\xff"}', 400, "not_utf8"),
        (b"[" * 100_000, 400, "too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "too_deep"),
        (b'{"name": "a\\u0000", "lines": []}', 422, "invalid_fields"),
        (b'{"name": "\\ud800", "lines": []}', 400, "not_json"),
        (b'{"weight": 1e999}', 422, "invalid_fields"),
        (b'{"weight": ' + b"9" * 9_000 + b"}", 422, "invalid_fields"),
        (b"null", 422, "invalid_fields"),
        (b'{"name": "' + b"a" * 1_000_000 + b'"}', 413, "too_large"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_and_nothing_breaks(
    api: httpx.AsyncClient, buyer: Person, body: bytes, status: int, code: str
) -> None:
    headers = buyer.headers | {"Idempotency-Key": "1", "Content-Type": "application/json"}
    answer = await api.post("/api/v1/things", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_body_in_pieces_is_measured_too(api: httpx.AsyncClient, buyer: Person) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 100_000

    headers = buyer.headers | {"Idempotency-Key": "1", "Content-Type": "application/json"}
    answer = await api.post("/api/v1/things", content=pieces(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["facts"] == {"limit": 1_000_000}


async def test_brackets_inside_text_are_not_depth(api: httpx.AsyncClient, buyer: Person) -> None:
    body = {"name": "a", "lines": [LINE], "notes": {"n": '["' * 200}}
    headers = buyer.headers | {"Idempotency-Key": "1"}
    answer = await api.post("/api/v1/things", json=body, headers=headers)
    assert answer.status_code == 201, answer.text


async def test_another_form_than_json_is_refused(api: httpx.AsyncClient, buyer: Person) -> None:
    headers = buyer.headers | {"Idempotency-Key": "1", "Content-Type": "text/xml"}
    answer = await api.post("/api/v1/things", content=b"<a/>", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type")


async def test_a_method_that_is_not_known_is_told_those_that_are(api: httpx.AsyncClient) -> None:
    answer = await api.delete("/api/v1/things")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, OPTIONS, POST"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/things/not-an-id", "/nothing", "/"])
async def test_what_is_not_there_is_a_problem_too(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (404, "not_found")
    assert problem["type"] == "/api/problems/not_found"
    assert problem["instance"] == path


@pytest.mark.parametrize("path", ["/api/v1/things?colour=a%00", "/api/v1/%00", "/api/v1/%ff"])
async def test_a_zero_character_in_the_address_is_refused(
    api: httpx.AsyncClient, path: str
) -> None:
    answer = await api.get(path)
    assert answer.status_code in {400, 404, 422}
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_refusal_is_told_with_its_facts_in_the_readers_language(
    api: httpx.AsyncClient, buyer: Person
) -> None:
    body = {"name": "sold out", "lines": [LINE]}
    headers = buyer.headers | {"Idempotency-Key": str(uuid4())}
    english = await api.post("/api/v1/things", json=body, headers=headers)
    assert english.status_code == 409
    assert english.json() == {
        "type": "/api/problems/thing_sold_out",
        "title": "Sold out",
        "status": 409,
        "code": "thing_sold_out",
        "detail": "CN¥20.00 would not have been enough for this thing.",
        "instance": "/api/v1/things",
        "facts": {"missing": 2000, "currency": "CNY"},
    }
    unknown = await api.get("/api/v1/nothing", headers={"Accept-Language": "fr, zh-TW;q=0.8"})
    assert unknown.headers["content-language"] == "zh"
    assert unknown.json()["title"] == i18n.catalog("zh")["There is nothing here"]


@pytest.mark.parametrize(
    ("raised", "status", "code", "retry_after"),
    [
        (sample.OVERLOADED, 503, "overloaded", "7"),
        (sample.UNKNOWN, 503, "outcome_unknown", "1"),
        (asyncpg.ConnectionDoesNotExistError("gone"), 503, "unavailable", "2"),
        (asyncpg.AdminShutdownError("stopping"), 503, "unavailable", "2"),
        (asyncpg.CannotConnectNowError("starting"), 503, "unavailable", "2"),
        (RuntimeError("the password is swordfish"), 500, "internal", None),
    ],
)
async def test_trouble_of_ours_is_told_without_details(
    api: httpx.AsyncClient, raised: Exception, status: int, code: str, retry_after: str | None
) -> None:
    sample.Failures.next = raised
    answer = await api.get("/api/v1/failures")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers.get("retry-after") == retry_after
    assert "swordfish" not in answer.text
    if code == "internal":
        assert answer.headers["x-request-id"] in answer.json()["detail"]


def test_two_modules_may_not_say_different_things_to_one_code() -> None:
    one, two = Says(409, "One", "One."), Says(404, "Two", "Two.")
    assert gather([{"a": one}, {"a": one}]) == {"a": one}
    with pytest.raises(ValueError, match="different things"):
        gather([{"a": one}, {"a": two}])


async def test_an_operation_that_is_for_nobody_in_particular_keeps_the_api_from_starting(
    town: Town,
) -> None:
    @get("/silent")
    async def silent() -> None:
        """Say nothing."""

    module = ModuleType("silent")
    module.ROUTES, module.REFUSALS = [silent], {}  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="/api/v1/silent"):
        create_app(town.database, Settings(), [module])


async def test_a_refusal_that_nobody_found_words_for_is_still_a_refusal(
    api: httpx.AsyncClient,
) -> None:
    sample.Failures.next = decline("never_heard_of", seen=1)
    answer = await api.get("/api/v1/failures")
    assert (answer.status_code, answer.json()["code"]) == (409, "never_heard_of")
    assert answer.json()["facts"] == {"seen": 1}
