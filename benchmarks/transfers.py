"""Ledger transfers a second: between any two of many accounts, and all to one of them."""

from benchmarks import acts, stage
from benchmarks.ground import Ground
from benchmarks.load import Load, Tally, run
from benchmarks.pgbench import Pgbench
from benchmarks.result import Result, Yardstick, result
from serai.kernel import ids
from serai.kernel.clock import SystemClock

ACCOUNTS = 100_000
_CLIENTS = 1_000


def transfers(ground: Ground, seconds: float) -> Result:
    """Move money between wallets chosen by chance, beside pgbench."""
    set_up = _wallets(ground)
    yardstick = Pgbench(ground)
    yardstick.fill()
    before = yardstick.measure(seconds / 2)
    tally = _move(ground, set_up, seconds, hot=False)
    after = yardstick.measure(seconds / 2)
    against = Yardstick(yardstick.name, (before + after) / 2)
    return _said("transfers", tally, seconds, against)


def hot_account(ground: Ground, seconds: float) -> Result:
    """Move money from wallets chosen by chance to one of them, beside `transfers`."""
    set_up = _wallets(ground)
    before = _move(ground, set_up, seconds / 2, hot=False)
    tally = _move(ground, set_up, seconds, hot=True)
    after = _move(ground, set_up, seconds / 2, hot=False)
    against = Yardstick("transfers", (before.rate + after.rate) / 2)
    return _said("hot-account", tally, seconds, against)


def _wallets(ground: Ground) -> stage.Stage:
    dsn = ground.database("market")
    filled = stage.wallets(dsn, ids.new(SystemClock().now()), ACCOUNTS)
    ground.settle("market")
    return filled


def _move(ground: Ground, set_up: stage.Stage, seconds: float, *, hot: bool) -> Tally:
    ground.run("checkpoint")
    facts = {"hot": hot}
    return run(Load(acts.move, set_up, clients=_CLIENTS, seconds=seconds, facts=facts))


def _said(name: str, tally: Tally, seconds: float, against: Yardstick) -> Result:
    if set(tally.answers) != {"posted"}:
        message = f"not every transfer was posted: {tally.answers}"
        raise RuntimeError(message)
    return result(
        name,
        tally.rate,
        "transfers/s",
        p50_ms=tally.latency_ms(50),
        p99_ms=tally.latency_ms(99),
        against=against,
        seconds=seconds,
        memory_mb=round(tally.memory_mb),
    )
