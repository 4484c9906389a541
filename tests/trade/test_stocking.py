"""Stocking: what a product file says is listed and on the shelf, and twice is the same as once."""

from uuid import UUID

import pytest

from serai import catalog, inventory, trade
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Shop
from tests.catalog.sample import open_market, open_shop

pytestmark = pytest.mark.money


@pytest.fixture
async def shop(tx: Tx) -> Shop:
    return await open_shop(tx, await open_market(tx), "vale")


def _cup(quantity: int | None, price: int = 1250) -> catalog.Product:
    variant = catalog.ProductVariant(price=price, sku="CUP", quantity=quantity)
    return catalog.Product(
        line=2,
        handle="cup",
        title="Cup",
        currency="EUR",
        state=catalog.State.PUBLISHED,
        variants=(variant,),
    )


async def _stock(tx: Tx, shop: Shop, product: catalog.Product) -> trade.Stocked:
    outcome = await trade.stock_product(tx, shop, product, shop.owner_id)
    assert isinstance(outcome, trade.Stocked), outcome
    return outcome


async def _variant(tx: Tx, stocked: trade.Stocked) -> UUID:
    found = await catalog.listing(tx, stocked.listing_id)
    assert found is not None
    return found.variants[0].id


async def _shelves(tx: Tx, variant_id: UUID) -> list[tuple[int, int]]:
    levels = await inventory.levels(tx, [variant_id])
    return [(level.on_hand, level.reserved) for level in levels[variant_id]]


async def _reserve(tx: Tx, shop: Shop, variant_id: UUID, quantity: int) -> None:
    line = inventory.Line(ids.new(tx.clock.now()), variant_id, quantity)
    take = inventory.Take(
        id=ids.new(tx.clock.now()),
        market_id=shop.market_id,
        actor_id=shop.owner_id,
        lines=(line,),
    )
    [outcome] = await inventory.reserve(tx, [take])
    assert isinstance(outcome, inventory.Reserved)


async def test_a_new_product_is_listed_and_on_the_shelf(tx: Tx, shop: Shop) -> None:
    made = await _stock(tx, shop, _cup(7))
    assert (made.result, made.counted, made.short) == (catalog.Result.CREATED, 1, ())
    assert await _shelves(tx, await _variant(tx, made)) == [(7, 0)]


async def test_the_same_again_moves_nothing(tx: Tx, shop: Shop) -> None:
    made = await _stock(tx, shop, _cup(7))
    variant_id = await _variant(tx, made)
    before = await inventory.movements(tx, variant_id)
    again = await _stock(tx, shop, _cup(7))
    assert (again.result, again.counted) == (catalog.Result.UNCHANGED, 0)
    assert await inventory.movements(tx, variant_id) == before


async def test_what_the_file_does_not_count_stays(tx: Tx, shop: Shop) -> None:
    made = await _stock(tx, shop, _cup(7))
    dearer = await _stock(tx, shop, _cup(None, price=1300))
    assert (dearer.result, dearer.counted) == (catalog.Result.UPDATED, 0)
    assert await _shelves(tx, await _variant(tx, made)) == [(7, 0)]


async def test_stock_never_falls_below_what_live_orders_hold(tx: Tx, shop: Shop) -> None:
    made = await _stock(tx, shop, _cup(7))
    variant_id = await _variant(tx, made)
    await _reserve(tx, shop, variant_id, 4)
    fewer = await _stock(tx, shop, _cup(3))
    assert fewer.counted == 0
    [short] = fewer.short
    assert (short.variant_id, short.wanted, short.on_hand) == (variant_id, 3, 7)
    assert short.refused.code == inventory.Code.BELOW_RESERVED
    assert await _shelves(tx, variant_id) == [(7, 4)]
    assert (await _stock(tx, shop, _cup(4))).counted == 1
    assert await _shelves(tx, variant_id) == [(4, 4)]


async def test_over_several_locations_the_sum_is_what_counts(tx: Tx, shop: Shop) -> None:
    made = await _stock(tx, shop, _cup(7))
    variant_id = await _variant(tx, made)
    other = await inventory.add_location(tx, shop.market_id, shop.id, "Cellar")
    more = inventory.Restock(
        id=ids.new(tx.clock.now()),
        market_id=shop.market_id,
        actor_id=shop.owner_id,
        variant_id=variant_id,
        shop_id=shop.id,
        quantity=20,
        location_id=other.id,
    )
    await inventory.restock(tx, [more])
    assert (await _stock(tx, shop, _cup(27))).counted == 0
    assert (await _stock(tx, shop, _cup(12))).counted == 1
    assert sorted(await _shelves(tx, variant_id)) == [(5, 0), (7, 0)]


async def test_of_a_refused_product_nothing_is_written(tx: Tx, shop: Shop) -> None:
    stranger = ids.new(tx.clock.now())
    assert isinstance(await trade.stock_product(tx, shop, _cup(7), stranger), Refused)
    assert await tx.value("select count(*) from catalog_listing") == 0
    assert await tx.value("select count(*) from inventory_movement") == 0
