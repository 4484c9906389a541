"""A best-seller: everybody wants one SKU of which there are 10,000, and exactly so many sell."""

import asyncio

from benchmarks import acts, orders
from benchmarks.ground import Ground
from benchmarks.load import Load, run
from benchmarks.result import Result, Yardstick, result
from benchmarks.stage import Stage, good
from serai import inventory
from serai.kernel import ids
from serai.kernel.tx import Database

UNITS = 10_000
ATTEMPTS = 100_000


def hot_sku(ground: Ground, seconds: float) -> Result:
    """Decide 100,000 attempts at one SKU, beside `orders` over all SKUs."""
    set_up = orders.prepared(ground)
    hot = set_up.listings[0].variant_ids[0]
    asyncio.run(_count(set_up, UNITS))
    others = {"variants": set_up.variants[1:]}
    before = orders.placed(ground, set_up, seconds / 2, **others)
    ground.run("checkpoint")
    load = Load(
        acts.order,
        set_up,
        clients=orders.CLIENTS,
        attempts=ATTEMPTS,
        facts={"variants": [hot]},
    )
    tally = run(load)
    after = orders.placed(ground, set_up, seconds / 2, **others)
    sold = ground.run(f"select sum(quantity) from trade_line where variant_id = '{hot}'", "market")
    if not sold == tally.answers["placed"] == UNITS:
        message = f"{sold} units are in orders of {UNITS}, and the answers were {tally.answers}"
        raise RuntimeError(message)
    return result(
        "hot-sku",
        tally.rate,
        "attempts/s",
        p50_ms=tally.latency_ms(50),
        p99_ms=tally.latency_ms(99),
        against=Yardstick("orders", (before.rate + after.rate) / 2),
        seconds=round(tally.seconds, 1),
        sold=sold,
        attempts=tally.count,
    )


async def _count(set_up: Stage, units: int) -> None:
    """Have the first variant's shelf counted: so many lie there."""
    listing = set_up.listings[0]
    database = await Database.open(set_up.dsn)
    async with database.tx() as tx:
        command = inventory.Adjust(
            id=ids.new(tx.clock.now()),
            market_id=set_up.market_id,
            actor_id=listing.seller_id,
            variant_id=listing.variant_ids[0],
            shop_id=listing.shop_id,
            counted=units,
        )
        good((await inventory.adjust(tx, [command]))[0])
    await database.close()
