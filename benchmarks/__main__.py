"""Run one benchmark: `python -m benchmarks NAME --seconds N --json`."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks import (
    growth,
    hot_sku,
    last_unit,
    orders,
    orders_http,
    others,
    overload,
    reads,
    transfers,
)
from benchmarks.ground import Ground, ground
from benchmarks.result import Result

BENCHMARKS: dict[str, Callable[[Ground, float], Result]] = {
    "orders-http": orders_http.orders_http,
    "orders": orders.orders,
    "transfers": transfers.transfers,
    "hot-account": transfers.hot_account,
    "hot-sku": hot_sku.hot_sku,
    "growth": growth.growth,
    "reads": reads.reads,
    "naive": others.naive,
    "last-unit": last_unit.last_unit,
    "peer-oscar": others.peer_oscar,
    "overload": overload.overload,
}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark that is named, and print what it says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=list(BENCHMARKS))
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the measure")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--sizes", default="", help="of growth: orders there already, as 10000,1000000,5000000"
    )
    asked = parser.parse_args(arguments)
    measure = BENCHMARKS[asked.name]
    if asked.sizes:
        measure = partial(growth.growth, sizes=tuple(map(int, asked.sizes.split(","))))
    # Told to stop, it still stops its server and clears its folder away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with ground() as here:
        said = measure(here, asked.seconds)
    print(said.encoded() if asked.json else said.line())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
