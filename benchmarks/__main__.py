"""Run one benchmark: `python -m benchmarks NAME --seconds N --json`."""

import argparse
import sys
from collections.abc import Callable, Sequence

from benchmarks import orders, transfers
from benchmarks.ground import Ground, ground
from benchmarks.result import Result

BENCHMARKS: dict[str, Callable[[Ground, float], Result]] = {
    "orders": orders.orders,
    "transfers": transfers.transfers,
    "hot-account": transfers.hot_account,
}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark that is named, and print what it says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHMARKS))
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the measure")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(arguments)
    with ground() as here:
        said = BENCHMARKS[asked.name](here, asked.seconds)
    print(said.encoded() if asked.json else said.line())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
