"""Every operation that the API has or will have, tried as those who may not."""

from uuid import UUID

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from serai import members
from serai.api.app import MODULES
from serai.api.callers import Needs, needs_of
from serai.members import IssuedToken, Role, Scope
from tests.api.conftest import Person, Town, again

SOMETHING = UUID("01954b2c-7d00-7a51-8c21-5f0e3a9d4b17")
OPERATIONS: list[HTTPRouteHandler] = [h for module in MODULES for h in module.ROUTES]
NAMES = [handler.handler_name for handler in OPERATIONS]


async def attempt(
    door: httpx.AsyncClient, handler: HTTPRouteHandler, headers: dict[str, str]
) -> httpx.Response:
    """Try an operation on things that do not exist, with a body that cannot be right."""
    (path,) = handler.paths
    address = "/api/v1" + "/".join(
        {"uuid": str(SOMETHING), "int": "1", "str": "courier"}[part.rstrip("}").partition(":")[2]]
        if part.startswith("{")
        else part
        for part in path.split("/")
    )
    (method,) = handler.http_methods - {"OPTIONS", "HEAD"}
    headers = headers | {"Idempotency-Key": "try", "Content-Type": "application/json"}
    content = None if method in {"GET", "DELETE"} else b'{"nonsense": 1}'
    return await door.request(str(method), address, headers=headers, content=content)


def needs(handler: HTTPRouteHandler) -> Needs:
    said = needs_of(handler)
    assert said is not None
    return said


async def token(town: Town, person: Person, scopes: list[Scope]) -> dict[str, str]:
    async with town.database.tx() as tx:
        # A member has so many tokens at most: the one of the trial before goes.
        await tx.execute("delete from members_token where member_id = $1", person.member.id)
        issued = await members.issue_token(tx, person.member.id, name="t", scopes=scopes)
        assert isinstance(issued, IssuedToken)
    return {"Authorization": f"Bearer {issued.secret}"}


@pytest.mark.parametrize("handler", OPERATIONS, ids=NAMES)
async def test_no_operation_breaks_and_each_keeps_out_whom_it_is_not_for(
    door: httpx.AsyncClient, town: Town, handler: HTTPRouteHandler
) -> None:
    said = needs(handler)
    nobody = await attempt(door, handler, {})
    forged = await attempt(door, handler, {"Authorization": "Bearer forged"})
    assert forged.status_code == 401
    if said.public:
        assert nobody.status_code < 500, nobody.text
        return
    assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated")
    buyer = await attempt(door, handler, (await again(town, town.tester)).headers)
    if said.role is not None:
        assert (buyer.status_code, buyer.json()["code"]) == (403, "role_missing")
    else:
        assert buyer.status_code in {200, 204, 400, 403, 404, 409, 415, 422}, buyer.text


@pytest.mark.parametrize(
    "handler", [h for h in OPERATIONS if not needs(h).public], ids=lambda h: h.handler_name
)
async def test_a_token_without_the_scope_does_nothing(
    door: httpx.AsyncClient, town: Town, handler: HTTPRouteHandler
) -> None:
    wrong = Scope.ORDERS_WRITE if needs(handler).scope is not Scope.ORDERS_WRITE else Scope.READ
    headers = await token(town, town.operator, [wrong])
    answer = await attempt(door, handler, headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    async with town.database.tx() as tx:
        assert Role.OPERATOR in await members.roles_of(tx, town.operator.member.id)
