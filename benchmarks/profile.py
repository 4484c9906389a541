"""Draw where an order's time goes in Python: `python -m benchmarks.profile`.

Writes `docs/profile-orders.svg`, a flame graph by py-spy: the wider, the more
time. It shows one server process's part of `orders` under full load.
"""

import argparse
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import acts, environment, orders
from benchmarks.ground import ground
from benchmarks.load import Load, alone
from benchmarks.stage import Stage

PICTURE = environment.ROOT / "docs" / "profile-orders.svg"
_TIMES_A_SECOND = 250
_CLIENTS = 500


def main(arguments: Sequence[str]) -> int:
    """Prepare a market, and watch one process that orders in it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.work:
        _order(pickle.loads(asked.work.read_bytes()), asked.seconds)  # noqa: S301  our own
        return 0
    spy = environment.python("profile", ("py-spy",)).with_name("py-spy")
    with ground() as here, tempfile.TemporaryDirectory() as folder:
        set_up = Path(folder) / "stage"
        set_up.write_bytes(pickle.dumps(orders.prepared(here)))
        _watch(spy, ["--work", str(set_up), "--seconds", str(asked.seconds)])
    return 0


def _watch(spy: Path, work: list[str]) -> None:
    program = [sys.executable, "-m", "benchmarks.profile", *work]
    drawn = ["--format", "flamegraph", "--function", "--output", str(PICTURE)]
    pace = ["--rate", str(_TIMES_A_SECOND)]
    subprocess.run([spy, "record", *drawn, *pace, "--", *program], check=True)


def _order(set_up: Stage, seconds: float) -> None:
    load = Load(acts.order, set_up, clients=_CLIENTS, processes=1, warm_seconds=1, seconds=seconds)
    tally = alone(load)
    spent = 1e6 * tally.cpu_s / tally.count
    print(f"{tally.rate:,.0f} orders/s, {spent:.0f} µs of this process an order", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
