"""What is looked at most: a product's page, an order's page, a seller's list of orders."""

import random
from typing import Any
from uuid import UUID

from benchmarks import orders
from benchmarks.ground import Ground
from benchmarks.load import Act, Load, Tally, run
from benchmarks.pgbench import Pgbench
from benchmarks.result import Result, Yardstick, result
from benchmarks.stage import Stage, good
from serai import catalog, inventory, members, trade
from serai.kernel.tx import Database, Tx

CLIENTS = 16
_PAGE = 50
_ORDERS_SECONDS = 5.0


def reads(ground: Ground, seconds: float) -> Result:
    """Read each kind of page over and over; the value is the product page's."""
    set_up = orders.prepared(ground)
    orders.placed(ground, set_up, _ORDERS_SECONDS)
    ground.settle("market")
    yardstick = Pgbench(ground, select_only=True)
    yardstick.fill()
    before = yardstick.measure(seconds / 2)
    pages = {name: _read(set_up, name, seconds) for name in ("product", "order", "list")}
    after = yardstick.measure(seconds / 2)
    product = pages["product"]
    return result(
        "reads",
        product.rate,
        "product pages/s",
        p50_ms=product.latency_ms(50),
        p99_ms=product.latency_ms(99),
        against=Yardstick(yardstick.name, (before + after) / 2),
        seconds=seconds,
        order_pages_per_s=round(pages["order"].rate, 1),
        order_pages_p99_ms=round(pages["order"].latency_ms(99), 2),
        seller_lists_per_s=round(pages["list"].rate, 1),
        seller_lists_p99_ms=round(pages["list"].latency_ms(99), 2),
    )


def _read(set_up: Stage, page: str, seconds: float) -> Tally:
    opening = {"product": product, "order": order, "list": seller_list}[page]
    return run(Load(opening, set_up, clients=CLIENTS, seconds=seconds))


async def product(database: Database, stage: Stage, _facts: dict[str, Any]) -> Act:
    """Read what a product's page shows: listing, variants, shop, what is left."""

    async def act(chance: random.Random) -> str:
        async with database.tx() as tx:
            found = await catalog.listing(tx, chance.choice(stage.listings).id)
            assert found is not None, "the stage's listings stay"
            await members.shops(tx, [found.shop_id])
            await inventory.available(tx, [variant.id for variant in found.variants])
        return "read"

    return act


async def order(database: Database, stage: Stage, _facts: dict[str, Any]) -> Act:
    """Read an order's whole record as its buyer: lines, steps, deadlines, money, parcels."""
    async with database.tx() as tx:
        mine = [
            (one.id, _caller(stage, buyer.id))
            for buyer in stage.buyers[:200]
            for one in await trade.orders_of_buyer(tx, buyer.id, limit=5)
        ]

    async def act(chance: random.Random) -> str:
        order_id, caller = chance.choice(mine)
        async with database.tx() as tx:
            good(await trade.record(tx, caller, order_id))
        return "read"

    return act


def _caller(stage: Stage, member_id: UUID) -> members.Caller:
    roles = frozenset({members.Role.BUYER})
    return members.Caller(member_id=member_id, market_id=stage.market_id, roles=roles, scopes=None)


async def seller_list(database: Database, stage: Stage, _facts: dict[str, Any]) -> Act:
    """Read the newest page of a shop's orders with their lines, as the API lists them."""

    async def read(tx: Tx, shop_id: UUID) -> None:
        found = await trade.orders_of_shop(tx, shop_id, limit=_PAGE)
        await trade.lines_of(tx, [one.id for one in found])

    async def act(chance: random.Random) -> str:
        async with database.tx() as tx:
            await read(tx, chance.choice(stage.listings).shop_id)
        return "read"

    return act
