"""Three times as many orders as can be placed: how many are, and how soon the others know."""

import asyncio
import math
import statistics
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import uvloop
from msgspec import Struct

from benchmarks import stage
from benchmarks.arrivals import Arrivals, Buyers, Shot, placed, turned_away
from benchmarks.ground import Ground
from benchmarks.opened import inside_most, opened, signed_in
from benchmarks.result import Result, Yardstick, result

_PROCESSES = 2
_CLIENTS = 64
_TIMES = 3.0
_CALM = 0.5
_WARM_S = 3.0
_AFTER_S = 10.0
_PARTS = 4
_LATE_S = 2.0
"""Who waits longer than this for an order was not served."""
_BUCKET_S = 0.5
_LEAST_S = 0.05


class Seen(Struct):
    """What the crowd saw."""

    peak: float
    calm: list[Shot]
    rush: list[Shot]
    after: list[Shot]
    after_from_s: float
    connections: int


def overload(ground: Ground, seconds: float) -> Result:
    """Find the capacity in a closed loop, then offer three times as much in an open one."""
    set_up = stage.build(ground.database("market"), variants=2_000, buyers=500)
    ground.settle("market")
    tokens = signed_in(set_up)
    with opened(set_up.dsn, _PROCESSES) as port:
        buyers = Buyers(port, set_up.buyers, tokens, set_up.variants)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            seen = pool.submit(_drive, buyers, seconds).result()
        most = inside_most(port)
    served = [shot for shot in placed(seen.rush) if shot.took_s <= _LATE_S]
    refused = turned_away(seen.rush)
    return result(
        "overload",
        len(served) / seconds,
        "orders/s",
        p50_ms=percentile_ms([shot.took_s for shot in served], 50),
        p99_ms=percentile_ms([shot.took_s for shot in served], 99),
        against=Yardstick(f"orders over HTTP, closed loop, {_CLIENTS} clients", seen.peak),
        seconds=seconds,
        offered=round(len(seen.rush) / seconds),
        refused=round(len(refused) / seconds),
        refused_p50_ms=percentile_ms([shot.took_s for shot in refused], 50),
        refused_p99_ms=percentile_ms([shot.took_s for shot in refused], 99),
        refused_with_retry_after=all(shot.has_retry_after for shot in refused),
        neither=len(seen.rush) - len(placed(seen.rush)) - len(refused),
        sent_late_p99_ms=percentile_ms([shot.late_s for shot in seen.rush], 99),
        connections=seen.connections,
        queue_most=most,
        recovery_s=recovery_s(seen.calm, seen.after, seen.after_from_s),
    )


def _drive(buyers: Buyers, seconds: float) -> Seen:
    return uvloop.run(_drive_all(buyers, seconds))


async def _drive_all(buyers: Buyers, seconds: float) -> Seen:
    """Rush in parts, each right after the capacity of that moment was found.

    What a machine gives that is shared may change from one second to the next.
    """
    crowd = Arrivals(buyers, uuid.uuid4().hex)
    part_s = seconds / _PARTS
    await crowd.closed(_CLIENTS, _WARM_S)
    peaks: list[float] = []
    rush: list[asyncio.Task[Shot]] = []
    calm = []
    ended = 0.0
    for _ in range(_PARTS):
        await asyncio.gather(*rush)
        peaks.append(len(placed(await crowd.closed(_CLIENTS, part_s))) / part_s)
        calm += await asyncio.gather(*await crowd.open(_CALM * peaks[-1], part_s))
        rush += await crowd.open(_TIMES * peaks[-1], part_s)
        ended = time.monotonic()
    after = await asyncio.gather(*await crowd.open(_CALM * statistics.mean(peaks), _AFTER_S))
    rushed = await asyncio.gather(*rush)
    return Seen(statistics.mean(peaks), calm, rushed, after, ended, crowd.connections)


def recovery_s(calm: list[Shot], after: list[Shot], ended_s: float) -> float | None:
    """Tell when orders were again, and stayed, as quick as before the rush; None for never.

    As quick means: in a half second nobody was turned away, and the 95th percentile
    was at most twice that before the rush (or 50 ms, which nobody feels).
    """
    usual_ms = percentile_ms([shot.took_s for shot in calm], 95) or 0
    bound_ms = max(2 * usual_ms, 1000 * _LEAST_S)
    buckets: dict[int, list[Shot]] = {}
    for shot in after:
        buckets.setdefault(int((shot.due_s - ended_s) / _BUCKET_S), []).append(shot)
    slow = [
        number
        for number, shots in buckets.items()
        if len(placed(shots)) < len(shots)
        or (percentile_ms([shot.took_s for shot in shots], 95) or 0) > bound_ms
    ]
    if not slow:
        return 0.0
    last = max(slow)
    return None if last == max(buckets) else (last + 1) * _BUCKET_S


def percentile_ms(seconds: list[float], percent: float) -> float | None:
    """Give a percentile in milliseconds."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, math.floor(len(ordered) * percent / 100))], 2)
