"""Every operation that changes something, tried as every kind of caller, from one table.

Who is refused has moved nothing: the fingerprints of all tables are the same
before and after. Who may does it, by a session and by a token with the scope.
"""

from typing import Any

import httpx
import pytest

from serai.api.app import MODULES
from serai.api.callers import Needs, needs_of
from serai.members import Scope
from tests.api.bazaar import PEOPLE, Bazaar, Who, key
from tests.api.tries import TRIES, Things, Try

pytestmark = pytest.mark.money

_READS = {"GET", "HEAD", "OPTIONS"}
_WRITES = {
    handler.handler_name: handler
    for module in MODULES
    for handler in module.ROUTES
    if not handler.http_methods <= _READS
}


def test_every_operation_that_changes_something_is_in_the_table() -> None:
    assert sorted(_WRITES) == sorted(TRIES)


def test_the_table_says_what_the_operations_say() -> None:
    for name, one in TRIES.items():
        needs = needs_of(_WRITES[name])
        assert isinstance(needs, Needs)
        assert (name, needs.scope, needs.public) == (name, one.scope, one.public)
        (path,) = _WRITES[name].paths
        assert path.count("/") == one.path.count("/"), name


@pytest.mark.parametrize("name", sorted(TRIES))
async def test_nobody_moves_anything_who_may_not_and_all_do_who_may(
    stall: httpx.AsyncClient, bazaar: Bazaar, name: str
) -> None:
    one = TRIES[name]
    things = await _made(bazaar, one)
    before = await bazaar.state()
    for who, headers, status in await _refused(bazaar, one):
        answer = await _attempt(stall, one, things, headers)
        assert answer.status_code == status, f"{name} as {who}: {answer.text}"
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert await bazaar.state() == before, f"{name} moved something when it was refused"
    for who, status in one.may.items():
        things = await _made(bazaar, one)
        answer = await _attempt(stall, one, things, await bazaar.session(who))
        assert answer.status_code == status, f"{name} as {who}: {answer.text}"
    if one.scope is not None:
        who, status = next(iter(one.may.items()))
        things = await _made(bazaar, one)
        headers = await bazaar.token(who, [one.scope])
        answer = await _attempt(stall, one, things, headers)
        assert answer.status_code == status, f"{name} with a token: {answer.text}"


async def _made(bazaar: Bazaar, one: Try) -> Things:
    async with bazaar.database.tx() as tx:
        return await one.make(tx, bazaar)


async def _refused(bazaar: Bazaar, one: Try) -> list[tuple[Who, dict[str, str], int]]:
    """List who may not, the headers of each, and what each is told."""
    entitled = next(iter(one.may))
    forged = {"Authorization": "Bearer " + "x" * 43}
    refused = [
        (Who.EXPIRED, await bazaar.expired(entitled), 401),
        (Who.FORGED, forged, 401),
    ]
    if not one.public:
        wrong = [scope for scope in (Scope.READ, Scope.ORDERS_WRITE) if scope is not one.scope]
        refused.append((Who.NOBODY, {}, 401))
        refused.append((Who.SCOPELESS, await bazaar.token(entitled, wrong), 403))
    refused += [
        (who, await bazaar.session(who), one.status(who)) for who in PEOPLE if who not in one.may
    ]
    return refused


async def _attempt(
    stall: httpx.AsyncClient, one: Try, things: Things, headers: dict[str, str]
) -> httpx.Response:
    path = "/api/v1" + one.path.format(**things)
    body: Any = one.body(things) if one.body else None
    given = headers | key()
    if isinstance(body, bytes):
        typed = given | {"Content-Type": one.kind}
        return await stall.request(one.method, path, headers=typed, content=body)
    return await stall.request(one.method, path, headers=given, json=body)
