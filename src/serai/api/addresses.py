"""Addresses at the machine's door, and the places of the world that they lie in."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from serai import members
from serai.api.asked import TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import public, requires
from serai.api.says import Says, accepted, decline
from serai.members import Address, Country, NewAddress, Place, Scope

Line = Annotated[str, Meta(max_length=300)]
PlaceId = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class PostalAddress(Body):
    """Where something can be sent. `place_id` is found at `/api/v1/places`."""

    recipient: Line
    phone: Line
    lines: Annotated[list[Line], Meta(min_length=1, max_length=4)]
    place_id: PlaceId
    postcode: Annotated[str, Meta(max_length=30)] | None = None

    def kept(self) -> NewAddress:
        """Give it as the hall takes it."""
        return NewAddress(**msgspec.structs.asdict(self))


class DefaultAddress(Body):
    """The address to send to unless told otherwise."""

    address_id: UUID


@post("/addresses", tags=["addresses"], opt=requires())
async def add_address(house: TheHouse, caller: TheCaller, data: JSONBody[PostalAddress]) -> Address:
    """Keep an address; your first one is the default."""
    return accepted(await house.ask(members.add_address, caller.member_id, data.kept()))


@get("/addresses", tags=["addresses"], opt=requires(Scope.READ))
async def list_addresses(house: TheHouse, caller: TheCaller) -> list[Address]:
    """List your addresses, the default first."""
    return await house.ask(members.addresses_of, caller.member_id)


@get("/addresses/{address_id:uuid}", tags=["addresses"], opt=requires(Scope.READ))
async def show_address(house: TheHouse, caller: TheCaller, address_id: FromPath[UUID]) -> Address:
    """Show one of your addresses."""
    found = await house.ask(members.address, caller.member_id, address_id)
    if found is None:
        raise decline("not_found")
    return found


@put("/addresses/{address_id:uuid}", tags=["addresses"], opt=requires())
async def edit_address(
    house: TheHouse,
    caller: TheCaller,
    address_id: FromPath[UUID],
    data: JSONBody[PostalAddress],
) -> Address:
    """Write an address anew; orders keep the copy that was frozen in them."""
    kept = data.kept()
    return accepted(await house.ask(members.edit_address, caller.member_id, address_id, kept))


@delete("/addresses/{address_id:uuid}", tags=["addresses"], opt=requires())
async def remove_address(house: TheHouse, caller: TheCaller, address_id: FromPath[UUID]) -> None:
    """Take an address off your list."""
    accepted(await house.ask(members.remove_address, caller.member_id, address_id))


@put("/me/default-address", tags=["addresses"], opt=requires())
async def set_default_address(
    house: TheHouse, caller: TheCaller, data: JSONBody[DefaultAddress]
) -> Address:
    """Choose the address to send to unless told otherwise."""
    return accepted(await house.ask(members.set_default_address, caller.member_id, data.address_id))


@get("/places", tags=["places"], opt=public())
async def search_places(
    q: Annotated[
        str, QueryParameter(min_length=1, max_length=100, description="How its name begins.")
    ],
    country: Annotated[
        str | None,
        QueryParameter(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2, such as CN."),
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=50)] = 10,
) -> list[Place]:
    """Find places by the beginning of their name, in any language, the most populous first."""
    return members.find_places(q, country, limit)


@get("/places/{place_id:int}", tags=["places"], opt=public())
async def show_place(place_id: FromPath[int]) -> Place:
    """Show a place by its id, the geonameid."""
    found = members.place(place_id)
    if found is None:
        raise decline("not_found")
    return found


@get("/countries", tags=["places"], opt=public())
async def list_countries() -> list[Country]:
    """List the countries."""
    return list(members.countries().values())


ROUTES = [
    add_address,
    list_addresses,
    show_address,
    edit_address,
    remove_address,
    set_default_address,
    search_places,
    show_place,
    list_countries,
]
REFUSALS: dict[str, Says] = {}
"""None of its own: what `serai.members` refuses is told in `serai.api.members`."""
