"""Who is let in, to what, how often, and in which market."""

from uuid import uuid4

import httpx
import pytest

from serai import members
from serai.api.rates import Buckets
from serai.kernel.settings import Settings
from serai.kernel.tx import Database
from serai.members import IssuedToken, NewMarket, Role, Scope
from tests.api.conftest import Person, Start, Town, come_in

THING = f"/api/v1/things/{uuid4()}"


async def key_of(database: Database, person: Person, scopes: list[Scope]) -> dict[str, str]:
    async with database.tx() as tx:
        issued = await members.issue_token(tx, person.member.id, name="test", scopes=scopes)
    assert isinstance(issued, IssuedToken), issued
    return {"Authorization": f"Bearer {issued.secret}"}


async def test_nobody_is_asked_who_they_are(api: httpx.AsyncClient) -> None:
    answer = await api.get(THING)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="serai"'


@pytest.mark.parametrize("token", ["forged", "sk_" + "x" * 40, "x" * 100_000, "é", ""])
async def test_a_forged_token_is_refused_even_where_none_is_needed(
    api: httpx.AsyncClient, token: str
) -> None:
    headers = {b"Authorization": b"Bearer " + token.encode()}
    for path in (THING, "/api/v1/things"):
        answer = await api.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_session_that_was_ended_opens_nothing(api: httpx.AsyncClient, town: Town) -> None:
    there = await come_in(town.database, town.market, "amir@example.org")
    assert (await api.get(THING, headers=there.headers)).status_code == 200
    async with town.database.tx() as tx:
        await members.sign_out(tx, there.token)
    assert (await api.get(THING, headers=there.headers)).status_code == 401


async def test_a_token_may_do_what_its_scopes_say_and_nothing_else(
    api: httpx.AsyncClient, town: Town, buyer: Person
) -> None:
    reads = await key_of(town.database, buyer, [Scope.READ])
    assert (await api.get(THING, headers=reads)).status_code == 200
    for path in ("/api/v1/things", "/api/v1/keys"):
        answer = await api.post(path, headers=reads | {"Idempotency-Key": "1"}, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert (await api.post("/api/v1/keys", headers=buyer.headers)).status_code == 201


async def test_a_role_is_needed_where_one_is_named(
    api: httpx.AsyncClient, buyer: Person, operator: Person
) -> None:
    refused = await api.get("/api/v1/operator-things", headers=buyer.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
    assert refused.json()["facts"] == {"role": str(Role.OPERATOR)}
    allowed = await api.get("/api/v1/operator-things", headers=operator.headers)
    assert allowed.json() == ["secret"]


async def test_the_market_is_the_callers_or_the_named_or_the_first(
    api: httpx.AsyncClient, town: Town, buyer: Person
) -> None:
    async with town.database.tx() as tx:
        new = NewMarket(slug="second", name="Second", currency="JPY", country="JP")
        await members.found_market(tx, new)
    second = {"Serai-Market": "second"}
    nobody, named = await api.get("/api/v1/home"), await api.get("/api/v1/home", headers=second)
    member = await api.get("/api/v1/home", headers=second | buyer.headers)
    assert nobody.json()["market"] == "lanterns"
    assert named.json()["market"] == "second"
    assert member.json() == {"market": "lanterns", "visitor": str(buyer.member.id)}
    unknown = await api.get("/api/v1/home", headers={"Serai-Market": "none"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "market_unknown")


async def test_a_caller_who_asks_too_fast_is_told_to_wait(start: Start, buyer: Person) -> None:
    api = await start(Settings(requests_per_minute=30))
    for left in (2, 1, 0):
        answer = await api.get("/api/v1/things")
        assert answer.status_code == 200
        assert answer.headers["ratelimit"].startswith(f'"minute";r={left};t=')
    refused = await api.get("/api/v1/things")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["retry-after"]) in {1, 2}
    # A member has a bucket of their own, wherever they call from.
    assert (await api.get("/api/v1/things", headers=buyer.headers)).status_code == 200


async def test_only_our_own_proxies_are_believed(start: Start) -> None:
    slow = Settings(requests_per_minute=10)
    behind = Settings(requests_per_minute=10, trusted_proxies=1)
    for settings, forwarded, status in (
        (slow, "198.51.100.{}", 429),
        (behind, "198.51.100.7, 198.51.100.{}", 200),
        (behind, "198.51.100.{}, 198.51.100.7", 429),
    ):
        api = await start(settings)
        first, second = [
            await api.get("/api/v1/things", headers={"X-Forwarded-For": forwarded.format(n)})
            for n in (1, 2)
        ]
        assert (first.status_code, second.status_code) == (200, status)


def test_buckets_fill_steadily_and_forget_the_longest_unseen() -> None:
    buckets = Buckets(600, callers_max=2)
    assert [buckets.take("a", 0).allowed for _ in range(61)] == [True] * 60 + [False]
    assert not buckets.take("a", 0.05).allowed
    assert buckets.take("a", 0.16).allowed
    assert buckets.take("b", 0.2).left == 59
    assert buckets.take("c", 0.2, cost=60).left == 0
    assert buckets.take("c", 0.2, cost=1_000).wait_s == 6
    assert len(buckets) == 2
