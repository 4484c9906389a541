"""The stage: a market with its shops, goods on the shelves and buyers with money.

Made through the halls' faces, as a market's own people would make it; members
alone are written as rows, because hashing their passwords would take longer
than the benchmark.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from serai import catalog, inventory, ledger, members
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx

CURRENCY = "CNY"
VARIANTS_A_LISTING = 20
LISTINGS_A_SHOP = 5
PRICE = 6_400
SHIP_FEE = 1_000
MONEY = 10**12
STOCK = 1_000_000
_AT_ONCE = 500
_PLACE = 1796236

T = TypeVar("T")


class Buyer(Struct, frozen=True):
    """Somebody with a full wallet, and where his parcels go."""

    id: UUID
    address_id: UUID


class Listed(Struct, frozen=True):
    """A listing, its shop and who keeps it."""

    id: UUID
    shop_id: UUID
    seller_id: UUID
    variant_ids: tuple[UUID, ...]


class Stage(Struct, frozen=True):
    """Who and what there is; given to every process that makes load."""

    dsn: str
    market_id: UUID
    buyers: list[Buyer]
    listings: list[Listed]

    @property
    def variants(self) -> list[UUID]:
        """List everything that is sold."""
        return [id for listing in self.listings for id in listing.variant_ids]


def good(outcome: T | Refused | None) -> T:
    """Insist that something was not refused."""
    if outcome is None or isinstance(outcome, Refused):
        message = f"the stage could not be set: {outcome}"
        raise RuntimeError(message)
    return outcome


def build(dsn: str, *, variants: int = 10_000, buyers: int = 2_000, stock: int = STOCK) -> Stage:
    """Found the market and fill it: a database of its own is expected to be empty."""
    return asyncio.run(_build(dsn, variants, buyers, stock))


async def _build(dsn: str, variants: int, buyers: int, stock: int) -> Stage:
    database = await Database.open(dsn)
    try:
        async with database.tx() as tx:
            new = members.NewMarket(slug="bench", name="Bench", currency=CURRENCY, country="CN")
            market_id = good(await members.found_market(tx, new)).market.id
        people = await _join(database, market_id, buyers)
        await _fund(database, market_id, [buyer.id for buyer in people])
        listings = await _list(database, market_id, variants)
        await put_on_shelf(database, market_id, listings, stock)
    finally:
        await database.close()
    return Stage(dsn, market_id, people, listings)


def wallets(dsn: str, market_id: UUID, count: int) -> Stage:
    """Fill so many wallets and nothing else: the ledger asks nobody who they belong to."""
    return asyncio.run(_wallets(dsn, market_id, count))


async def _wallets(dsn: str, market_id: UUID, count: int) -> Stage:
    database = await Database.open(dsn)
    try:
        owners = [ids.new(database.clock.now()) for _ in range(count)]
        await _fund(database, market_id, owners)
    finally:
        await database.close()
    return Stage(dsn, market_id, [Buyer(id, id) for id in owners], [])


async def _join(database: Database, market_id: UUID, count: int) -> list[Buyer]:
    async with database.tx() as tx:
        rows = [_member(tx, market_id, f"buyer{n}") for n in range(count)]
        await tx.insert(rows)
    door = members.NewAddress(
        recipient="At home", phone="+8613800138000", lines=["1 Lake Road"], place_id=_PLACE
    )
    people: list[Buyer] = []
    for start in range(0, count, _AT_ONCE):
        async with database.tx() as tx:
            for row in rows[start : start + _AT_ONCE]:
                kept = good(await members.add_address(tx, row.id, door))
                people.append(Buyer(row.id, kept.id))
    return people


def _member(tx: Tx, market_id: UUID, name: str) -> members.Member:
    id = ids.new(tx.clock.now())
    return members.Member(id, market_id, name, f"{name}@example.com", None, "en", tx.now)


async def _fund(database: Database, market_id: UUID, member_ids: Sequence[UUID]) -> None:
    for start in range(0, len(member_ids), _AT_ONCE):
        async with database.tx() as tx:
            journals = [_top_up(tx, market_id, id) for id in member_ids[start : start + _AT_ONCE]]
            for outcome in await ledger.transfer(tx, journals):
                good(outcome)


def _top_up(tx: Tx, market_id: UUID, member_id: UUID) -> ledger.Journal:
    id = ids.new(tx.clock.now())
    bank = ledger.cash(market_id, "sandbox", CURRENCY)
    leg = ledger.Move(bank, ledger.wallet(market_id, member_id, CURRENCY), MONEY)
    return ledger.Journal(
        id=id,
        market_id=market_id,
        actor_id=member_id,
        code="topup.paid",
        subject_id=id,
        legs=(leg,),
    )


async def _list(database: Database, market_id: UUID, variants: int) -> list[Listed]:
    listings: list[Listed] = []
    count = -(-variants // VARIANTS_A_LISTING)
    left = variants
    while len(listings) < count:
        number = len(listings) // LISTINGS_A_SHOP
        async with database.tx() as tx:
            seller = _member(tx, market_id, f"seller{number}")
            await tx.insert([seller])
            shop = await _open(tx, seller.id, number)
            for _ in range(min(LISTINGS_A_SHOP, count - len(listings))):
                size = min(left, VARIANTS_A_LISTING)
                listings.append(await _publish(tx, shop, len(listings), size))
                left -= size
    return listings


async def _open(tx: Tx, owner_id: UUID, number: int) -> members.Shop:
    new = members.NewShop(
        slug=f"shop-{number}",
        name=f"Shop {number}",
        kind=members.ShopKind.INDIVIDUAL,
        currency=CURRENCY,
        place_id=_PLACE,
        ship_fee=SHIP_FEE,
        ship_free_from=1_000_000,
    )
    return good(await members.open_shop(tx, owner_id, new))


async def _publish(tx: Tx, shop: members.Shop, number: int, variants: int) -> Listed:
    drafts = tuple(
        catalog.VariantDraft(options=(f"{n} g",), price=PRICE, sku=f"T{number}-{n}", weight_g=250)
        for n in range(variants)
    )
    draft = catalog.Draft(
        handle=f"tea-{number}",
        title=f"Green tea of the spring, number {number}",
        option_names=("Weight",),
        variants=drafts,
    )
    made = good(await catalog.draft_listing(tx, shop, draft, actor_id=shop.owner_id))
    good(await catalog.publish(tx, made.id, actor_id=shop.owner_id))
    return Listed(made.id, shop.id, shop.owner_id, tuple(one.id for one in made.variants))


async def put_on_shelf(
    database: Database, market_id: UUID, listings: Sequence[Listed], quantity: int
) -> None:
    """Put so many of every variant on its shop's shelf."""
    wanted = [(listing, id) for listing in listings for id in listing.variant_ids]
    for start in range(0, len(wanted), _AT_ONCE):
        async with database.tx() as tx:
            commands = [
                inventory.Restock(
                    id=ids.new(tx.clock.now()),
                    market_id=market_id,
                    actor_id=listing.seller_id,
                    variant_id=variant_id,
                    shop_id=listing.shop_id,
                    quantity=quantity,
                )
                for listing, variant_id in wanted[start : start + _AT_ONCE]
            ]
            for outcome in await inventory.restock(tx, commands):
                good(outcome)
