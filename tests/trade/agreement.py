"""Whether a market in the database and the ideal one are the same, to the cent and the unit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from serai import catalog, inventory, ledger, members, payments, trade
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database, Tx
from tests import world as worlds
from tests.trade.ideal import Ideal
from tests.world import World


class Here(Database):
    """A database whose transactions are parts of one that is rolled back at the end."""

    def __init__(self, connection: "asyncpg.Connection[Any]", clock: ManualClock) -> None:
        self._connection, self.clock = connection, clock

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Tx]:
        async with self._connection.transaction():
            yield Tx(self._connection, self.clock)

    snapshot = tx


async def agree(tx: Tx, world: World, ideal: Ideal) -> None:
    """Insist that orders, shelves and money are what they ideally are."""
    await _orders_agree(tx, ideal)
    await _shares_agree(tx, ideal)
    await _claims_agree(tx, world, ideal)
    await _shelves_agree(tx, ideal)
    await _money_agrees(tx, world, ideal)


async def _orders_agree(tx: Tx, ideal: Ideal) -> None:
    found = await trade.orders(tx, list(ideal.deals))
    holds = await payments.holds(tx, list(ideal.deals))
    for id, deal in ideal.deals.items():
        order = found[id]
        assert (order.state, order.deadline_at) == (deal.state, deal.due), order
        assert (order.extended_at is not None) == deal.extended
        if deal.due is not None:
            assert order.stopped_at == deal.stopped
        assert (holds[id].remaining if id in holds else 0) == deal.held
    set_for = set(await tx.values("select subject from kernel_timer where kind like 'trade.%'"))
    running = {
        id for id, deal in ideal.deals.items()
        if deal.due and not deal.stopped and (deal.state != "paid" or deal.due > ideal.now)
    }  # fmt: skip
    assert running <= set_for


async def _shares_agree(tx: Tx, ideal: Ideal) -> None:
    for (buyer, variant), quantity in ideal.bought.items():
        sql = "select quantity from trade_limit where buyer_id = $1 and variant_id = $2"
        assert await tx.value(sql, buyer, variant) == quantity


async def _claims_agree(tx: Tx, w: World, ideal: Ideal) -> None:
    for seller in (w.lin, w.omar):
        owed: dict[str, int] = {}
        for one in await payments.owed(tx, seller):
            owed[one.currency] = owed.get(one.currency, 0) + one.amount - one.recovered
        ideally = {c: owes for (who, c), owes in ideal.owed.items() if who == seller and owes}
        assert owed == ideally


async def _shelves_agree(tx: Tx, ideal: Ideal) -> None:
    levels = await inventory.levels(tx, list(ideal.goods))
    for variant, good in ideal.goods.items():
        [level] = levels[variant]
        assert (level.on_hand, level.reserved) == (good.on_hand, good.reserved)


async def _money_agrees(tx: Tx, w: World, ideal: Ideal) -> None:
    total: dict[str, int] = {}
    for member in (w.ana, w.ben, w.lin, w.omar):
        for account in await ledger.accounts_of(tx, member):
            held = sum(
                deal.held
                for deal in ideal.deals.values()
                if (deal.buyer, deal.currency) == (member, account.currency)
            )
            free = ideal.has(member, account.currency)
            assert (account.available, account.debits_pending) == (free, held)
            total[account.currency] = total.get(account.currency, 0) + account.balance
    house = {
        (one.kind, one.currency): one.balance
        for one in await ledger.house_accounts(tx, w.market_id)
    }
    for currency, came in ideal.came.items():
        fees = house.get((ledger.Kind.FEES, currency), 0)
        guarantee = house.get((ledger.Kind.GUARANTEE, currency), 0)
        assert fees == ideal.fees.get(currency, 0)
        assert guarantee == -ideal.paid_for.get(currency, 0)
        there = total.get(currency, 0) + fees + guarantee
        assert there == came - ideal.left.get(currency, 0)


async def lamps(tx: Tx, w: worlds.World) -> tuple[UUID, UUID]:
    """Open Omar's second shop, which sells three lamps for euros."""
    new = members.NewShop(
        slug="omars-lamps", name="Omar's Lamps", kind=members.ShopKind.INDIVIDUAL, currency="EUR",
        place_id=1808926, ship_fee=worlds.SHIP_FEE, ship_free_from=100_000,
    )  # fmt: skip
    shop = worlds.good(await members.open_shop(tx, w.omar, new))
    draft = catalog.Draft(
        handle="a-lamp", title="A Lamp", variants=(catalog.VariantDraft(price=2_000, weight_g=900),)
    )
    listing = worlds.good(await catalog.draft_listing(tx, shop, draft, actor_id=w.omar))
    worlds.good(await catalog.publish(tx, listing.id, actor_id=w.omar))
    variant = listing.variants[0].id
    await worlds.stock(tx, w.market_id, shop.id, w.omar, variant, 3)
    return shop.id, variant
