"""Listings at the machine's door, as buyers look at them and as their sellers do."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from serai import catalog, inventory, members
from serai.api import owned, refusals
from serai.api.asked import Part, TheCaller, TheHouse, TheMarket, TheVisitor
from serai.api.callers import public, requires
from serai.api.pages import Cut, Page
from serai.api.says import accepted, decline
from serai.catalog import Card, Filters, Listing, ListingChange, Sort, State
from serai.kernel.tx import Tx
from serai.members import Caller, Role, Scope

# Not called `locale` by handlers: that name asks for the language of messages.
Locale = Annotated[
    str | None,
    QueryParameter(
        name="locale",
        max_length=35,
        description="BCP 47; without it, or a translation, the seller's own words.",
    ),
]


class Availability(Struct, frozen=True):
    """How many of a variant one order could have now."""

    variant_id: UUID
    available: int


class Look(Struct, frozen=True):
    """How somebody looks through a list of listings."""

    text: str
    sort: Sort
    locale: str | None
    part: Cut


async def look(
    part: Part,
    text: Annotated[
        str, QueryParameter(max_length=200, description="Words that it has, in any language.")
    ] = "",
    sort: Annotated[Sort, QueryParameter()] = Sort.NEWEST,
    spoken: Locale = None,
) -> Look:
    """Give how the query looks through the list; a dependency of both lists."""
    return Look(text, sort, spoken, part)


TheLook = NamedDependency[Look]
_LOOK = {"look": Provide(look)}


@get("/listings", tags=["listings"], opt=public(), dependencies=_LOOK)
async def list_listings(
    request: Request[Any, Any, Any],
    house: TheHouse,
    market: TheMarket,
    look: TheLook,
    shop: Annotated[UUID | None, QueryParameter(description="Of this shop alone.")] = None,
    category: Annotated[
        UUID | None, QueryParameter(description="Of this category and all below it.")
    ] = None,
) -> Response[Page[Card]]:
    """List what is on sale in the market."""
    filters = Filters(
        market_id=market.id,
        shop_id=shop,
        category_id=category,
        state=State.PUBLISHED,
        text=look.text,
        sort=look.sort,
    )
    page = await house.ask(
        catalog.listings, filters, look.part.cursor, look.part.limit, look.locale
    )
    return _page(request, accepted(page))


@get(
    "/shops/{shop_id:uuid}/listings",
    tags=["listings"],
    opt=requires(Scope.READ),
    dependencies=_LOOK,
)
async def list_shop_listings(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    shop_id: FromPath[UUID],
    look: TheLook,
    listing_state: Annotated[
        State | None, QueryParameter(name="state", description="Without it, of every state.")
    ] = None,
) -> Response[Page[Card]]:
    """List all listings of your shop: drafts, paused and archived ones too."""
    filters = Filters(shop_id=shop_id, state=listing_state, text=look.text, sort=look.sort)
    return _page(request, await house.ask(_of_shop, caller, filters, look))


async def _of_shop(tx: Tx, caller: Caller, filters: Filters, look: Look) -> catalog.Page:
    assert filters.shop_id is not None, "a list of one shop"
    await owned.shop(tx, caller, filters.shop_id)
    return accepted(
        await catalog.listings(tx, filters, look.part.cursor, look.part.limit, look.locale)
    )


def _page(request: Request[Any, Any, Any], page: catalog.Page) -> Response[Page[Card]]:
    """Answer with a page whose cursor the catalog wrote."""
    headers = {}
    if page.next is not None:
        kept = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
        query = urlencode([*kept, ("cursor", page.next)])
        headers["Link"] = f'<{request.scope["path"]}?{query}>; rel="next"'
    return Response(Page(page.cards, page.next), headers=headers)


@get("/listings/{listing_id:uuid}", tags=["listings"], opt=public())
async def show_listing(
    house: TheHouse,
    market: TheMarket,
    visitor: TheVisitor,
    listing_id: FromPath[UUID],
    spoken: Locale = None,
) -> Listing:
    """Show a listing with its variants, pictures and translations.

    What is not published only its seller sees, and who runs the market.
    """
    return await house.ask(visible, market.id, visitor, listing_id, spoken)


async def visible(
    tx: Tx,
    market_id: UUID,
    visitor: Caller | None,
    listing_id: UUID,
    locale: str | None = None,
) -> Listing:
    """Find a listing that the visitor may see; any other is not there."""
    found = await catalog.listing(tx, listing_id, locale)
    if found is None or found.market_id != market_id:
        raise decline(catalog.Code.LISTING_UNKNOWN, listing_id=str(listing_id))
    if found.state is not State.PUBLISHED and not await _works_on(tx, visitor, found):
        raise decline(catalog.Code.LISTING_UNKNOWN, listing_id=str(listing_id))
    return found


async def _works_on(tx: Tx, visitor: Caller | None, listing: Listing) -> bool:
    if visitor is None or not visitor.may(Scope.READ):
        return False
    if Role.OPERATOR in visitor.roles and visitor.may(Scope.MARKET_OPERATE):
        return True
    shop = (await members.shops(tx, [listing.shop_id]))[listing.shop_id]
    return shop.owner_id == visitor.member_id


@get("/listings/{listing_id:uuid}/availability", tags=["listings"], opt=public())
async def show_availability(
    house: TheHouse, market: TheMarket, visitor: TheVisitor, listing_id: FromPath[UUID]
) -> list[Availability]:
    """Tell how many of each variant one order could have now."""

    async def read(tx: Tx) -> list[Availability]:
        listing = await visible(tx, market.id, visitor, listing_id)
        left = await inventory.available(tx, [variant.id for variant in listing.variants])
        return [Availability(variant.id, left[variant.id]) for variant in listing.variants]

    return await house.ask(read)


@get("/listings/{listing_id:uuid}/changes", tags=["listings"], opt=requires(Scope.READ))
async def list_listing_changes(
    house: TheHouse, caller: TheCaller, listing_id: FromPath[UUID]
) -> list[ListingChange]:
    """List through which states your listing came: who, when, why."""

    async def read(tx: Tx) -> list[ListingChange]:
        found = await catalog.listing(tx, listing_id)
        mine = found is not None and found.market_id == caller.market_id
        if found is None or not mine or not await _works_on(tx, caller, found):
            raise decline(catalog.Code.LISTING_UNKNOWN, listing_id=str(listing_id))
        return await catalog.changes(tx, listing_id)

    return await house.ask(read)


ROUTES = [
    list_listings,
    list_shop_listings,
    show_listing,
    show_availability,
    list_listing_changes,
]
REFUSALS = refusals.CATALOG
