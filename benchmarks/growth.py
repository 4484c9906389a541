"""Orders a second with few orders there already, and with very many."""

import statistics

from msgspec.structs import replace

from benchmarks import acts, copies, orders
from benchmarks.ground import Ground
from benchmarks.load import Load, run
from benchmarks.result import Result, Yardstick, result
from benchmarks.stage import Stage

FIRST = 10_000
SIZES = (FIRST, 1_000_000)
"""How many orders are there; 5,000,000 on demand, because it takes a quarter of an hour."""
_ROUNDS = 3


def growth(ground: Ground, seconds: float, sizes: tuple[int, ...] = SIZES) -> Result:
    """Place orders in the same market at every size, in turns; the value is the largest's."""
    set_up = orders.prepared(ground)
    run(Load(acts.order, set_up, clients=orders.CLIENTS, attempts=FIRST))
    stages = {size: _grown(ground, set_up, size) for size in sizes}
    rates: dict[int, list[float]] = {size: [] for size in sizes}
    slowest: list[tuple[float, float]] = []
    for _ in range(_ROUNDS):
        for size, grown in stages.items():
            tally = orders.placed(ground, grown, seconds / 2)
            rates[size].append(tally.rate)
            if size == sizes[-1]:
                slowest.append((tally.latency_ms(50), tally.latency_ms(99)))
    middle = {size: statistics.median(found) for size, found in rates.items()}
    return result(
        "growth",
        middle[sizes[-1]],
        "orders/s",
        p50_ms=statistics.median(p50 for p50, _ in slowest),
        p99_ms=statistics.median(p99 for _, p99 in slowest),
        against=Yardstick(f"orders with {sizes[0]:,} there", middle[sizes[0]]),
        seconds=seconds,
        orders_per_s={str(size): round(rate, 1) for size, rate in middle.items()},
        bytes_per_order=_bytes_per_order(ground, sizes),
    )


def _grown(ground: Ground, set_up: Stage, size: int) -> Stage:
    """Copy the market, with so many orders."""
    name = f"market_{size}"
    ground.run(f"create database {name} template market strategy file_copy")
    if size > FIRST:
        copies.multiply(ground, name, size // FIRST)
    ground.settle(name)
    return replace(set_up, dsn=ground.address(name))


def _bytes_per_order(ground: Ground, sizes: tuple[int, ...]) -> int | None:
    """Tell what an order takes on disk with all its indexes, from the first size to the last."""
    if len(sizes) == 1:
        return None
    first, last = (_size_of(ground, size) for size in (sizes[0], sizes[-1]))
    return round((last[0] - first[0]) / (last[1] - first[1]))


def _size_of(ground: Ground, size: int) -> tuple[int, int]:
    name = f"market_{size}"
    size_b = ground.run(f"select pg_database_size('{name}')")
    return size_b, ground.run("select count(*) from trade_order", name)
