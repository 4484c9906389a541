"""Shops at the machine's door: opening them, finding them, pausing and closing them."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType, field

from serai import members
from serai.api.addresses import PlaceId
from serai.api.asked import Part, TheCaller, TheHouse, TheMarket
from serai.api.bodies import Body
from serai.api.callers import public, requires
from serai.api.pages import Page, paged
from serai.api.says import Says, accepted, decline
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Tx
from serai.members import NewShop, Scope, Shop, ShopChange, ShopEdit, ShopKind, ShopState, ShopWords

Words = Annotated[str, Meta(max_length=200)]
Description = Annotated[str, Meta(max_length=10_000)]
Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Locale = Annotated[str, Meta(max_length=35)]


class ShopText(Body):
    """A shop's name and description in one language."""

    name: Words
    description: Description = ""


class OpenShop(Body):
    """A shop to be opened. Amounts are minor units of its currency."""

    slug: Annotated[str, Meta(max_length=80, description="Its name in addresses of pages.")]
    name: Words
    kind: ShopKind
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217.")]
    place_id: PlaceId
    description: Description = ""
    ship_fee: Amount = 0
    ship_free_from: Amount | None = None
    translations: Annotated[dict[Locale, ShopText], Meta(max_length=50)] = field(
        default_factory=dict
    )


class EditShop(Body):
    """What to change; what is not sent stays."""

    name: Words | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    place_id: PlaceId | UnsetType = UNSET
    ship_fee: Amount | UnsetType = UNSET
    ship_free_from: Amount | UnsetType | None = UNSET
    translations: Annotated[dict[Locale, ShopText], Meta(max_length=50)] | UnsetType = UNSET


class ChangeState(Body):
    """The state that the shop is to have, and why."""

    state: ShopState
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


def _words(texts: dict[str, ShopText]) -> dict[str, ShopWords]:
    return {locale: ShopWords(text.name, text.description) for locale, text in texts.items()}


@post("/shops", tags=["shops"], opt=requires(Scope.CATALOG_WRITE))
async def open_shop(house: TheHouse, caller: TheCaller, data: JSONBody[OpenShop]) -> Shop:
    """Open a shop; you become a seller by that."""
    new = NewShop(**{**msgspec.structs.asdict(data), "translations": _words(data.translations)})
    return accepted(await house.ask(members.open_shop, caller.member_id, new))


@get("/shops", tags=["shops"], opt=public())
async def list_shops(
    request: Request[Any, Any, Any],
    house: TheHouse,
    market: TheMarket,
    part: Part,
    slug: Annotated[str | None, QueryParameter(max_length=80)] = None,
) -> Response[Page[Shop]]:
    """List the open shops of the market, the newest first; or the one of that slug."""
    if slug is not None:
        one = await house.ask(members.shop_by_slug, market.id, slug)
        rows = [one] if one else []
    else:
        rows = await house.ask(
            members.shops_page, market.id, before=part.after(UUID), limit=part.fetch
        )
    return paged(request, rows, part, key=lambda shop: shop.id, show=lambda shop: shop)


@get("/me/shops", tags=["shops"], opt=requires(Scope.READ))
async def list_my_shops(house: TheHouse, caller: TheCaller) -> list[Shop]:
    """List your shops, whatever their state."""
    return await house.ask(members.shops_of, caller.member_id)


@get("/shops/{shop_id:uuid}", tags=["shops"], opt=public())
async def show_shop(house: TheHouse, market: TheMarket, shop_id: FromPath[UUID]) -> Shop:
    """Show a shop, whatever its state."""
    return await house.ask(_shop, market.id, shop_id)


async def _shop(tx: Tx, market_id: UUID, shop_id: UUID) -> Shop:
    """Find a shop of this market; one of another market is not there."""
    found = (await members.shops(tx, [shop_id])).get(shop_id)
    if found is None or found.market_id != market_id:
        raise decline("shop_unknown", shop_id=str(shop_id))
    return found


@patch("/shops/{shop_id:uuid}", tags=["shops"], opt=requires(Scope.CATALOG_WRITE))
async def edit_shop(
    house: TheHouse, caller: TheCaller, shop_id: FromPath[UUID], data: JSONBody[EditShop]
) -> Shop:
    """Change what your shop says of itself and asks for shipping."""
    fields = msgspec.structs.asdict(data)
    if data.translations is not UNSET:
        fields["translations"] = _words(data.translations)

    async def edit(tx: Tx) -> Shop:
        await _shop(tx, caller.market_id, shop_id)
        return accepted(
            await members.edit_shop(tx, shop_id, ShopEdit(**fields), by=caller.member_id)
        )

    return await house.ask(edit)


@post("/shops/{shop_id:uuid}/state-changes", tags=["shops"], opt=requires(Scope.CATALOG_WRITE))
async def change_shop_state(
    house: TheHouse, caller: TheCaller, shop_id: FromPath[UUID], data: JSONBody[ChangeState]
) -> Shop:
    """Pause, reopen or close a shop.

    Its owner may, and an operator. Closed is for good; what an operator paused,
    its owner does not reopen.
    """

    async def change(tx: Tx) -> Shop:
        await _shop(tx, caller.market_id, shop_id)
        return accepted(
            await members.set_shop_state(
                tx, shop_id, data.state, by=caller.member_id, reason=data.reason
            )
        )

    return await house.ask(change)


@get("/shops/{shop_id:uuid}/state-changes", tags=["shops"], opt=requires(Scope.READ))
async def list_shop_changes(
    house: TheHouse, caller: TheCaller, shop_id: FromPath[UUID]
) -> list[ShopChange]:
    """List who paused, reopened or closed a shop, when and why; for its owner and operators."""

    async def read(tx: Tx) -> list[ShopChange]:
        shop = await _shop(tx, caller.market_id, shop_id)
        if shop.owner_id != caller.member_id and members.Role.OPERATOR not in caller.roles:
            raise decline("not_yours", shop_id=str(shop_id))
        return await members.shop_changes(tx, shop_id)

    return await house.ask(read)


ROUTES = [
    open_shop,
    list_shops,
    list_my_shops,
    show_shop,
    edit_shop,
    change_shop_state,
    list_shop_changes,
]
REFUSALS: dict[str, Says] = {}
"""None of its own: what `serai.members` refuses is told in `serai.api.members`."""
