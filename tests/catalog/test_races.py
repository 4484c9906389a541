"""What two transactions want of the catalog at the same moment, one of them gets."""

import asyncio
from uuid import UUID

from serai import catalog
from serai.catalog import Category, Code, Listing
from serai.kernel.errors import Refused
from serai.kernel.tx import Database
from tests.catalog.sample import bowl, list_bowl, open_market, open_shop


async def test_one_of_two_drafts_gets_the_handle(database: Database) -> None:
    async with database.tx() as tx:
        shop = await open_shop(tx, await open_market(tx), "vale")

    async def draft() -> Listing | Refused:
        async with database.tx() as tx:
            made = await catalog.draft_listing(tx, shop, bowl(), shop.owner_id)
            await asyncio.sleep(0.05)
            return made

    answers = await asyncio.gather(*[draft() for _ in range(4)])
    assert sum(isinstance(answer, Listing) for answer in answers) == 1
    refusals = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert refusals == [Code.HANDLE_TAKEN] * 3
    async with database.tx() as tx:
        assert await tx.value("select count(*) from catalog_variant") == 2


async def test_two_moves_that_would_close_a_circle_do_not_both_happen(
    database: Database,
) -> None:
    async with database.tx() as tx:
        market = await open_market(tx)
        shelves = [
            await catalog.ensure_category(tx, market.id, slug, {"en": slug})
            for slug in ("here", "there")
        ]
    here, there = (shelf.id for shelf in shelves if isinstance(shelf, Category))

    async def hang(moved: UUID, under: UUID) -> Category | Refused:
        async with database.tx() as tx:
            answer = await catalog.move_category(tx, market.id, moved, under)
            await asyncio.sleep(0.05)
            return answer

    answers = await asyncio.gather(hang(here, there), hang(there, here))
    assert sum(isinstance(answer, Category) for answer in answers) == 1
    [refused] = [answer for answer in answers if isinstance(answer, Refused)]
    assert refused.code == Code.CATEGORY_CIRCLE


async def test_steps_of_one_listing_wait_for_each_other(database: Database) -> None:
    async with database.tx() as tx:
        shop = await open_shop(tx, await open_market(tx), "vale")
        made = await list_bowl(tx, shop)

    async def publish() -> Listing | Refused:
        async with database.tx() as tx:
            answer = await catalog.publish(tx, made.id, shop.owner_id)
            await asyncio.sleep(0.05)
            return answer

    answers = await asyncio.gather(*[publish() for _ in range(3)])
    assert sum(isinstance(answer, Listing) for answer in answers) == 1
    async with database.tx() as tx:
        assert len(await catalog.changes(tx, made.id)) == 2
        told = await tx.value("select count(*) from kernel_event where kind = 'listing.published'")
        assert told == 1
