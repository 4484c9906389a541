"""Paid orders a second through the hall's face, over 10,000 SKUs, beside pgbench."""

from typing import Any

from benchmarks import acts, stage
from benchmarks.ground import Ground
from benchmarks.load import Load, Tally, run
from benchmarks.pgbench import Pgbench
from benchmarks.result import Result, Yardstick, result

CLIENTS = 1_000


def orders(ground: Ground, seconds: float) -> Result:
    """Place and pay orders of one unit of any SKU."""
    set_up = prepared(ground)
    yardstick = Pgbench(ground)
    yardstick.fill()
    before = yardstick.measure(seconds / 2)
    tally = placed(ground, set_up, seconds)
    after = yardstick.measure(seconds / 2)
    against = Yardstick(yardstick.name, (before + after) / 2)
    return result(
        "orders",
        tally.rate,
        "orders/s",
        p50_ms=tally.latency_ms(50),
        p99_ms=tally.latency_ms(99),
        against=against,
        seconds=seconds,
        memory_mb=round(tally.memory_mb),
    )


def prepared(ground: Ground) -> stage.Stage:
    """Make the market that orders are placed in."""
    set_up = stage.build(ground.database("market"))
    ground.settle("market")
    return set_up


def placed(ground: Ground, set_up: stage.Stage, seconds: float, **facts: Any) -> Tally:  # noqa: ANN401  JSON values
    """Place orders for some seconds; every one of them must be placed."""
    ground.run("checkpoint")
    tally = run(Load(acts.order, set_up, clients=CLIENTS, seconds=seconds, facts=facts))
    if set(tally.answers) != {"placed"}:
        message = f"not every order was placed: {tally.answers}"
        raise RuntimeError(message)
    return tally
