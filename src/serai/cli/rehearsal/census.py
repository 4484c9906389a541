"""The census: what the demo market has, counted as the halls tell it."""

from collections import Counter
from uuid import UUID

from msgspec import Struct

from serai import catalog, members, trade
from serai.kernel.tx import Tx

_PAGE = 200
_ORDERS_MAX = 1_000_000


class Counts(Struct, frozen=True, kw_only=True):
    """How much there is of everything."""

    shops: int
    categories: int
    listings: int
    pictures: int
    members: int
    orders: int
    orders_by_state: dict[str, int]


async def count(tx: Tx, market_id: UUID) -> Counts:
    """Count a market's shops, published listings, members, and orders by state."""
    shops = await members.shops_page(tx, market_id, limit=_PAGE)
    states: Counter[trade.State] = Counter()
    for shop in shops:
        found = await trade.orders_of_shop(tx, shop.id, limit=_ORDERS_MAX)
        states.update(order.state for order in found)
    published = catalog.Filters(market_id=market_id, state=catalog.State.PUBLISHED)
    return Counts(
        shops=len(shops),
        categories=len(await catalog.categories(tx, market_id)),
        listings=await catalog.count(tx, published),
        pictures=await _pictures(tx, published),
        members=await _members(tx, market_id),
        orders=states.total(),
        orders_by_state={state: states[state] for state in trade.State},
    )


async def _pictures(tx: Tx, filters: catalog.Filters) -> int:
    """Count the listings that show a picture of our store."""
    shown, cursor = 0, None
    while True:
        page = await catalog.listings(tx, filters, cursor=cursor, limit=_PAGE)
        assert isinstance(page, catalog.Page)
        shown += sum(card.picture_file is not None for card in page.cards)
        cursor = page.next
        if cursor is None:
            return shown


async def _members(tx: Tx, market_id: UUID) -> int:
    found, before = 0, None
    while page := await members.members_page(tx, market_id, before=before, limit=_PAGE):
        found += len(page)
        before = page[-1].id
    return found
