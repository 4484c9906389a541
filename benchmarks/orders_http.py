"""Paid orders a second over HTTP: signed-in buyers, 10,000 SKUs, two server processes."""

import asyncio
import uuid
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import uvloop
from msgspec import Struct

from benchmarks import orders
from benchmarks.arrivals import Arrivals, Buyers, Shot, placed
from benchmarks.ground import Ground
from benchmarks.opened import opened, signed_in
from benchmarks.pgbench import Pgbench
from benchmarks.result import Result, Yardstick, result

PROCESSES = 2
CLIENTS = 64
_WARM_S = 2.0
_HALF = 0.5


class _Seen(Struct):
    """What the buyers saw: as many orders as could be, then half of that load."""

    full: list[Shot]
    half: list[Shot]


def orders_http(ground: Ground, seconds: float) -> Result:
    """Order in a closed loop for the rate, then in an open one at half of it for the p99."""
    set_up = orders.prepared(ground)
    tokens = signed_in(set_up)
    yardstick = Pgbench(ground)
    yardstick.fill()
    before = yardstick.measure(seconds / 2)
    ground.run("checkpoint")
    with opened(set_up.dsn, PROCESSES) as port:
        buyers = Buyers(port, set_up.buyers, tokens, set_up.variants)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            seen = pool.submit(_drive, buyers, seconds).result()
    after = yardstick.measure(seconds / 2)
    done = placed(seen.full)
    half = sorted(shot.took_s for shot in placed(seen.half))
    return result(
        "orders-http",
        len(done) / seconds,
        "orders/s",
        p50_ms=1000 * half[len(half) // 2],
        p99_ms=1000 * half[len(half) * 99 // 100],
        against=Yardstick(yardstick.name, (before + after) / 2),
        seconds=seconds,
        clients=CLIENTS,
        half_load_per_s=round(len(seen.half) / seconds),
        not_placed=len(seen.full) - len(done) + len(seen.half) - len(half),
        full_load_p99_ms=round(
            1000 * sorted(shot.took_s for shot in done)[len(done) * 99 // 100], 1
        ),
    )


def _drive(buyers: Buyers, seconds: float) -> _Seen:
    return uvloop.run(_drive_all(buyers, seconds))


async def _drive_all(buyers: Buyers, seconds: float) -> _Seen:
    crowd = Arrivals(buyers, uuid.uuid4().hex)
    await crowd.closed(CLIENTS, _WARM_S)
    full = await crowd.closed(CLIENTS, seconds)
    half = await crowd.open(_HALF * len(placed(full)) / seconds, seconds)
    return _Seen(full, list(await asyncio.gather(*half)))
