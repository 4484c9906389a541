"""The cart at the machine's door. It reserves nothing and is shown at the prices of now."""

from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from serai import catalog, trade
from serai.api.asked import TheCaller, TheHouse, TheLocale
from serai.api.bodies import Body
from serai.api.callers import requires
from serai.api.house import House
from serai.api.says import Says, accepted
from serai.kernel import i18n
from serai.kernel.errors import Refused
from serai.members import Scope
from serai.trade import QUANTITY_MAX


class CartQuantity(Body):
    """How many the cart shall hold."""

    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]


class Against(Struct, frozen=True):
    """What speaks against buying a line now."""

    code: str
    detail: str
    facts: dict[str, Any]


class CartEntry(Struct, frozen=True):
    """A line of the cart at the price of now; `against` says why it cannot be bought."""

    variant_id: UUID
    quantity: int
    offer: catalog.Offer | None
    available: int
    against: Against | None


class CartShop(Struct, frozen=True):
    """What an order of one shop would cost, in minor units of the shop's currency."""

    shop_id: UUID
    name: str
    currency: str
    items_total: int
    shipping_total: int
    total: int


class CartView(Struct, frozen=True):
    """A cart: its lines, and the totals of those that can be bought."""

    lines: list[CartEntry]
    shops: list[CartShop]
    totals: dict[str, int]
    """By currency: what `expected` of a checkout is compared with."""


@get("/cart", tags=["cart"], opt=requires(Scope.READ))
async def show_cart(house: TheHouse, caller: TheCaller, locale: TheLocale) -> CartView:
    """Show your cart."""
    cart = await house.ask(trade.cart, caller.market_id, caller.member_id)
    return CartView(
        [_entry(house, locale, line) for line in cart.lines],
        [_shop(priced) for priced in cart.shops],
        trade.totals(cart.shops),
    )


def _entry(house: House, locale: str, line: trade.ShownLine) -> CartEntry:
    against = _against(house, locale, line.refused) if line.refused else None
    return CartEntry(line.variant_id, line.quantity, line.offer, line.available, against)


def _against(house: House, locale: str, refused: Refused) -> Against:
    detail = i18n.say(locale, house.says[refused.code].detail, **refused.facts)
    return Against(refused.code, detail, refused.facts)


def _shop(priced: trade.Priced) -> CartShop:
    return CartShop(
        priced.shop.id,
        priced.shop.name,
        priced.shop.currency,
        priced.items_total,
        priced.shipping_total,
        priced.total,
    )


@put(
    "/cart/lines/{variant_id:uuid}",
    tags=["cart"],
    opt=requires(Scope.ORDERS_WRITE),
    status_code=204,
)
async def set_cart_line(
    house: TheHouse,
    caller: TheCaller,
    variant_id: FromPath[UUID],
    data: JSONBody[CartQuantity],
) -> None:
    """Say how many of a variant your cart shall hold."""
    await _put(house, caller.market_id, caller.member_id, variant_id, data.quantity)


@delete("/cart/lines/{variant_id:uuid}", tags=["cart"], opt=requires(Scope.ORDERS_WRITE))
async def remove_cart_line(house: TheHouse, caller: TheCaller, variant_id: FromPath[UUID]) -> None:
    """Take a variant out of your cart; one that is not in it is no matter."""
    await _put(house, caller.market_id, caller.member_id, variant_id, 0)


async def _put(
    house: House, market_id: UUID, member_id: UUID, variant_id: UUID, quantity: int
) -> None:
    accepted(await house.ask(trade.put_in_cart, market_id, member_id, variant_id, quantity))


ROUTES = [show_cart, set_cart_line, remove_cart_line]
REFUSALS: dict[str, Says] = {}
"""None of its own: what `serai.trade` refuses is told with `serai.api.orders`."""
