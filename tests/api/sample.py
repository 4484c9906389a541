"""A resource as small as can be, with everything that the door does for one."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from serai.api.asked import CommandId, Part, TheCaller, TheHouse, TheMarket, TheVisitor
from serai.api.bodies import Body
from serai.api.callers import public, requires
from serai.api.pages import Page, paged
from serai.api.says import Says, accepted
from serai.kernel import commands
from serai.kernel.errors import OutcomeUnknownError, OverloadedError, Refused
from serai.kernel.tx import Tx
from serai.members import Role, Scope


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Line(Body):
    variant_id: UUID
    quantity: Annotated[int, Meta(ge=1, le=999)]


class Gift(Body, tag="gift", tag_field="as"):
    words: Annotated[str, Meta(max_length=10)]


class Plain(Body, tag="plain", tag_field="as"):
    pass


class NewThing(Body):
    name: Annotated[str, Meta(min_length=1, max_length=20, pattern="^[a-z ]+$")]
    lines: Annotated[list[Line], Meta(min_length=1, max_length=3)]
    colour: Colour = Colour.RED
    wrap: Gift | Plain | None = None
    notes: dict[str, str] = msgspec.field(default_factory=dict)
    weight: Annotated[float, Meta(gt=0)] | None = None


class Thing(msgspec.Struct, frozen=True, tag="thing", tag_field="outcome"):
    id: UUID
    name: str
    pieces: int


class MakeThing(commands.Command, frozen=True, kw_only=True):
    name: str
    pieces: int


async def make_things(tx: Tx, wanted: Sequence[MakeThing]) -> list[Thing | Refused]:
    async def decide(_: Tx, fresh: list[MakeThing]) -> list[Thing | Refused]:
        return [
            Refused("thing_sold_out", {"missing": 2000, "currency": "CNY"})
            if command.name == "sold out"
            else Thing(command.id, command.name, command.pieces)
            for command in fresh
        ]

    return await commands.once(tx, wanted, decide, Thing | Refused)


@post("/things", tags=["things"], opt=requires(Scope.ORDERS_WRITE))
async def make_thing(
    house: TheHouse, caller: TheCaller, command_id: CommandId, data: JSONBody[NewThing]
) -> Thing:
    """Make a thing."""
    command = MakeThing(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        name=data.name,
        pieces=sum(line.quantity for line in data.lines),
    )
    return accepted(await house.submit(make_things, command))


@get("/things", tags=["things"], opt=public())
async def things(
    request: Request[Any, Any, Any],
    part: Part,
    colour: FromQuery[Colour | None] = None,
    least: Annotated[int, QueryParameter(ge=0)] = 0,
) -> Response[Page[str]]:
    """List the things: numbers, as text."""
    after = part.after(int)
    rows = [n for n in range(least, 250) if after is None or n > after][: part.fetch]
    return paged(request, rows, part, key=lambda n: n, show=str)


@get("/things/{thing_id:uuid}", tags=["things"], opt=requires(Scope.READ))
async def thing(thing_id: FromPath[UUID], caller: TheCaller) -> Thing:
    """Give a thing."""
    return Thing(thing_id, str(caller.member_id), 1)


@get("/operator-things", tags=["things"], opt=requires(Scope.READ, role=Role.OPERATOR))
async def operator_things() -> list[str]:
    """List what only operators see."""
    return ["secret"]


@post("/keys", tags=["things"], opt=requires())
async def make_key() -> str:
    """Make a key, which takes a session."""
    return "key"


@get("/home", tags=["things"], opt=public())
async def home(market: TheMarket, visitor: TheVisitor) -> dict[str, str]:
    """Name the market that the request is about."""
    return {"market": market.slug, "visitor": str(visitor and visitor.member_id)}


class Failures:
    """What the next call of `/failures` raises."""

    next: ClassVar[Exception | None] = None


@get("/failures", tags=["things"], opt=public())
async def failures() -> None:
    """Fail as told."""
    assert Failures.next is not None
    raise Failures.next


ROUTES = [make_thing, things, thing, operator_things, make_key, home, failures]
REFUSALS = {
    "thing_sold_out": Says(
        409, "Sold out", "{missing:money} would not have been enough for this thing."
    ),
}
OVERLOADED, UNKNOWN = OverloadedError(7), OutcomeUnknownError()
