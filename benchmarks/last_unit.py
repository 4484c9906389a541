"""The last unit: 8 buyers want it at once, 200 times over, and one of them gets it each time."""

import asyncio
import time
from uuid import UUID

import uvloop

from benchmarks import stage
from benchmarks.ground import Ground
from benchmarks.result import Result, Yardstick, result
from serai import trade
from serai.kernel import ids
from serai.kernel.batch import Batcher
from serai.kernel.errors import Refused
from serai.kernel.tx import Database

ROUNDS = 200
BUYERS = 8

_Door = Batcher[trade.Checkout, trade.Placed | Refused]


def last_unit(ground: Ground, _seconds: float) -> Result:
    """Sell 200 last units, each to 8 buyers who come through 8 doors at once."""
    set_up = stage.build(ground.database("market"), variants=ROUNDS, buyers=BUYERS, stock=1)
    latencies, took = uvloop.run(_race(set_up))
    sold = int(ground.run("select sum(quantity) from trade_line", "market"))
    oversold = ground.run("select count(*) from inventory_stock where reserved > on_hand", "market")
    if oversold:
        message = f"{oversold} shelves have more set aside than lies there"
        raise RuntimeError(message)
    latencies.sort()
    return result(
        "last-unit",
        sold,
        "units sold",
        p50_ms=latencies[len(latencies) // 2],
        p99_ms=latencies[len(latencies) * 99 // 100],
        against=Yardstick("one a round", ROUNDS),
        seconds=round(took, 1),
        sold=sold,
        attempts=len(latencies),
    )


async def _race(set_up: stage.Stage) -> tuple[list[float], float]:
    database = await Database.open(set_up.dsn, size=BUYERS)
    # A door each: eight transactions that meet in the database, not in one batch.
    doors = [_Door(database, trade.place_orders) for _ in range(BUYERS)]
    latencies: list[float] = []
    began = time.monotonic()
    for variant_id in set_up.variants:
        latencies += await asyncio.gather(
            *(
                _buy(door, set_up, buyer, variant_id, database)
                for door, buyer in zip(doors, set_up.buyers, strict=True)
            )
        )
    took = time.monotonic() - began
    await database.close()
    return latencies, took


async def _buy(
    door: _Door, set_up: stage.Stage, buyer: stage.Buyer, variant_id: UUID, database: Database
) -> float:
    sent = time.monotonic()
    await door.submit(
        trade.Checkout(
            id=ids.new(database.clock.now()),
            market_id=set_up.market_id,
            actor_id=buyer.id,
            wanted=(trade.Wanted(variant_id, 1),),
            address_id=buyer.address_id,
        )
    )
    return 1000 * (time.monotonic() - sent)
