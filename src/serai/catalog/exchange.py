"""Goods going in and out of a shop as products of a file."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from serai.catalog.category_tree import categories, find_path
from serai.catalog.draft import line, missing_to_sell
from serai.catalog.model import Code, Draft, Listing, State
from serai.catalog.offering import Owned, draft_listing, draft_of, owned, rewrite
from serai.catalog.product import Product, merged, product_of
from serai.catalog.shelf import PAGE_MAX, listing, listings_of_shop, whole
from serai.catalog.state import step
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Shop


class Result(StrEnum):
    """What became of a product that was applied."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Applied(Struct, frozen=True):
    """A product that went into a shop."""

    result: Result
    listing: Listing
    variants: dict[tuple[str, ...], UUID]
    """The variants that the file tells of, by their option values."""
    stock: dict[UUID, int]
    """How many of them the file wants on the shelf; whoever keeps the stock sets it."""
    left: dict[str, str]
    """What the file wanted and the catalog left as it was, with the reason: `category`, `state`."""


_ID_OF_HANDLE = "select id from catalog_listing where shop_id = $1 and handle = $2"


async def apply_product(
    tx: Tx, shop: Shop, product: Product, actor_id: UUID, *, pictures_at: str = ""
) -> Applied | Refused:
    """Make the shop's listing of that handle what the product says; twice is the same as once.

    What the product does not say stays as it is, and so do variants and
    pictures that it does not mention. A picture whose address lies under
    `pictures_at` is one of our own store; others are noted by their address,
    and nothing is fetched. A product that wants to be published and lacks
    something goes in and stays where it was. A refusal names the product's
    `line` among its facts, and then nothing was written.
    """
    if shop.owner_id != actor_id:
        return Refused(Code.LISTING_UNKNOWN)
    if product.currency != shop.currency:
        fields = {"currency": f"the shop sells in {shop.currency}"}
        return Refused(Code.LISTING_INVALID, {"fields": fields, "line": product.line})
    tree = await categories(tx, shop.market_id) if product.category else []
    listing_id = await tx.value(_ID_OF_HANDLE, shop.id, product.handle)
    current: Listing | None = None
    if listing_id is None:
        blank = Draft(handle=product.handle, title=product.title)
        wanted = merged(blank, product, tree, pictures_at)
        written = await draft_listing(tx, shop, wanted, actor_id)
    else:
        own = await owned(tx, listing_id, actor_id)
        if isinstance(own, Refused):
            return own
        current = (await whole(tx, [own.row]))[0]
        wanted = merged(draft_of(current), product, tree, pictures_at)
        written = await rewrite(tx, shop, current, wanted)
    if isinstance(written, Refused):
        return Refused(written.code, {**written.facts, "line": product.line})
    left: dict[str, str] = {}
    if product.category and find_path(tree, product.category) is None:
        left["category"] = f"this market has no category {product.category}"
    moved = await _move(tx, written, product.state, actor_id, left)
    result = Result.UPDATED
    if current is None:
        result = Result.CREATED
    elif moved is current:
        result = Result.UNCHANGED
    return _applied(result, moved, product, left)


def _applied(result: Result, listing: Listing, product: Product, left: dict[str, str]) -> Applied:
    by_options = {tuple(variant.options): variant.id for variant in listing.variants}
    variants = {one.options: by_options[tuple(map(line, one.options))] for one in product.variants}
    stock = {
        variants[one.options]: one.quantity for one in product.variants if one.quantity is not None
    }
    return Applied(result, listing, variants, stock, left)


# The steps from where a listing is to where a file wants it. A file's draft is whatever nobody
# sees, so what was on sale is paused.
_STEPS: Mapping[tuple[State, State], Sequence[State]] = {
    (State.DRAFT, State.PUBLISHED): (State.PUBLISHED,),
    (State.DRAFT, State.PAUSED): (State.PUBLISHED, State.PAUSED),
    (State.DRAFT, State.ARCHIVED): (State.ARCHIVED,),
    (State.PUBLISHED, State.DRAFT): (State.PAUSED,),
    (State.PUBLISHED, State.PAUSED): (State.PAUSED,),
    (State.PUBLISHED, State.ARCHIVED): (State.ARCHIVED,),
    (State.PAUSED, State.PUBLISHED): (State.PUBLISHED,),
    (State.PAUSED, State.ARCHIVED): (State.ARCHIVED,),
    (State.ARCHIVED, State.DRAFT): (State.DRAFT,),
    (State.ARCHIVED, State.PUBLISHED): (State.DRAFT, State.PUBLISHED),
    (State.ARCHIVED, State.PAUSED): (State.DRAFT, State.PUBLISHED, State.PAUSED),
}


async def _move(
    tx: Tx, current: Listing, wanted: State | None, actor_id: UUID, left: dict[str, str]
) -> Listing:
    """Take the steps to the state wanted; gives `current` itself where there are none."""
    steps = _STEPS.get((current.state, wanted), ()) if wanted else ()
    missing = missing_to_sell(draft_of(current))
    if State.PUBLISHED in steps and missing:
        left["state"] = f"cannot be published without {', '.join(missing)}"
        return current
    if not steps:
        return current
    own = await owned(tx, current.id, actor_id)
    assert isinstance(own, Owned)
    for to in steps:
        await step(tx, own, actor_id, to, "product file")
        own = Owned(replace(own.row, state=to), own.shop)
    found = await listing(tx, current.id)
    assert found is not None
    return found


StockOf = Callable[[list[UUID]], Awaitable[Mapping[UUID, int]]]


async def products_of_shop(
    tx: Tx, shop: Shop, stock_of: StockOf, *, pictures_at: str
) -> AsyncIterator[Product]:
    """Give all that a shop has listed as products of a file, oldest first.

    A page is held at a time. `stock_of` tells how many of these variants are on
    the shelf; variants that it leaves out are not counted in the file either.
    """
    tree = await categories(tx, shop.market_id)
    after: UUID | None = None
    while page := await listings_of_shop(tx, shop.id, after, PAGE_MAX):
        stock = await stock_of([variant.id for one in page for variant in one.variants])
        for one in page:
            yield product_of(one, tree, stock, pictures_at)
        after = page[-1].id
